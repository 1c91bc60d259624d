//! What a follower of a turn is told.

use domain::turn::{Stage, TurnStatus};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Why a turn ended badly, in words for its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorText {
    /// Stable name.
    pub code: String,
    /// What happened.
    pub title: String,
    /// What to do.
    pub detail: String,
    /// Whether Try again makes sense.
    pub retryable: bool,
}

impl ErrorText {
    /// An error that Try again may get past.
    pub fn retryable(code: &str, title: &str, detail: &str) -> Self {
        Self { code: code.to_owned(), title: title.to_owned(), detail: detail.to_owned(), retryable: true }
    }
}

/// How far a tool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ToolStatus {
    Running,
    Done,
    Failed,
}

/// A tool that the agent used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToolCard {
    /// Names this use of it.
    pub id: String,
    /// The tool.
    pub name: String,
    /// What it was given, as the model wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Value>,
    /// How far it is.
    pub status: ToolStatus,
    /// What it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

impl ToolCard {
    pub(super) fn begun(id: String, name: String) -> Self {
        Self { id, name, arguments: None, status: ToolStatus::Running, result: None }
    }
}

/// What an answer took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TokenUsage)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

/// One event of a turn. Exactly one of the two terminal ones ends the stream.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum TurnEvent {
    /// How far the start of the agent is.
    #[serde(rename_all = "camelCase")]
    Stage {
        /// Which step.
        name: Stage,
        /// Milliseconds since the turn was accepted.
        elapsed_ms: u64,
        /// How long this step usually takes on this instance, in milliseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        usual_ms: Option<u64>,
        /// How many starts come before this one.
        #[serde(skip_serializing_if = "Option::is_none")]
        ahead: Option<u64>,
        /// Why it waits, when there is more to say.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Sent, and nothing has come back for a while.
    #[serde(rename_all = "camelCase")]
    Waiting {
        /// Milliseconds since the last sign of life.
        silent_ms: u64,
        /// What is likely going on.
        detail: String,
    },
    /// More of the answer.
    Delta {
        /// The text to append.
        text: String,
    },
    /// The whole answer so far, for a follower whose position is no longer kept.
    Snapshot {
        /// The text to show instead of what was there.
        text: String,
    },
    /// OpenClaw's name of the run. Stored for [`super::recover`], never shown.
    Run {
        /// The run's id.
        id: String,
    },
    /// A tool the agent uses; the same id again = its result.
    Tool(ToolCard),
    /// Tokens of the answer.
    Usage(Usage),
    /// The end.
    Done {
        /// done, stopped or interrupted.
        status: TurnStatus,
    },
    /// The end, with an error.
    Error(ErrorText),
}

impl TurnEvent {
    /// The kind that followers are not shown.
    pub(super) const RUN: &str = "run";

    /// The name of the server-sent event.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Stage { .. } => "stage",
            Self::Waiting { .. } => "waiting",
            Self::Delta { .. } => "delta",
            Self::Snapshot { .. } => "snapshot",
            Self::Run { .. } => Self::RUN,
            Self::Tool(_) => "tool",
            Self::Usage(_) => "usage",
            Self::Done { .. } => "done",
            Self::Error(_) => "error",
        }
    }

    /// Whether nothing follows.
    pub const fn is_terminal(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Error(_))
    }

    /// The event's JSON.
    pub fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// An event with its position: what `Last-Event-ID` refers to.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbered {
    /// Position, from 1. Gaps are possible, going back is not. `None` for a snapshot made on the fly.
    pub seq: Option<i32>,
    /// The name of the server-sent event.
    pub kind: String,
    /// Its JSON.
    pub data: Value,
}

impl Numbered {
    pub(super) fn of(seq: Option<i32>, event: &TurnEvent) -> Self {
        Self { seq, kind: event.kind().to_owned(), data: event.json() }
    }

    /// Whether nothing follows.
    pub fn is_terminal(&self) -> bool {
        self.kind == "done" || self.kind == "error"
    }
}
