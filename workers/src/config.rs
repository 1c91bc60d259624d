//! The configuration of a worker process.

use domain::WorkerId;
use jobs::Lane;
use std::{collections::HashMap, num::NonZeroUsize, time::Duration};

#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Of this start of the process; never used twice.
    pub worker: WorkerId,
    /// Name of the machine, for the board.
    pub host: String,
    /// Version of the program, for the board.
    pub version: &'static str,
    /// Jobs that run at once per lane; lanes that are not named are not served.
    pub lanes: HashMap<Lane, NonZeroUsize>,
    /// A job is taken over if its worker was silent for this long. Another worker notices within a second more;
    /// together that is how long the job of a killed worker waits.
    pub lease_duration: Duration,
    /// How long running jobs may go on after the shutdown began. Then they are told to stop, and handed back.
    pub drain_timeout: Duration,
    /// About how often an idle lane looks for jobs without a notification.
    pub poll_interval: Duration,
}

impl WorkerConfig {
    /// All lanes, a takeover within 15 s, half a minute to drain.
    pub fn new(worker: WorkerId, host: impl Into<String>, version: &'static str) -> Self {
        Self {
            worker,
            host: host.into(),
            version,
            lanes: Lane::ALL.into_iter().map(|lane| (lane, default_slots(lane))).collect(),
            lease_duration: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(30),
            poll_interval: Duration::from_secs(2),
        }
    }
}

/// Few where jobs keep the processor busy (containers boot on it), many where they mostly wait (for providers).
const fn default_slots(lane: Lane) -> NonZeroUsize {
    let slots = match lane {
        Lane::Containers => NonZeroUsize::new(4),
        Lane::Providers => NonZeroUsize::new(16),
        Lane::Ingest | Lane::Maintenance => NonZeroUsize::new(2),
    };
    match slots {
        Some(slots) => slots,
        None => NonZeroUsize::MIN,
    }
}
