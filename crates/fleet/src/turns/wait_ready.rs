//! Waits until the user's container is ready, and reports its progress meanwhile.

use super::outcome::TurnOutcome;
use crate::{
    Services, containers,
    gateways::{self, GatewayHandle},
    services::active_turns::{ActiveTurn, ErrorText, TurnEvent},
};
use domain::{
    Actor, JobId,
    lifecycle::{Desired, Observed},
    turn::{Stage, TurnStatus},
};
use jobs::{JobState, JobView};
use std::{collections::HashMap, time::Duration};
use store::{
    Tx,
    containers::{self as rows, Container},
    listen, reservations, timings,
    turns::Turn,
    users,
};
use tokio::time::Instant;

/// Without a notification the row is read again this often.
const REREAD_INTERVAL: Duration = Duration::from_secs(2);
/// Without a change the stage is reported again this often.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);
/// If nothing seems to be starting the container, its start is requested again after this time.
const START_RETRY_DELAY: Duration = Duration::from_secs(10);

/// The event of a turn that has nothing to wait for.
pub(super) const READY_AT_ONCE: TurnEvent =
    TurnEvent::Stage { name: Stage::Ready, elapsed_ms: 0, usual_ms: None, ahead: None, note: None };

/// Waits until the container is ready. The error is how the turn ends instead.
pub(super) async fn wait_ready(
    services: &Services,
    active: &ActiveTurn,
    turn: &Turn,
) -> Result<GatewayHandle, Box<TurnOutcome>> {
    let now = Instant::now();
    let mut wait =
        ReadinessWait { services, active, turn, began: now, start_requested: now, last_reported: None };
    loop {
        let mut listener = services.notifications.listen();
        let id = match wait.check().await {
            Ok(Progress::Ready(gateway)) => return Ok(*gateway),
            Ok(Progress::Failed(error)) => return Err(Box::new(TurnOutcome::failed(error))),
            Ok(Progress::NotYet(id)) => id,
            Err(error) => {
                // The database is unavailable. The message is stored, so waiting does no harm.
                tracing::warn!(%error, turn = %turn.id, "waiting for an agent");
                String::new()
            }
        };
        tokio::select! {
            () = active.stop.cancelled() => return Err(Box::new(TurnOutcome::new(TurnStatus::Stopped))),
            () = listener.wait_for(listen::CONTAINER, &id, REREAD_INTERVAL) => {}
        }
    }
}

enum Progress {
    Ready(Box<GatewayHandle>),
    Failed(ErrorText),
    /// With the id whose notifications announce a change.
    NotYet(String),
}

struct LastReported {
    name: Stage,
    ahead: Option<u64>,
    note: Option<String>,
    at: Instant,
}

struct ReadinessWait<'a> {
    services: &'a Services,
    active: &'a ActiveTurn,
    turn: &'a Turn,
    began: Instant,
    start_requested: Instant,
    last_reported: Option<LastReported>,
}

