//! What a handler answers.

use std::time::Duration;

/// How an attempt ended. The texts are shown to the job's owner: a sentence, no secret, nothing internal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The work is done.
    Done,
    /// It failed and may go better later; dead once the kind's attempts are used up.
    Retry {
        /// When to try again; `None` = the kind's back-off.
        after: Option<Duration>,
        /// What went wrong.
        why: String,
    },
    /// It failed and will fail again: no retry.
    Fail {
        /// What went wrong.
        why: String,
    },
    /// It was asked to stop and did.
    Cancelled,
}

impl Outcome {
    /// A retry after the kind's back-off.
    pub fn retry(why: impl Into<String>) -> Self {
        Self::Retry { after: None, why: why.into() }
    }

    /// A failure for good.
    pub fn fail(why: impl Into<String>) -> Self {
        Self::Fail { why: why.into() }
    }
}
