//! Lanes and priorities: where a job waits, and before whom.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A lane: jobs of one lane share its slots, so that slow work of one sort never holds up another.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[schema(as = LaneName)]
pub enum Lane {
    /// Starting and stopping agent containers: minutes, heavy on the machine.
    Containers,
    /// Talking to LLM providers: seconds, mostly waiting.
    Providers,
    /// Taking in conversations and embedding them: heavy on the processor.
    Ingest,
    /// Sweeps, pruning, key rotation.
    Maintenance,
}

impl Lane {
    /// All lanes.
    pub const ALL: [Self; 4] = [Self::Containers, Self::Providers, Self::Ingest, Self::Maintenance];

    /// The text in `queues.name` and in notifications.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Containers => "containers",
            Self::Providers => "providers",
            Self::Ingest => "ingest",
            Self::Maintenance => "maintenance",
        }
    }

    /// Reads the stored text. `None` for a lane of another version.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.as_str() == text)
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which of a lane's due jobs starts first. Three, because a claim probes the index once per priority.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Nobody waits for it.
    Low,
    /// The usual.
    #[default]
    Normal,
    /// A person looks at a spinner.
    High,
}

impl Priority {
    /// The number in `jobs.priority`.
    pub const fn stored(self) -> i16 {
        match self {
            Self::Low => 0,
            Self::Normal => 1,
            Self::High => 2,
        }
    }

    /// Reads the stored number.
    pub const fn from_stored(number: i16) -> Self {
        match number {
            i16::MIN..=0 => Self::Low,
            1 => Self::Normal,
            2.. => Self::High,
        }
    }
}
