//! The turns that this process drives: begins them, saves their events, keeps their leases, takes over
//! the ones whose driver is gone, and lets go of all of them when the process ends.

use super::{
    LEASE_SECONDS,
    drive::{self, Asked},
    event::Numbered,
    live::Live,
    stream::Dispatch,
};
use crate::{Result, Services};
use domain::TurnId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use store::{
    events,
    listen::{self, Notification},
    turns::{self, Lease, Turn},
};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often new events are saved.
const SAVE_EVERY: Duration = Duration::from_millis(50);
/// How often leases are renewed: three chances within their length.
const RENEW_EVERY: Duration = Duration::from_secs(3);
/// How often abandoned turns are looked for.
const TAKE_OVER_EVERY: Duration = Duration::from_secs(2);
/// How long events stay after their turn has ended, in seconds.
const KEEP_EVENTS_SECONDS: f64 = 900.0;
/// How often old events are pruned.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// The turns this process drives.
#[derive(Debug, Default)]
pub struct Drivers {
    driven: Mutex<HashMap<TurnId, Arc<Live>>>,
    ending: CancellationToken,
}

impl Drivers {
    fn driven(&self) -> MutexGuard<'_, HashMap<TurnId, Arc<Live>>> {
        self.driven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<Arc<Live>> {
        self.driven().values().cloned().collect()
    }

    pub(super) fn find(&self, id: TurnId) -> Option<Arc<Live>> {
        self.driven().get(&id).cloned()
    }

    /// How many turns this process drives now.
    pub fn count(&self) -> usize {
        self.driven().len()
    }

    pub(crate) fn stop(&self, id: TurnId) {
        if let Some(live) = self.find(id) {
            live.stop.cancel();
        }
    }

    /// Drives a turn that this process has just accepted; `dispatch` where its message can go at once.
    pub(super) fn begin(
        &self,
        services: &Arc<Services>,
        lease: Lease,
        turn: Turn,
        dispatch: Option<Dispatch>,
        asked: Asked,
    ) {
        self.spawn(services, Live::fresh(lease), turn, dispatch, Some(asked));
    }

    fn spawn(
        &self,
        services: &Arc<Services>,
        live: Live,
        turn: Turn,
        dispatch: Option<Dispatch>,
        asked: Option<Asked>,
    ) {
        let live = Arc::new(live);
        self.driven().insert(turn.id, Arc::clone(&live));
        let services = Arc::clone(services);
        let ending = self.ending.clone();
        spawn(async move {
            let held = Held {
                services: &services,
                live: &live,
                _counted: telemetry::TURNS_DRIVEN.track_in_flight([]),
            };
            tokio::select! {
                () = drive::drive(&services, &live, &turn, dispatch, asked) => {}
                () = ending.cancelled() => {}
            }
            drop(held);
        });
    }

    /// Does everything that keeps driven turns going, until `shutdown`; then gives a short time to end by
    /// themselves and lets go of the rest, so that another replica takes them over at once.
    pub async fn run(services: Arc<Services>, shutdown: CancellationToken, drain: Duration) {
        let housekeeping = async {
            tokio::join!(
                save(&services),
                renew(&services),
                hear_stops(&services),
                take_over(&services),
                prune(&services)
            )
        };
        tokio::select! {
            _ = housekeeping => {}
            () = async {
                shutdown.cancelled().await;
                let until = Instant::now() + drain;
                while services.drivers.count() > 0 && Instant::now() < until {
                    tokio::time::sleep(SAVE_EVERY).await;
                }
            } => {}
        }
        let left = services.drivers.all();
        services.drivers.ending.cancel();
        let _ = save_all(&services).await;
        for live in left {
            if let Ok(mut tx) = services.store.system("hand back a turn").await
                && turns::release(&mut tx, live.lease).await.is_ok()
            {
                let _ = tx.commit().await;
            }
        }
    }
}

/// A driven turn. However its driver ends, also by a panic, it is not renewed any longer.
struct Held<'a> {
    services: &'a Services,
    live: &'a Live,
    _counted: telemetry::InFlight,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.services.drivers.driven().remove(&self.live.lease.turn);
        self.live.lost.cancel();
    }
}

#[allow(clippy::disallowed_methods)] // A driver owns its turn's failures: nothing waits for its end.
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}

