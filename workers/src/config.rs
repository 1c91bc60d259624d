//! What a worker process is told.

use domain::WorkerId;
use jobs::Lane;
use std::{collections::HashMap, num::NonZeroUsize, time::Duration};

/// Slots, patience and name of one worker process.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// This start of this process; never used twice.
    pub worker: WorkerId,
    /// Name of the machine, for the board.
    pub host: String,
    /// Version of the program, for the board.
    pub version: &'static str,
    /// Jobs that run at once per lane; lanes that are not named are not served.
    pub lanes: HashMap<Lane, NonZeroUsize>,
    /// A job whose worker was silent for this long is taken over. With the second it takes others to notice,
    /// this bounds how long a killed worker's job waits.
    pub lease: Duration,
    /// How long running jobs may go on after the order to stop, before they are told to stop and handed back.
    pub drain: Duration,
    /// About how often an idle lane looks for work without being told.
    pub poll: Duration,
}

impl WorkerConfig {
    /// All lanes, a take-over within 15 s, half a minute to drain.
    pub fn new(worker: WorkerId, host: impl Into<String>, version: &'static str) -> Self {
        Self {
            worker,
            host: host.into(),
            version,
            lanes: Lane::ALL.into_iter().map(|lane| (lane, slots(lane))).collect(),
            lease: Duration::from_secs(10),
            drain: Duration::from_secs(30),
            poll: Duration::from_secs(2),
        }
    }
}

/// Containers boot on the processor, providers are mostly waited for.
const fn slots(lane: Lane) -> NonZeroUsize {
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
