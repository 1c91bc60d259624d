//! Turns (a message and its answer): status, and stages of a start.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The status of a turn. All but `Pending` and `Running` are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TurnStatus {
    /// Stored, but not sent to the agent yet.
    Pending,
    /// Sent to the agent; the answer is arriving.
    Running,
    /// The answer is complete.
    Done,
    /// The user stopped it. The partial answer is kept.
    Stopped,
    /// It ended with an error, which is stored with it.
    Failed,
    /// Mosaic lost track of it, and does not send it again. The partial answer is kept.
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

    /// Reads the stored text; `None` for an unknown one.
    pub fn from_stored(text: &str) -> Option<Self> {
        [Self::Pending, Self::Running, Self::Done, Self::Stopped, Self::Failed, Self::Interrupted]
            .into_iter()
            .find(|status| status.as_str() == text)
    }

    /// Whether the turn has ended.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// The steps of a start as users see them, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// No worker has begun the start yet.
    Queued,
    /// Network, volume and container are being created.
    Creating,
    /// The container runs; OpenClaw is starting.
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

    /// Reads the stored text. Anything unknown counts as queued.
    pub fn from_stored(text: &str) -> Self {
        [Self::Creating, Self::Booting, Self::Loading, Self::Ready]
            .into_iter()
            .find(|stage| stage.as_str() == text)
            .unwrap_or(Self::Queued)
    }
}

/// The maximum length of a user's message.
pub const MAX_MESSAGE_CHARS: usize = 100_000;
