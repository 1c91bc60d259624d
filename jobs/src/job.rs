//! What a kind of job is.

use crate::{Lane, Policy};
use serde::{Serialize, de::DeserializeOwned};

/// A kind of job. The type itself is the payload.
///
/// The payload holds ids only: admins' tools read it, and it is kept as history. A field that is added later
/// must have a default, because jobs enqueued by the version before are still waiting.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// The stable name in `jobs.kind`.
    const KIND: &'static str;
    const LANE: Lane;

    fn policy() -> Policy {
        Policy::default()
    }

    /// While a job with this key is queued or running, another one merges into it: a running job runs once more
    /// afterwards. `None` never merges.
    ///
    /// Name the kind and the subject (`start:<id>`), and give all jobs with one key the same owner.
    fn unique_key(&self) -> Option<String> {
        None
    }
}
