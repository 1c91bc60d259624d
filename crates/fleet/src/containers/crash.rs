//! A container that crashed: detected, explained to its owner, and started again with growing delays.

use super::{
    StartFailure, admission, ensure_running,
    failure::engine_error,
    owner,
    state::{is_expected_ready, is_running},
};
use crate::{Error, Result, Services};
use domain::{
    containers::{ContainerState, Containers, Event, EventKind, RunState},
    limits::Limits,
    turn::Stage,
};
use jobs::{ActsFor, Due};
use std::time::Duration;
use store::{
    Tx,
    containers::{self, Container, ContainerObservation},
    crashes::{self, CrashKind},
};

/// Delays before it is started again after the first, second … crash within ten minutes. After one more it stays down
/// until its user wants it.
const RESTART_DELAYS: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(5), Duration::from_secs(20), Duration::from_secs(60)];

/// Checks the container of an event of the engine. The event is only a hint: every worker receives it, late or twice, so
/// what counts is the row and the engine's answer. Answers whether the container was found to be down.
pub async fn handle_engine_event(
    services: &Services,
    engine: &dyn Containers,
    event: &Event,
) -> Result<bool> {
    if event.kind == EventKind::Started {
        return Ok(false);
    }
    let mut tx = services.store.system("the engine reported something").await?;
    let row = containers::get(&mut tx, event.owner.container).await?;
    drop(tx);
    match row {
        Some(row) if row.generation == event.generation && is_expected_ready(&row) => {
            handle_crash(services, engine, &row).await
        }
        _ => Ok(false),
    }
}

/// Asks the engine about a container that is expected to be ready. If it does not run, the row says why, and it is
/// started again; after too many crashes it stays down until its user wants it. Answers whether it was down.
pub(super) async fn handle_crash(
    services: &Services,
    engine: &dyn Containers,
    row: &Container,
) -> Result<bool> {
    let observed = engine.inspect(&owner(services, row)).await.map_err(engine_error)?;
    if is_running(row, observed.as_ref()) {
        return Ok(false);
    }
    let limits = row.current_limits(services.stored_settings().await?.limits);
    let (kind, cause) = explain(observed.as_ref(), limits);
    let mut tx = services.store.system("a container crashed").await?;
    // The row again, under its lock: of all processes that detected the crash one acts.
    let now = containers::ensure(&mut tx, row.id, row.user_id).await?;
    if now.generation != row.generation || !is_expected_ready(&now) {
        return Ok(false);
    }
    let before = usize::try_from(crashes::count_recent(&mut tx, row).await?).unwrap_or(usize::MAX);
    crashes::record(&mut tx, row, kind, &cause).await?;
    match RESTART_DELAYS.get(before) {
        Some(delay) => restart_after(&mut tx, row, &cause, *delay).await?,
        None => stay_down(&mut tx, row, &cause).await?,
    }
    tx.commit().await?;
    services.gateways.forget(row.id);
    tracing::warn!(container = %row.id, before, cause, "a container crashed");
    Ok(true)
}

async fn restart_after(tx: &mut Tx, row: &Container, cause: &str, delay: Duration) -> Result<()> {
    let when = match delay.as_secs() {
        0 => "It is started again.".to_owned(),
        seconds => format!("It is started again in {seconds} s, or at once with your next message."),
    };
    let observation = ContainerObservation::Stage(Stage::Queued);
    containers::observe(tx, row.id, row.generation, &observation, &format!("{cause} {when}")).await?;
    let due = if delay.is_zero() { Due::Now } else { Due::In(delay) };
    ensure_running::enqueue_start_at(tx, ActsFor::User(row.user_id), row.id, due).await?;
    Ok(())
}

async fn stay_down(tx: &mut Tx, row: &Container, cause: &str) -> Result<()> {
    let crashes = RESTART_DELAYS.len() + 1;
    let failure = StartFailure::new(
        "crash_loop",
        "Your agent keeps ending by itself.",
        format!(
            "It ended {crashes} times within ten minutes. The last time: {cause} Your next message starts it again; \
             if it stays like this, ask your admin."
        ),
    );
    let stored = serde_json::to_value(&failure).map_err(Error::internal)?;
    let observation = ContainerObservation::Failed { failure: stored };
    containers::observe(tx, row.id, row.generation, &observation, &failure.title).await?;
    admission::wake_next_waiter(tx).await
}

/// Why it crashed, in a sentence for its owner.
fn explain(observed: Option<&ContainerState>, limits: Limits) -> (CrashKind, String) {
    match observed.map(|observed| observed.state) {
        Some(RunState::Exited { oom_killed: true, .. }) => {
            let memory = limits.memory_text();
            (CrashKind::OutOfMemory, format!("Your agent ran out of memory ({memory}) and ended."))
        }
        Some(RunState::Exited { code, .. }) => {
            (CrashKind::Other, format!("Your agent ended by itself (exit code {code})."))
        }
        Some(RunState::Paused) => (CrashKind::Other, "Your agent was paused from outside.".to_owned()),
        _ => (CrashKind::Other, "Your agent's container was removed from outside.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use domain::{ContainerId, InstanceId, UserId, containers::Owner, image::PinnedImage};
    use uuid::Uuid;

    fn observed(state: RunState) -> ContainerState {
        let owner = Owner {
            instance: InstanceId::from(Uuid::nil()),
            user: UserId::from(Uuid::nil()),
            container: ContainerId::from(Uuid::nil()),
        };
        let (docker_id, image) = (String::new(), PinnedImage::named(""));
        ContainerState {
            owner,
            generation: 1,
            docker_id,
            image,
            state,
            address: None,
            created_at: None,
            started_at: None,
        }
    }

    #[test]
    fn the_kernel_s_kill_is_told_from_a_crash_with_the_same_code() {
        let limits = Limits::default();
        let oom = observed(RunState::Exited { code: 137, oom_killed: true });
        let (kind, cause) = explain(Some(&oom), limits);
        assert_eq!(
            (kind, cause.as_str()),
            (CrashKind::OutOfMemory, "Your agent ran out of memory (2 GiB) and ended.")
        );
        let killed = observed(RunState::Exited { code: 137, oom_killed: false });
        assert_eq!(explain(Some(&killed), limits).0, CrashKind::Other);
        assert!(explain(None, limits).1.contains("removed"));
    }
}