impl ReadinessWait<'_> {
    async fn check(&mut self) -> crate::Result<Progress> {
        let mut tx = self.services.store.system("is the agent ready").await?;
        let row = rows::get_of(&mut tx, self.turn.user_id).await?;
        let Some(row) = row else {
            drop(tx);
            self.request_start().await?;
            return Ok(Progress::NotYet(String::new()));
        };
        if row.is_ready()
            && let Some(gateway) = gateways::reach(self.services, &mut tx, &row).await?
        {
            self.report(Stage::Ready, None, None, None);
            return Ok(Progress::Ready(Box::new(gateway)));
        }
        if row.observed == Observed::Failed {
            return Ok(Progress::Failed(failure(&row)));
        }
        if users::get(&mut tx, self.turn.user_id).await?.is_none_or(|user| user.disabled_at.is_some()) {
            return Ok(Progress::Failed(disabled()));
        }
        let job = match row.start_job {
            Some(job) => jobs::get(&mut tx, JobId::from(job)).await?,
            None => None,
        };
        if let Some(job) = job.as_ref().filter(|job| matches!(job.state, JobState::Dead | JobState::Failed)) {
            return Ok(Progress::Failed(job_failed(job)));
        }
        self.report_stage(&mut tx, &row).await?;
        drop(tx);
        let is_starting = job.is_some_and(|job| !job.state.is_final()) || row.is_up();
        if row.desired != Desired::Running
            || (!is_starting && self.start_requested.elapsed() > START_RETRY_DELAY)
        {
            self.request_start().await?;
        }
        Ok(Progress::NotYet(row.id.uuid().to_string()))
    }

    /// Requests the start (again): the container was stopped in the meantime, or the job was lost.
    async fn request_start(&mut self) -> crate::Result<()> {
        self.start_requested = Instant::now();
        let actor = Actor::on_behalf_of(self.turn.user_id);
        let start = async |tx: &mut Tx| {
            containers::ensure_running(self.services, tx, &actor, self.turn.user_id).await.map(drop)
        };
        self.services.store.run(&actor, start).await
    }

    async fn report_stage(&mut self, tx: &mut Tx, row: &Container) -> crate::Result<()> {
        let stage = if row.is_up() { Stage::Loading } else { row.stage };
        let usual: HashMap<Stage, u64> = timings::median_durations(tx).await?.into_iter().collect();
        let (ahead, note) = match stage {
            Stage::Queued => self.queued(tx, row).await?,
            // A container that only starts has the newest settings anyway.
            _ if row.config_pending && row.is_up() => {
                (None, Some("Your agent is applying your changed settings.".to_owned()))
            }
            _ => (None, None),
        };
        self.report(stage, usual.get(&stage).copied(), ahead, note);
        Ok(())
    }

    /// How many starts come before this one, and why it has not begun.
    async fn queued(&self, tx: &mut Tx, row: &Container) -> crate::Result<(Option<u64>, Option<String>)> {
        if let Some(ahead) = reservations::waiting_ahead(tx, row.id).await? {
            let ahead = u64::try_from(ahead).unwrap_or_default();
            let settings = self.services.settings.get();
            let count = containers::container_capacity(tx, &settings).await?.unwrap_or_default();
            let all =
                if count == 1 { "The only place is".to_owned() } else { format!("All {count} places are") };
            return Ok((Some(ahead), Some(format!("{all} busy, {ahead} ahead of you."))));
        }
        let position = match row.start_job {
            Some(job) => jobs::queue_position(tx, JobId::from(job)).await?,
            None => None,
        };
        let note = if position.is_some_and(|place| place.slots == 0) {
            let note =
                "No worker is running that could start your agent. Your message is kept; ask your admin.";
            Some(note.to_owned())
        } else {
            row.reason.clone()
        };
        Ok((position.and_then(|place| u64::try_from(place.ahead).ok()), note))
    }

    /// Reports a change at once, and the same stage again after [`REPORT_INTERVAL`].
    fn report(&mut self, name: Stage, usual_ms: Option<u64>, ahead: Option<u64>, note: Option<String>) {
        let unchanged = self.last_reported.as_ref().is_some_and(|last| {
            (last.name, last.ahead, &last.note) == (name, ahead, &note) && last.at.elapsed() < REPORT_INTERVAL
        });
        if unchanged {
            return;
        }
        self.last_reported = Some(LastReported { name, ahead, note: note.clone(), at: Instant::now() });
        let elapsed_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.active.push(&TurnEvent::Stage { name, elapsed_ms, usual_ms, ahead, note });
    }
}

fn disabled() -> ErrorText {
    ErrorText {
        code: "account_disabled".into(),
        title: "This account is disabled.".into(),
        detail: "Ask your admin.".into(),
        retryable: false,
    }
}

/// The queue gave up on the start, and the container's row does not show it: the worker panicked, hung or was lost too
/// often.
fn job_failed(job: &JobView) -> ErrorText {
    let why = job.last_error.as_deref().unwrap_or("Try again.");
    ErrorText::retryable("start_failed", "Your agent could not be started.", why)
}

fn failure(row: &Container) -> ErrorText {
    let failure =
        row.failure.clone().and_then(|value| serde_json::from_value::<containers::StartFailure>(value).ok());
    match failure {
        Some(failure) => {
            ErrorText { code: failure.code, title: failure.title, detail: failure.detail, retryable: true }
        }
        None => ErrorText::retryable("start_failed", "Your agent could not be started.", "Try again."),
    }
}
