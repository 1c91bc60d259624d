//! Knowledge: what is searched, how it is found, and the vectors behind it.
//!
//! Owns hybrid search over findings and conversations, and the jobs that embed. What a finding is, or a conversation,
//! is theirs to say: they hand their pieces in and read their own rows by the ids that come back.

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
pub(crate) use engine::LastFault;
pub use prune::prune;
pub use search::{Filter, Found, Hit, Mode, Segment, search};
pub use status::{EmbeddingState, Status, status};

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The user himself.
    Person,
    /// An agent of his.
    Agent,
}

impl By {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Agent => "agent",
        }
    }
}

/// The text search configuration by which words are stored and found now.
pub(crate) fn language(services: &crate::Services) -> String {
    services.settings.get().knowledge.text_search_language.clone()
}
