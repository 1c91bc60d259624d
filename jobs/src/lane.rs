//! Lanes and priorities: where a job waits, and which jobs start before it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Jobs of one lane share its slots, so that slow work of one sort never holds up another.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[schema(as = LaneName)]
pub enum Lane {
    /// Starting and stopping agent containers: takes minutes, heavy on the machine.
    Containers,
    /// Talking to LLM providers: takes seconds, most of them waiting.
    Providers,
    /// Archiving conversations and embedding them: heavy on the processor.
    Ingest,
    /// Sweeps, pruning, key rotation.
    Maintenance,
}

impl Lane {
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

    /// Parses the stored text. `None` for a lane of another version.
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.as_str() == text)
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which of a lane's due jobs starts first. Only three, because a claim probes the index once per priority.
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
    /// No one waits for it.
    Low,
    #[default]
    Normal,
    /// A person is watching a spinner.
    High,
}

impl Priority {
    /// The number in `jobs.priority`.
    pub const fn as_i16(self) -> i16 {
        match self {
            Self::Low => 0,
            Self::Normal => 1,
            Self::High => 2,
        }
    }
}

impl From<i16> for Priority {
    /// Of the number in `jobs.priority`.
    fn from(number: i16) -> Self {
        match number {
            i16::MIN..=0 => Self::Low,
            1 => Self::Normal,
            2.. => Self::High,
        }
    }
}
