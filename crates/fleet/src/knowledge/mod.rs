//! Knowledge: the search over findings and conversations, and the vectors behind it.
//!
//! Owns hybrid search and the jobs that embed. It does not know what a finding or a conversation is: their modules store
//! chunks, and read their own rows by the ids that a search returns.

mod embed;
mod endpoint;
mod engine;
mod prune;
mod search;
mod status;

pub(crate) use embed::enqueue_embed;
pub use embed::{embed, embed_pending};
pub use endpoint::KeyChange;
pub(crate) use endpoint::{base_url, change_key};
pub use prune::prune;
pub use search::{Filter, Mode, SearchHit, SearchResults, Segment, search};
pub use status::{EmbeddingState, KnowledgeStatus, status};

/// Who saved something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SavedBy {
    /// The user.
    Person,
    /// One of the user's agents.
    Agent,
}

impl SavedBy {
    /// How it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Agent => "agent",
        }
    }
}

/// The text search configuration of Postgres by which words are indexed and found now.
pub(crate) fn language(services: &crate::Services) -> String {
    services.settings.get().knowledge.text_search_language.clone()
}
