//! A container that went down by itself: noticed, explained to its owner, and started again, ever more slowly.

use super::{StartFailure, admission, ensure_running, owner};
use crate::{Error, Result, Services, settings};
use domain::{
    containers::{ContainerError, ContainerState, Containers, Event, EventKind, RunState},
    lifecycle::{Desired, Observed},
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

/// Pauses before it is started again after the first, second … kind within ten minutes. Behind the last one it
/// stays down until somebody wants it.
const PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(5), Duration::from_secs(20), Duration::from_secs(60)];

/// What the engine reported is a hint only: every worker hears it, late or twice, so what counts is the row and
/// what the engine says when it is asked. Answers whether a container was found to be down.
pub async fn notice(services: &Services, engine: &dyn Containers, event: &Event) -> Result<bool> {
    if event.what == EventKind::Started {
        return Ok(false);
    }
    let mut tx = services.store.system("the engine reported something").await?;
    let row = containers::get(&mut tx, event.owner.container).await?;
    drop(tx);
    match row {
        Some(row) if row.generation == event.generation && is_expected_ready(&row) => {
            went_down(services, engine, &row).await
        }
        _ => Ok(false),
    }
}

/// Whether the row says that it answers, and should.
pub(super) fn is_expected_ready(row: &Container) -> bool {
    row.desired() == Desired::Running && row.observed() == Observed::Ready
}

/// Asks the engine about a container that is believed to answer. When it does not run the row says why, and it is
/// started again; after too many crashes it is given up until somebody wants it. Answers whether it was down.
pub(super) async fn went_down(services: &Services, engine: &dyn Containers, row: &Container) -> Result<bool> {
    let seen = engine.inspect(&owner(services, row)).await.map_err(away)?;
    if runs(row, seen.as_ref()) {
        return Ok(false);
    }
    let limits = row.has_limits(settings::read(&services.store).await?.limits);
    let (kind, said) = explain(seen.as_ref(), limits);
    let mut tx = services.store.system("a container went down").await?;
    // The row again, under its lock: of all who noticed one acts.
    let now = containers::ensure(&mut tx, row.id, row.user_id).await?;
    if now.generation != row.generation || !is_expected_ready(&now) {
        return Ok(false);
    }
    let before = usize::try_from(crashes::recent(&mut tx, row).await?).unwrap_or(usize::MAX);
    crashes::note(&mut tx, row, kind, &said).await?;
    match PAUSES.get(before) {
        Some(pause) => again(&mut tx, row, &said, *pause).await?,
        None => stay_down(&mut tx, row, &said).await?,
    }
    tx.commit().await?;
    services.gateways.forget(row.id);
    tracing::warn!(container = %row.id, before, said, "a container went down by itself");
    Ok(true)
}

pub(super) fn runs(row: &Container, seen: Option<&ContainerState>) -> bool {
    seen.is_some_and(|seen| seen.generation == row.generation && seen.state == RunState::Running)
}

async fn again(tx: &mut Tx, row: &Container, said: &str, pause: Duration) -> Result<()> {
    let when = match pause.as_secs() {
        0 => "It is started again.".to_owned(),
        seconds => format!("It is started again in {seconds} s, or at once with your next message."),
    };
    let sight = ContainerObservation::Stage(Stage::Queued);
    containers::observe(tx, row.id, row.generation, &sight, &format!("{said} {when}")).await?;
    let due = if pause.is_zero() { Due::Now } else { Due::In(pause) };
    ensure_running::enqueue_start_at(tx, ActsFor::User(row.user_id), row.id, due).await?;
    Ok(())
}

async fn stay_down(tx: &mut Tx, row: &Container, said: &str) -> Result<()> {
    let crashes = PAUSES.len() + 1;
    let failure = StartFailure::new(
        "crash_loop",
        "Your agent keeps ending by itself.",
        format!(
            "It ended {crashes} times within ten minutes. The last time: {said} Your next message starts it again; \
             if it stays like this, ask your admin."
        ),
    );
    let said = serde_json::to_value(&failure).map_err(Error::internal)?;
    containers::observe(
        tx,
        row.id,
        row.generation,
        &ContainerObservation::Failed { failure: said },
        &failure.title,
    )
    .await?;
    admission::wake_next_waiter(tx).await
}

/// Why it is crash, in a sentence for its owner.
fn explain(seen: Option<&ContainerState>, limits: Limits) -> (CrashKind, String) {
    match seen.map(|seen| seen.state) {
        Some(RunState::Exited { oom_killed: true, .. }) => {
            let memory = limits.memory_words();
            (CrashKind::OutOfMemory, format!("Your agent ran out of memory ({memory}) and ended."))
        }
        Some(RunState::Exited { code, .. }) => {
            (CrashKind::Other, format!("Your agent ended by itself (exit code {code})."))
        }
        Some(RunState::Paused) => (CrashKind::Other, "Your agent was paused from outside.".to_owned()),
        _ => (CrashKind::Other, "Your agent's container was removed from outside.".to_owned()),
    }
}

pub(super) fn away(error: ContainerError) -> Error {
    // The engine's own words are for the log: they may name paths of the host.
    tracing::warn!(%error, "a look at the containers");
    Error::Unavailable {
        code: error.code(),
        detail: "The server's container engine does not answer.".into(),
        retry_after: Duration::from_secs(5),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use domain::{ContainerId, InstanceId, UserId, containers::Owner, image::PinnedImage};
    use uuid::Uuid;

    fn seen(state: RunState) -> ContainerState {
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
        let oom = seen(RunState::Exited { code: 137, oom_killed: true });
        let (kind, said) = explain(Some(&oom), limits);
        assert_eq!(
            (kind, said.as_str()),
            (CrashKind::OutOfMemory, "Your agent ran out of memory (2 GiB) and ended.")
        );
        let killed = seen(RunState::Exited { code: 137, oom_killed: false });
        assert_eq!(explain(Some(&killed), limits).0, CrashKind::Other);
        assert!(explain(None, limits).1.contains("removed"));
    }
}
