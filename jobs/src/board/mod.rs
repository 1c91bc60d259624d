//! What the job board reads (lists, statistics, changes), and what it does to many jobs at once.
//!
//! Never the payload. Row-level security decides whose jobs are visible; [`OwnerFilter`] only selects the index
//! that is used.

mod bulk;
mod changes;
mod list;
mod stats;

pub use bulk::{discard, retry};
pub use changes::{Change, changes};
pub use list::{Filter, OwnerFilter, list};
pub use stats::{Percentiles, StateCount, ThroughputMinute, counts, percentiles, throughput};
