//! The worker's half of the queue: claim jobs, renew their leases, settle them, listen for new ones.
//!
//! apalis drives it: [`LaneBackend`] is the backend of one apalis worker, [`persistence`] implements apalis's
//! `Persistence` over the table `jobs`. apalis's loop neither renews
//! leases nor records results while a worker drains or waits, so [`Engine::run_background`] does both separately. Handlers and their rules
//! are in `workers`.

mod backend;
mod claim;
mod heartbeat;
mod lease;
mod persistence;
mod progress;
mod settle;
mod signals;

pub use backend::LaneBackend;
pub use claim::{ClaimedJob, LeasedJob, RunsAs};
pub use lease::{AttemptId, Lease, StopReason};
pub use settle::{AttemptResult, Settled};

use crate::{JobState, Lane, Result, Store};
use domain::WorkerId;
use lease::Leases;
use parking_lot::Mutex;
use settle::Settlement;
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{collections::HashMap, num::NonZeroUsize, sync::Arc, time::Duration};
use store::Rights;
use tokio::sync::{Notify, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A worker process, and which jobs it runs.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Of this start of the process; never used twice.
    pub worker: WorkerId,
    /// Name of the machine, for the board.
    pub host: String,
    /// Version of the program, for the board.
    pub version: &'static str,
    /// Slots per lane; lanes that are not named are not served.
    pub lanes: HashMap<Lane, NonZeroUsize>,
    /// Kinds that have a handler here; others are left to other workers.
    pub kinds: Vec<String>,
    /// A job is taken over if its worker was silent for this long. Leases are renewed three times as often.
    pub lease_duration: Duration,
    /// About how often an idle lane looks for jobs without a notification.
    pub poll_interval: Duration,
}

/// A worker process's access to the queue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    profile: Profile,
    leases: Arc<Leases>,
    lanes: HashMap<Lane, LaneState>,
    settlements: mpsc::UnboundedSender<Settlement>,
    inbox: Mutex<Option<mpsc::UnboundedReceiver<Settlement>>>,
    claims: TaskTracker,
}

#[derive(Debug, Default)]
struct LaneState {
    /// There may be a job to claim.
    wake: Notify,
    /// Claimed and not yet given to apalis. A dropped fetch does not lose them.
    claimed_buffer: Mutex<Vec<LeasedJob>>,
}

impl LaneState {
    fn take_claimed(&self) -> Vec<LeasedJob> {
        std::mem::take(&mut *self.claimed_buffer.lock())
    }
}

impl Engine {
    /// Prepares access for one worker process. Connections are opened when they are first needed.
    ///
    /// They are separate from those of the store: requests cannot starve heartbeats. They are in system scope all
    /// the time (claims and leases concern all users' jobs), so that a claim is one statement and one round trip.
    /// No other module can reach them.
    pub fn new(store: &Store, profile: Profile) -> Self {
        let mut settings = vec![
            ("app.scope", "system"),
            ("application_name", "mosaic job engine"),
            // Planner statistics lag behind a queue, and every statement here has its index.
            ("enable_seqscan", "off"),
            ("plan_cache_mode", "force_generic_plan"),
            ("jit", "off"),
        ];
        if store.rights() == Rights::RestrictedRole {
            settings.push(("role", "mosaic_app"));
        }
        let options = (*store.pool().connect_options()).clone().options(settings);
        let pool = PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(10))
            // A dead connection fails the statement, and every statement here is tried again.
            .test_before_acquire(false)
            .connect_lazy_with(options);
        let (settlements, inbox) = mpsc::unbounded_channel();
        Self {
            inner: Arc::new(Inner {
                lanes: profile.lanes.keys().map(|lane| (*lane, LaneState::default())).collect(),
                pool,
                profile,
                leases: Arc::default(),
                settlements,
                inbox: Mutex::new(Some(inbox)),
                claims: TaskTracker::new(),
            }),
        }
    }

    pub fn profile(&self) -> &Profile {
        &self.inner.profile
    }

    /// The backend of a lane's apalis worker. It stays idle if the lane is not in the profile.
    pub fn lane(&self, lane: Lane) -> LaneBackend {
        LaneBackend::new(self.clone(), lane)
    }

    /// The background work: listens, renews leases, sweeps, records results. Runs until `until`, which must be
    /// cancelled after the last job is settled. Call it once.
    pub async fn run_background(&self, until: CancellationToken) {
        let Some(inbox) = self.inner.inbox.lock().take() else { return };
        tokio::join!(
            until.run_until_cancelled(signals::listen(self)),
            until.run_until_cancelled(heartbeat::run(self)),
            until.run_until_cancelled(settle::record(self, inbox)),
        );
    }

    /// Tells all running handlers to stop, and why.
    pub fn stop_all(&self, reason: StopReason) {
        self.inner.leases.stop_all(reason);
    }

    /// Call it after the last apalis worker has ended: hands back what was claimed and never started, and records
    /// the end of this worker.
    pub async fn shutdown(&self) -> Result<()> {
        self.inner.claims.close();
        self.inner.claims.wait().await;
        for lane in self.inner.lanes.values() {
            for job in lane.take_claimed() {
                self.settle(&job.lease, AttemptResult::Returned).await;
            }
        }
        heartbeat::mark_stopped(self).await
    }

    /// Records how an attempt ended; returns once that is durable. Waits as long as the database is not available.
    pub async fn settle(&self, lease: &Lease, result: AttemptResult) -> Settled {
        let settled = settle::submit(self, lease, result).await;
        // It waits again: this process may be the one that runs it.
        if settled == Settled::Recorded(JobState::Queued)
            && let Some(lane) = self.inner.lanes.get(&lease.lane())
        {
            lane.wake.notify_one();
        }
        settled
    }
}

/// `duration` spread over 75 % to 125 %, so that processes do not act in lockstep.
fn jittered(duration: Duration) -> Duration {
    duration.mul_f64(rand::random_range(0.75..1.25))
}
