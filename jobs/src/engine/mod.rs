//! The engine's half of the queue: take jobs, keep their leases, settle them, hear of new ones.
//!
//! apalis drives it: [`LaneBackend`] is the backend of one apalis worker, [`persistence`] implements apalis's
//! `Persistence` over the table `jobs`. What apalis cannot do while a worker drains or waits (renew leases,
//! record results) does not depend on its loop: that is [`Engine::keep`]. Handlers and their rules are not
//! here but in `workers`.

mod backend;
mod claim;
mod heartbeat;
mod lease;
mod persistence;
mod progress;
mod settle;
mod signals;

pub use backend::LaneBackend;
pub use claim::{Acting, Claimed};
pub use lease::{Lease, Leased, Stop, Ticket};
pub use settle::{Settled, Verdict};

use crate::{JobState, Lane, Result, Store};
use domain::WorkerId;
use lease::Leases;
use settle::Settlement;
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::Rights;
use tokio::sync::{Notify, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Who takes jobs, which, and how long he may be silent.
#[derive(Debug, Clone)]
pub struct Profile {
    /// This start of this process; never used twice.
    pub worker: WorkerId,
    /// Name of the machine, for the board.
    pub host: String,
    /// Version of the program, for the board.
    pub version: &'static str,
    /// Slots per lane; lanes that are not named are not served.
    pub lanes: HashMap<Lane, NonZeroUsize>,
    /// Kinds that have a handler here; others are left to other workers.
    pub kinds: Vec<String>,
    /// A job is taken over when its worker was silent for this long. Renewed three times as often.
    pub lease: Duration,
    /// About how often an idle lane looks without being told.
    pub poll: Duration,
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
    /// Something may be there to take.
    wake: Notify,
    /// Claimed and not yet handed to a worker: survives a dropped fetch.
    arrived: Mutex<Vec<Leased>>,
}

impl LaneState {
    fn take_arrived(&self) -> Vec<Leased> {
        std::mem::take(&mut *self.arrived.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Engine {
    /// Prepares access for one worker process; connects when first needed.
    ///
    /// Its connections are its own: requests cannot starve heartbeats. They are in system scope for as long
    /// as they live (claims and leases concern everybody's jobs), so that a claim is one statement and one
    /// round trip. Nothing but this module can reach them.
    pub fn new(store: &Store, profile: Profile) -> Self {
        let mut settings = vec![
            ("app.scope", "system"),
            ("application_name", "mosaic job engine"),
            // A queue empties and fills faster than statistics follow; every statement here has its index.
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
            // A dead connection shows at the statement, and every statement here is tried again.
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

    /// Who it takes jobs for.
    pub fn profile(&self) -> &Profile {
        &self.inner.profile
    }

    /// The backend of a lane's apalis worker. Idle for ever when the lane is not in the profile.
    pub fn lane(&self, lane: Lane) -> LaneBackend {
        LaneBackend::new(self.clone(), lane)
    }

    /// The background work: hear, renew, sweep, record results. Runs until `until`, which must come after
    /// the last job is settled. Call once.
    pub async fn keep(&self, until: CancellationToken) {
        let inbox = self.inner.inbox.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(inbox) = inbox else { return };
        tokio::join!(
            until.run_until_cancelled(signals::listen(self)),
            until.run_until_cancelled(heartbeat::beat(self)),
            until.run_until_cancelled(settle::record(self, inbox)),
        );
    }

    /// Tells every handler that runs to stop, and why.
    pub fn stop_all(&self, why: Stop) {
        self.inner.leases.stop_all(why);
    }

    /// After the last apalis worker has ended: hands back what was claimed and never begun, and signs off.
    pub async fn leave(&self) -> Result<()> {
        self.inner.claims.close();
        self.inner.claims.wait().await;
        for lane in self.inner.lanes.values() {
            for job in lane.take_arrived() {
                self.settle(&job.lease, Verdict::Returned).await;
            }
        }
        heartbeat::sign_off(self).await
    }

    /// Records how an attempt ended; answers once that is durable. Waits while the database is away.
    pub async fn settle(&self, lease: &Lease, verdict: Verdict) -> Settled {
        let settled = settle::submit(self, lease, verdict).await;
        // It waits again: this process may be the one that starts it.
        if settled == Settled::Recorded(JobState::Queued)
            && let Some(lane) = self.inner.lanes.get(&lease.lane())
        {
            lane.wake.notify_one();
        }
        settled
    }
}

/// `duration` spread over 75 % to 125 %, so that processes do not move in step.
fn jittered(duration: Duration) -> Duration {
    duration.mul_f64(rand::random_range(0.75..1.25))
}
