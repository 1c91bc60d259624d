//! What the job board reads: lists, numbers, changes; and what it does to many jobs at once.
//!
//! Never the payload. Whose jobs are seen is decided by row-level security; [`Whose`] only says which index
//! leads there.

mod act;
mod changes;
mod list;
mod numbers;

pub(crate) use act::uuids;
pub use act::{discard, retry};
pub use changes::{Change, changes};
pub use list::{Filter, Whose, list};
pub use numbers::{Count, Minute, Spread, counts, spreads, throughput};
