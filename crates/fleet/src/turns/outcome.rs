//! How a turn ended, before that is stored.

use crate::services::active_turns::{ErrorText, ToolCard, Usage};
use domain::turn::TurnStatus;
use openclaw::UpstreamError;

/// How a turn ended.
#[derive(Debug)]
pub(super) struct TurnOutcome {
    pub(super) status: TurnStatus,
    pub(super) error: Option<ErrorText>,
    pub(super) usage: Option<Usage>,
    pub(super) tools: Vec<ToolCard>,
    /// The committed answer, if it differs from what was streamed.
    pub(super) answer: Option<String>,
}

impl TurnOutcome {
    pub(super) fn new(status: TurnStatus) -> Self {
        Self { status, error: None, usage: None, tools: Vec::new(), answer: None }
    }

    pub(super) fn failed(error: ErrorText) -> Self {
        Self { error: Some(error), ..Self::new(TurnStatus::Failed) }
    }

    pub(super) fn interrupted(detail: &str) -> Self {
        let error = ErrorText::retryable("interrupted", "The answer was interrupted.", detail);
        Self { error: Some(error), ..Self::new(TurnStatus::Interrupted) }
    }
}

/// Another process has the turn's lease by now, so there is no outcome to store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeaseLost;

/// An upstream failure in words for the user.
pub(super) fn text_of(error: &UpstreamError) -> ErrorText {
    let cause = error.cause;
    let mut detail = cause.next_step().to_owned();
    if let Some(after) = error.retry_after {
        detail.push_str(&format!(" The provider asks to wait {} s.", after.as_secs().max(1)));
    }
    ErrorText {
        code: cause.code().to_owned(),
        title: cause.title().to_owned(),
        detail,
        retryable: cause.is_retryable(),
    }
}
