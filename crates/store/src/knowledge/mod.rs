//! What can be searched: pieces of findings and messages with their words and vectors.
//!
//! Every statement names the user by hand, although the policies would add him: only so can his part of the index be
//! read and nobody else's. See docs/adr/0017.

mod models;
mod pieces;
mod search;
mod vectors;

pub use models::{known, latest, model};
pub use pieces::{Piece, add, relanguage, remove, remove_conversation, replace};
pub use search::{Candidate, Excerpt, Filter, Scope, Segment, by_meaning, by_text, excerpts};
pub use vectors::{Counts, Pending, counts, pending, put_vectors, users_behind, users_of_other_language};
