//! Turns: one question and its answer, and what a reader is told while it is made.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a turn stands. Everything but `Pending` and `Running` is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TurnStatus {
    /// Stored; nothing was sent to the agent yet.
    Pending,
    /// Sent to the agent; the answer is being received.
    Running,
    /// The answer is complete.
    Done,
    /// The user stopped it; what had arrived is kept.
    Stopped,
    /// It ended with an error that is stored with it.
    Failed,
    /// Mosaic lost it in the middle and will not send it twice; what had arrived is kept.
    Interrupted,
}

impl TurnStatus {
    /// The text stored in `turns.status`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// Reads the stored text. `None` for a text no version has written.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Pending, Self::Running, Self::Done, Self::Stopped, Self::Failed, Self::Interrupted]
            .into_iter()
            .find(|status| status.as_str() == text)
    }

    /// Whether nothing more will come.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// The steps of a start as a person sees them, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// A worker has not taken the start yet.
    Queued,
    /// Network, volume and container are being made.
    Creating,
    /// The container runs, OpenClaw is starting.
    Booting,
    /// OpenClaw answers and loads the agent.
    Loading,
    /// The agent answers.
    Ready,
}

impl Stage {
    /// The text form used in events and in `user_containers.stage`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Creating => "creating",
            Self::Booting => "booting",
            Self::Loading => "loading",
            Self::Ready => "ready",
        }
    }

    /// Reads the stored text; unknown texts count as not begun.
    pub fn from_stored(text: &str) -> Self {
        [Self::Creating, Self::Booting, Self::Loading, Self::Ready]
            .into_iter()
            .find(|stage| stage.as_str() == text)
            .unwrap_or(Self::Queued)
    }
}

/// The longest message a person may send, in characters.
pub const MAX_MESSAGE: usize = 100_000;
