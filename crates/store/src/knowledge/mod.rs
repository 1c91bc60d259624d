//! What can be searched: chunks of findings and messages with their words and vectors.
//!
//! Every statement names the user explicitly, although the policies would add them: only then are the user's own parts
//! of the indexes read and no others. See docs/adr/0017.

mod chunks;
mod models;
mod search;
mod vectors;

pub use chunks::{NewChunk, add, reindex_language, remove, remove_conversation, replace};
pub use models::{ensure_model, find_model, latest_model};
pub use search::{ChunkHit, Filter, Scope, Segment, Snippet, by_meaning, by_text, snippets};
pub use vectors::{
    EmbeddingProgress, PendingChunk, embedding_progress, pending, put_vectors, users_of_other_language,
    users_with_pending,
};
