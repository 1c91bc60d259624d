//! What can be searched: chunks of findings and messages with their words and vectors.
//!
//! Every statement names the user by hand, although the policies would add him: only so can his part of the index be
//! read and nobody else's. See docs/adr/0017.

mod chunks;
mod models;
mod search;
mod vectors;

pub use chunks::{Piece, add, reindex_language, remove, remove_conversation, replace};
pub use models::{known, latest, model};
pub use search::{Candidate, Excerpt, Filter, Scope, Segment, by_meaning, by_text, excerpts};
pub use vectors::{Counts, Pending, counts, pending, put_vectors, users_behind, users_of_other_language};