async fn save(services: &Services) {
    let mut tick = interval(SAVE_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = save_all(services).await {
            tracing::warn!(%error, "events of turns could not be saved; they are kept and saved later");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Saves the new events of all driven turns with one statement; a turn that is just ending saves its own.
async fn save_all(services: &Services) -> Result<()> {
    let taken: Vec<_> = services
        .drivers
        .all()
        .into_iter()
        .filter_map(|live| Some((live.free_pen()?, live.take_unsaved(), live)))
        .filter(|(_, events, _)| !events.is_empty())
        .collect();
    if taken.is_empty() {
        return Ok(());
    }
    let all: Vec<_> = taken.iter().flat_map(|(_, events, _)| events.clone()).collect();
    let saved = async {
        let mut tx = services.store.system("events of driven turns").await?;
        tx.relax_durability().await?;
        events::append(&mut tx, &all).await?;
        tx.commit().await
    };
    if let Err(error) = saved.await {
        for (_pen, events, live) in taken {
            live.put_back(events);
        }
        return Err(error.into());
    }
    Ok(())
}

async fn renew(services: &Services) {
    let mut tick = interval(RENEW_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let held = services.drivers.all();
        if held.is_empty() {
            continue;
        }
        if let Err(error) = renew_all(services, &held).await {
            tracing::warn!(%error, "leases of turns could not be renewed");
        }
    }
}

async fn renew_all(services: &Services, held: &[Arc<Live>]) -> Result<()> {
    let leases: Vec<Lease> = held.iter().map(|live| live.lease).collect();
    let mut tx = services.store.system("renew leases of turns").await?;
    tx.relax_durability().await?;
    let renewed: HashMap<TurnId, bool> = turns::renew(&mut tx, &leases, LEASE_SECONDS)
        .await?
        .into_iter()
        .map(|renewed| (renewed.turn, renewed.stop_requested))
        .collect();
    tx.commit().await?;
    for live in held {
        match renewed.get(&live.lease.turn) {
            Some(true) => live.stop.cancel(),
            Some(false) => {}
            // Ended meanwhile, or taken over: either way not ours any more.
            None => live.lost.cancel(),
        }
    }
    Ok(())
}

/// A stop that was asked for on another replica arrives as a notification.
async fn hear_stops(services: &Services) {
    let mut listener = services.ear.listen();
    loop {
        let Notification::Changed { channel: listen::STOP, id } = listener.next().await else { continue };
        let Ok(id) = id.parse::<uuid::Uuid>().map(TurnId::from) else { continue };
        let Some(live) = services.drivers.find(id) else { continue };
        let Ok(mut tx) = services.store.system("was a stop asked for").await else { continue };
        if let Ok(Some(turn)) = turns::get(&mut tx, id).await
            && turn.stop_requested_at.is_some()
        {
            live.stop.cancel();
        }
    }
}

async fn take_over(services: &Arc<Services>) {
    let mut tick = interval(TAKE_OVER_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = take_over_lapsed(services).await {
            tracing::warn!(%error, "abandoned turns could not be looked for");
        }
    }
}

async fn take_over_lapsed(services: &Arc<Services>) -> Result<()> {
    let own: Vec<TurnId> = services.drivers.driven().keys().copied().collect();
    let mut tx = services.store.system("take over abandoned turns").await?;
    let lapsed = turns::take_lapsed(&mut tx, &own, LEASE_SECONDS, 50).await?;
    tx.commit().await?;
    for turn in lapsed {
        tracing::info!(turn = %turn.id, sent = turn.sent_at.is_some(), "taking over an abandoned turn");
        let mut tx = services.store.system("events of an abandoned turn").await?;
        let stored = events::read(&mut tx, turn.id, 0, i64::MAX).await?;
        drop(tx);
        let answer =
            stored.iter().filter(|e| e.kind == "delta").filter_map(|e| e.data["text"].as_str()).collect();
        let last = stored.last().map_or(0, |event| event.seq);
        let log = stored
            .into_iter()
            .map(|event| Numbered { seq: Some(event.seq), kind: event.kind, data: event.data })
            .collect();
        let lease = Lease { turn: turn.id, fence: turn.lease_fence };
        services.drivers.spawn(services, Live::resumed(lease, last, answer, log), turn, None, None);
    }
    Ok(())
}

async fn prune(services: &Services) {
    let mut tick = interval(PRUNE_EVERY);
    loop {
        tick.tick().await;
        let pruned = async {
            let mut tx = services.store.system("prune events of ended turns").await?;
            events::prune(&mut tx, KEEP_EVENTS_SECONDS).await?;
            tx.commit().await
        };
        if let Err(error) = pruned.await {
            tracing::warn!(%error, "old events could not be pruned");
        }
    }
}
