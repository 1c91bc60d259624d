//! Searchable knowledge: its kinds, how a text is split into chunks, and how two rankings are fused.
//!
//! Owns pure rules. It must not know where chunks are stored or what embeds them.

mod chunks;
mod embedder;
mod fusion;
mod settings;

pub use chunks::{MAX_CHUNKS, chunks};
pub use embedder::{Embedder, EmbedderState, EmbedderUnavailable, EmbeddingPurpose};
pub use fusion::{Fused, fuse};
pub use settings::{EmbeddingSettings, EmbeddingSource, KeySummary, KnowledgeSettings};

use serde::Serialize;
use utoipa::ToSchema;

/// What kind of text can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Saved by a user or an agent.
    Finding,
    /// A message of an archived conversation.
    Message,
}

impl Kind {
    /// The letter stored in the database.
    pub const fn stored(self) -> &'static str {
        match self {
            Self::Finding => "f",
            Self::Message => "m",
        }
    }
}

/// How a hit was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MatchedBy {
    /// It contains words of the query.
    Text,
    /// Its meaning is close to the query's.
    Meaning,
}
