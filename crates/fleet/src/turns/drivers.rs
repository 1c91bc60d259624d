//! The turns that this process drives: starts their drivers, saves their events, renews their leases, takes over turns
//! whose driver is gone, and hands all of them over when the process ends.

use super::{
    LEASE_SECONDS,
    drive::{self, RequestContext},
    hand_over,
    prepare::PreparedSend,
    save::{RETRY_DELAY, save_new_events},
};
use crate::{
    Result, Services,
    services::active_turns::{ActiveTurn, SequencedEvent},
    tasks,
};
use domain::TurnId;
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::{
    events,
    listen::{self, Notification},
    turns::{self, Lease, Turn},
};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

/// How often new events are saved.
const SAVE_INTERVAL: Duration = Duration::from_millis(50);
/// How often leases are renewed: three times before one lapses.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(3);
/// How often abandoned turns are looked for.
const TAKEOVER_INTERVAL: Duration = Duration::from_secs(2);
/// Abandoned turns that are taken over at once.
const TAKEOVER_BATCH: i64 = 50;
/// How long events stay after their turn has ended.
const EVENT_RETENTION_SECONDS: f64 = 900.0;
/// How often old events are pruned.
const PRUNE_INTERVAL: Duration = Duration::from_secs(60);

/// Drives a turn that this process has just accepted. With `prepared` its message is sent at once.
pub(super) fn begin(
    services: &Arc<Services>,
    lease: Lease,
    turn: Turn,
    prepared: Option<PreparedSend>,
    request: RequestContext,
) {
    spawn_driver(services, ActiveTurn::new(lease), turn, prepared, Some(request));
}

fn spawn_driver(
    services: &Arc<Services>,
    active: ActiveTurn,
    turn: Turn,
    prepared: Option<PreparedSend>,
    request: Option<RequestContext>,
) {
    let active = Arc::new(active);
    let services = Arc::clone(services);
    let driver = {
        let (services, active) = (Arc::clone(&services), Arc::clone(&active));
        async move { drive::drive(&services, &active, &turn, prepared, request).await }
    };
    tasks::spawn(services.active_turns.track(active, driver));
}

/// Keeps the driven turns going until `shutdown`. Then gives them `drain` to end by themselves, and hands the rest over
/// so that another replica continues them at once.
pub async fn run_drivers(services: Arc<Services>, shutdown: CancellationToken, drain: Duration) {
    let housekeeping = async {
        tokio::join!(
            save_events(&services),
            renew_leases(&services),
            listen_for_stops(&services),
            take_over(&services),
            prune_events(&services)
        )
    };
    tokio::select! {
        _ = housekeeping => {}
        () = async {
            shutdown.cancelled().await;
            let until = Instant::now() + drain;
            while services.active_turns.count() > 0 && Instant::now() < until {
                sleep(SAVE_INTERVAL).await;
            }
        } => {}
    }
    hand_over::hand_over(&services).await;
}

async fn save_events(services: &Services) {
    let mut tick = interval(SAVE_INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = save_new_events(services, &services.active_turns.all()).await {
            tracing::warn!(%error, "events of turns could not be saved; trying again");
            sleep(RETRY_DELAY).await;
        }
    }
}

async fn renew_leases(services: &Services) {
    let mut tick = interval(RENEWAL_INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let turns = services.active_turns.all();
        if turns.is_empty() {
            continue;
        }
        if let Err(error) = renew_all(services, &turns).await {
            tracing::warn!(%error, "leases of turns could not be renewed");
        }
    }
}

async fn renew_all(services: &Services, turns: &[Arc<ActiveTurn>]) -> Result<()> {
    let leases: Vec<Lease> = turns.iter().map(|active| active.lease).collect();
    let mut tx = services.store.system("renew leases of turns").await?;
    tx.relax_durability().await?;
    let renewed: HashMap<TurnId, bool> = turns::renew(&mut tx, &leases, LEASE_SECONDS)
        .await?
        .into_iter()
        .map(|renewed| (renewed.turn, renewed.stop_requested))
        .collect();
    tx.commit().await?;
    for active in turns {
        match renewed.get(&active.lease.turn) {
            Some(true) => active.stop.cancel(),
            Some(false) => {}
            // It has ended in the meantime, or another process has taken it over.
            None => active.lease_lost.cancel(),
        }
    }
    Ok(())
}

/// A stop that was requested on another replica arrives as a notification.
async fn listen_for_stops(services: &Services) {
    let mut listener = services.notifications.listen();
    loop {
        let Notification::Changed { channel: listen::STOP, id } = listener.next().await else { continue };
        let Ok(id) = id.parse::<uuid::Uuid>().map(TurnId::from) else { continue };
        let Some(active) = services.active_turns.find(id) else { continue };
        let Ok(mut tx) = services.store.system("was a stop requested").await else { continue };
        if let Ok(Some(turn)) = turns::get(&mut tx, id).await
            && turn.stop_requested_at.is_some()
        {
            active.stop.cancel();
        }
    }
}

async fn take_over(services: &Arc<Services>) {
    let mut tick = interval(TAKEOVER_INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = take_over_lapsed(services).await {
            tracing::warn!(%error, "abandoned turns could not be looked for");
        }
    }
}

async fn take_over_lapsed(services: &Arc<Services>) -> Result<()> {
    let own = services.active_turns.ids();
    let mut tx = services.store.system("take over abandoned turns").await?;
    let lapsed = turns::claim_lapsed(&mut tx, &own, LEASE_SECONDS, TAKEOVER_BATCH).await?;
    tx.commit().await?;
    for turn in lapsed {
        tracing::info!(turn = %turn.id, sent = turn.sent_at.is_some(), "taking over an abandoned turn");
        let mut tx = services.store.system("events of an abandoned turn").await?;
        let stored = events::read(&mut tx, turn.id, 0, i64::MAX).await?;
        drop(tx);
        let answer =
            stored.iter().filter(|e| e.kind == "delta").filter_map(|e| e.data["text"].as_str()).collect();
        let last_seq = stored.last().map_or(0, |event| event.seq);
        let log = stored
            .into_iter()
            .map(|event| SequencedEvent { seq: Some(event.seq), kind: event.kind, data: event.data })
            .collect();
        let lease = Lease { turn: turn.id, fence: turn.lease_fence };
        spawn_driver(services, ActiveTurn::resumed(lease, last_seq, answer, log), turn, None, None);
    }
    Ok(())
}

async fn prune_events(services: &Services) {
    let mut tick = interval(PRUNE_INTERVAL);
    loop {
        tick.tick().await;
        let pruned = services.store.run_system("prune events of ended turns", async |tx| {
            events::prune(tx, EVENT_RETENTION_SECONDS).await
        });
        if let Err(error) = pruned.await {
            tracing::warn!(%error, "old events could not be pruned");
        }
    }
}
