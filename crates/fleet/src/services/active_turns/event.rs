//! The events of a turn, as its followers get them.

use domain::turn::{Stage, TurnStatus};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// Why a turn failed or was interrupted, for its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorText {
    /// A stable name.
    pub code: String,
    /// What happened.
    pub title: String,
    /// What the user can do.
    pub detail: String,
    /// Whether it makes sense to try again.
    pub retryable: bool,
}

impl ErrorText {
    /// An error that may not happen again.
    pub fn retryable(code: &str, title: &str, detail: &str) -> Self {
        Self { code: code.to_owned(), title: title.to_owned(), detail: detail.to_owned(), retryable: true }
    }
}

/// The state of a tool call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolStatus {
    Running,
    Done,
    Failed,
}

/// A use of a tool by the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToolCard {
    /// The id of this use.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// Its arguments, as the model wrote them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Value>,
    /// Its state.
    pub status: ToolStatus,
    /// Its result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

impl ToolCard {
    pub(crate) fn begun(id: String, name: String) -> Self {
        Self { id, name, arguments: None, status: ToolStatus::Running, result: None }
    }
}

/// The tokens of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TokenUsage)]
pub struct Usage {
    /// Tokens that the model read.
    pub input_tokens: u64,
    /// Tokens that the model wrote.
    pub output_tokens: u64,
}

/// One event of a turn. Exactly one of the two terminal ones ends the stream.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum TurnEvent {
    /// The progress of the agent's start.
    #[serde(rename_all = "camelCase")]
    Stage {
        /// The step.
        name: Stage,
        /// Milliseconds since the turn was accepted.
        elapsed_ms: u64,
        /// How long this step usually takes on this instance, in milliseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        usual_ms: Option<u64>,
        /// How many starts are ahead of this one.
        #[serde(skip_serializing_if = "Option::is_none")]
        ahead: Option<u64>,
        /// Why it waits, if there is a particular reason.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// The message was sent, and nothing has come back for a while.
    #[serde(rename_all = "camelCase")]
    Waiting {
        /// Milliseconds since the last event.
        silent_ms: u64,
        /// The likely reason.
        detail: String,
    },
    /// More of the answer.
    Delta {
        /// The text to append.
        text: String,
    },
    /// The whole answer so far, for a follower whose position is not stored any more.
    Snapshot {
        /// The text to show instead of the text so far.
        text: String,
    },
    /// OpenClaw's id of the run. Stored for a driver that takes the turn over; followers do not get it.
    Run {
        /// The run's id.
        id: String,
    },
    /// A tool that the agent uses. The same id again has its result.
    Tool(ToolCard),
    /// The tokens of the answer.
    Usage(Usage),
    /// The turn has ended.
    Done {
        /// `done`, `stopped` or `interrupted`.
        status: TurnStatus,
    },
    /// The turn has ended with an error.
    Error(ErrorText),
}

impl TurnEvent {
    /// The kind of [`TurnEvent::Run`].
    pub(crate) const RUN: &str = "run";

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

    /// Whether it is the last event of its turn.
    pub const fn is_terminal(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Error(_))
    }

    pub fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// An event with its position, to which `Last-Event-ID` refers.
#[derive(Debug, Clone, PartialEq)]
pub struct SequencedEvent {
    /// The position, from 1. Positions increase but may have gaps. `None` for a snapshot that is not stored.
    pub seq: Option<i32>,
    /// The name of the server-sent event.
    pub kind: String,
    /// Its data, as JSON.
    pub data: Value,
}

impl SequencedEvent {
    pub(crate) fn of(seq: Option<i32>, event: &TurnEvent) -> Self {
        Self { seq, kind: event.kind().to_owned(), data: event.json() }
    }

    /// Whether it is the last event of its turn.
    pub fn is_terminal(&self) -> bool {
        self.kind == "done" || self.kind == "error"
    }
}
