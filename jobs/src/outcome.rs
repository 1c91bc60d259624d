//! What a handler returns.

use std::time::Duration;

/// How an attempt ended. The job's owner reads the reasons: one sentence, no secrets, nothing internal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// It failed and may succeed later. The job is dead once the kind's attempts are used up.
    Retry {
        /// When to try again; `None` = the kind's back-off.
        after: Option<Duration>,
        reason: String,
    },
    /// It failed and would fail again: no retry.
    Fail {
        reason: String,
    },
    /// It was asked to stop, and did.
    Cancelled,
}

impl Outcome {
    /// A retry after the kind's back-off.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry { after: None, reason: reason.into() }
    }

    /// A failure for good.
    pub fn fail(reason: impl Into<String>) -> Self {
        Self::Fail { reason: reason.into() }
    }
}
