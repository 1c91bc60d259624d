//! What a kind of job is.

use crate::{Lane, Policy};
use serde::{Serialize, de::DeserializeOwned};

/// A kind of job: its payload is the type itself, its treatment stands beside it.
///
/// The payload holds ids only: it is read by admins' tools and kept as history. A field that is added later
/// must have a default, because rows of the version before are still waiting.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// The stable name in `jobs.kind`.
    const KIND: &'static str;
    /// Where it waits.
    const LANE: Lane;

    /// How it is treated.
    fn policy() -> Policy {
        Policy::default()
    }

    /// While a job with this key is queued or running, another one merges into it: into a queued one
    /// silently, into a running one by letting it run once more. `None` never merges.
    ///
    /// Name the kind and the subject (`start:<id>`), and give all jobs with one key the same owner.
    fn unique_key(&self) -> Option<String> {
        None
    }
}
