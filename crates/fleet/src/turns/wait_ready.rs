//! Wait until the user's container answers, and say the truth about it meanwhile.

use super::{
    drive::{End, actor},
    event::{ErrorText, TurnEvent},
    live::Live,
};
use crate::{Services, containers, gateways::Reached};
use domain::{
    JobId,
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

/// Without a change the row is read again this often.
const REREAD: Duration = Duration::from_secs(2);
/// Without a change the followers are told again this often.
const RETELL: Duration = Duration::from_secs(10);
/// A start that seems forgotten is asked for again after this long.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// What is told where there is nothing to wait for.
pub(super) const fn ready_at_once() -> TurnEvent {
    TurnEvent::Stage { name: Stage::Ready, elapsed_ms: 0, usual_ms: None, ahead: None, note: None }
}

/// Waits for readiness; the error is how the turn ends instead.
pub(super) async fn wait_ready(services: &Services, live: &Live, turn: &Turn) -> Result<Reached, Box<End>> {
    let mut wait = Wait { services, live, turn, began: Instant::now(), asked: Instant::now(), told: None };
    loop {
        let mut listener = services.ear.listen();
        let id = match wait.look().await {
            Ok(Look::Ready(reached)) => return Ok(*reached),
            Ok(Look::Failed(error)) => return Err(Box::new(End::failed(error))),
            Ok(Look::NotYet(id)) => id,
            Err(error) => {
                // The database is away: the message is stored, so waiting costs nothing but time.
                tracing::warn!(%error, turn = %turn.id, "waiting for an agent");
                String::new()
            }
        };
        tokio::select! {
            () = live.stop.cancelled() => return Err(Box::new(End::of(TurnStatus::Stopped))),
            () = listener.wait_for(listen::CONTAINER, &id, REREAD) => {}
        }
    }
}

enum Look {
    Ready(Box<Reached>),
    Failed(ErrorText),
    NotYet(String),
}

/// What was said last, and when.
struct Told {
    name: Stage,
    ahead: Option<u64>,
    note: Option<String>,
    at: Instant,
}

struct Wait<'a> {
    services: &'a Services,
    live: &'a Live,
    turn: &'a Turn,
    began: Instant,
    asked: Instant,
    told: Option<Told>,
}

impl Wait<'_> {
    async fn look(&mut self) -> crate::Result<Look> {
        let mut tx = self.services.store.system("is the agent ready").await?;
        let row = rows::get_of(&mut tx, self.turn.user_id).await?;
        let Some(row) = row else {
            drop(tx);
            self.ask().await?;
            return Ok(Look::NotYet(String::new()));
        };
        if row.is_ready()
            && let Some(reached) = self.services.gateways.reach(self.services, &mut tx, &row).await?
        {
            self.tell(Stage::Ready, None, None, None);
            return Ok(Look::Ready(Box::new(reached)));
        }
        if row.observed() == Observed::Failed {
            return Ok(Look::Failed(failure(&row)));
        }
        if users::get(&mut tx, self.turn.user_id).await?.is_none_or(|user| user.disabled_at.is_some()) {
            return Ok(Look::Failed(disabled()));
        }
        let job = match row.start_job {
            Some(job) => jobs::get(&mut tx, JobId::from(job)).await?,
            None => None,
        };
        if let Some(error) = job.as_ref().filter(|job| matches!(job.state, JobState::Dead | JobState::Failed))
        {
            return Ok(Look::Failed(given_up(error)));
        }
        self.report(&mut tx, &row).await?;
        drop(tx);
        let under_way = job.is_some_and(|job| !job.state.is_final()) || row.is_up();
        if row.desired() != Desired::Running || (!under_way && self.asked.elapsed() > ASK_AGAIN) {
            self.ask().await?;
        }
        Ok(Look::NotYet(row.id.uuid().to_string()))
    }

    /// Wants it running (again): somebody stopped it meanwhile, or the job was lost.
    async fn ask(&mut self) -> crate::Result<()> {
        self.asked = Instant::now();
        let actor = actor(self.turn);
        let mut tx = self.services.store.begin(&actor).await?;
        containers::ensure_running(self.services, &mut tx, &actor, self.turn.user_id).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn report(&mut self, tx: &mut Tx, row: &Container) -> crate::Result<()> {
        let stage = if row.is_up() { Stage::Loading } else { row.stage() };
        let usual: HashMap<Stage, u64> = timings::usual(tx).await?.into_iter().collect();
        let (ahead, note) = match stage {
            Stage::Queued => self.queued(tx, row).await?,
            // Of a start nothing need be said: it has the newest ones.
            _ if row.takes_over && row.is_up() => {
                (None, Some("Your agent is taking over your changed settings.".to_owned()))
            }
            _ => (None, None),
        };
        self.tell(stage, usual.get(&stage).copied(), ahead, note);
        Ok(())
    }

    /// How many are before it, and why it has not begun.
    async fn queued(&self, tx: &mut Tx, row: &Container) -> crate::Result<(Option<u64>, Option<String>)> {
        if let Some(ahead) = reservations::ahead(tx, row.id).await? {
            let ahead = u64::try_from(ahead).unwrap_or_default();
            let settings = self.services.settings.get();
            let count = containers::count(tx, &settings).await?.unwrap_or_default();
            let all = if count == 1 {
                "The only place is".to_owned()
            } else {
                format!("All {count} reservations are")
            };
            return Ok((Some(ahead), Some(format!("{all} busy, {ahead} ahead of you."))));
        }
        let position = match row.start_job {
            Some(job) => jobs::queue_position(tx, JobId::from(job)).await?,
            None => None,
        };
        let note = if position.is_some_and(|place| place.slots == 0) {
            let nobody =
                "No worker is running that could start your agent. Your message is kept; ask your admin.";
            Some(nobody.to_owned())
        } else {
            row.reason.clone()
        };
        Ok((position.and_then(|place| u64::try_from(place.ahead).ok()), note))
    }

    /// Tells a change at once, and a standstill now and then.
    fn tell(&mut self, name: Stage, usual_ms: Option<u64>, ahead: Option<u64>, note: Option<String>) {
        let unchanged = self.told.as_ref().is_some_and(|told| {
            told.name == name && told.ahead == ahead && told.note == note && told.at.elapsed() < RETELL
        });
        if unchanged {
            return;
        }
        self.told = Some(Told { name, ahead, note: note.clone(), at: Instant::now() });
        let elapsed_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.live.push(&TurnEvent::Stage { name, elapsed_ms, usual_ms, ahead, note });
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

/// The queue gave the start up without the row being told: its worker panicked, hung or was lost too often.
fn given_up(job: &JobView) -> ErrorText {
    let why = job.last_error.as_deref().unwrap_or("Try again.");
    ErrorText::retryable("start_failed", "Your agent could not be started.", why)
}

fn failure(row: &Container) -> ErrorText {
    let said =
        row.failure.clone().and_then(|value| serde_json::from_value::<containers::StartFailure>(value).ok());
    match said {
        Some(failure) => {
            ErrorText { code: failure.code, title: failure.title, detail: failure.detail, retryable: true }
        }
        None => ErrorText::retryable("start_failed", "Your agent could not be started.", "Try again."),
    }
}
