//! Knowledge that is searched: what sorts there are, how a text is cut, how two rankings become one.
//!
//! Owns pure rules. It must not know where chunks are stored or who embeds them.

mod chunks;
mod embedder;
mod fusion;
mod settings;

pub use chunks::{MOST_PIECES, chunks};
pub use embedder::{Embedder, EmbedderState, Unavailable, Use};
pub use fusion::{Fused, fuse};
pub use settings::{EmbeddingSource, Embeddings, KnowledgeSettings, ShownKey};

use serde::Serialize;
use utoipa::ToSchema;

/// A sort of thing that can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What a person or an agent saved.
    Finding,
    /// A message of a conversation.
    Message,
}

impl Kind {
    /// The letter in the table.
    pub const fn stored(self) -> &'static str {
        match self {
            Self::Finding => "f",
            Self::Message => "m",
        }
    }
}

/// By what something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MatchedBy {
    /// It has words of the query.
    Text,
    /// It means something near.
    Meaning,
}
