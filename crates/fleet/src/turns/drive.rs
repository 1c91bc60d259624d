//! Drive one turn from where it stands to its end.

use super::{
    event::{ErrorText, TurnEvent},
    live::Live,
    recover,
    stream::{self, Streamed},
    wait_ready,
};
use crate::{Services, containers::suspect};
use domain::{Actor, Person, Role, turn::TurnStatus};
use openclaw::Cause;
use serde_json::{Value, json};
use std::time::Duration;
use store::{
    events, turns,
    turns::{Ending, Turn},
};
use tokio::time::sleep;

/// How often a message may be refused before something must be wrong, and the pause in between: together
/// longer than OpenClaw needs to restart itself for a new configuration.
const MOST_REFUSALS: u32 = 15;
const BETWEEN_REFUSALS: Duration = Duration::from_secs(1);

/// How a turn ended, before it is stored.
#[derive(Debug)]
pub(super) struct End {
    pub(super) status: TurnStatus,
    pub(super) error: Option<ErrorText>,
    pub(super) usage: Option<Value>,
    pub(super) tools: Vec<Value>,
    /// The committed answer, where it differs from what was streamed.
    pub(super) answer: Option<String>,
}

impl End {
    pub(super) fn of(status: TurnStatus) -> Self {
        Self { status, error: None, usage: None, tools: Vec::new(), answer: None }
    }

    pub(super) fn failed(error: ErrorText) -> Self {
        Self { error: Some(error), ..Self::of(TurnStatus::Failed) }
    }

    pub(super) fn interrupted(detail: &str) -> Self {
        let error = ErrorText::retryable("interrupted", "The answer was interrupted.", detail);
        Self { error: Some(error), ..Self::of(TurnStatus::Interrupted) }
    }
}

/// Why driving stopped without an end to store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost;

/// Drives the turn; returns when it is stored as ended, or when it belongs to somebody else.
pub(super) async fn drive(services: &Services, live: &Live, turn: &Turn) {
    let end = tokio::select! {
        () = live.lost.cancelled() => return,
        end = run(services, live, turn) => end,
    };
    let Ok(end) = end else { return };
    finish(services, live, end).await;
}

async fn run(services: &Services, live: &Live, turn: &Turn) -> Result<End, Lost> {
    if turn.sent_at.is_some() {
        return Ok(recover::recover(services, live, turn).await);
    }
    // Asking again loses nothing as long as nothing was accepted.
    for _ in 0..MOST_REFUSALS {
        let ready = match wait_ready::wait_ready(services, live, turn).await {
            Ok(ready) => ready,
            Err(end) => return Ok(*end),
        };
        match stream::stream(services, live, turn, &ready).await? {
            Streamed::Ended(end) => return Ok(end),
            Streamed::Broken => return Ok(recover::recover(services, live, turn).await),
            Streamed::NotAccepted(Cause::AgentUnreachable) => {
                if let Err(error) = suspect(services, &actor(turn), &ready.container).await {
                    tracing::warn!(%error, "a container that does not answer could not be reported");
                    sleep(BETWEEN_REFUSALS).await;
                }
            }
            // It takes over a new configuration, or is about to: soon it will accept.
            Streamed::NotAccepted(_) => sleep(BETWEEN_REFUSALS).await,
        }
    }
    Ok(End::failed(ErrorText::retryable(
        "agent_unreachable",
        "Your agent does not accept messages.",
        "It was started again without success. Try again; if it stays like this, restart your agent.",
    )))
}

/// Jobs that a turn causes act for its user.
pub(super) fn actor(turn: &Turn) -> Actor {
    Actor::User(Person { id: turn.user_id, role: Role::User })
}

/// Stores the end together with its terminal event. A database that is away is waited for.
async fn finish(services: &Services, live: &Live, end: End) {
    let terminal = match &end.error {
        Some(error) => TurnEvent::Error(error.clone()),
        None => TurnEvent::Done { status: end.status },
    };
    let answer = end.answer.clone().unwrap_or_else(|| live.answer());
    let error = end.error.as_ref().map(|error| json!(error));
    let tools = Value::Array(end.tools);
    let ending = Ending {
        status: end.status,
        answer: &answer,
        error: error.as_ref(),
        usage: end.usage.as_ref(),
        tools: &tools,
    };
    loop {
        match store_end(services, live, &ending).await {
            Ok(true) => {
                // Told only once it is true.
                live.push(&terminal);
                let last = live.take_unsaved();
                let _ = append(services, &last).await;
                return;
            }
            Ok(false) => return live.lost.cancel(),
            Err(error) => {
                tracing::warn!(%error, turn = %live.lease.turn, "the end of a turn could not be stored; trying again");
                sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

async fn store_end(services: &Services, live: &Live, ending: &Ending<'_>) -> store::Result<bool> {
    let unsaved = live.take_unsaved();
    let stored = async {
        let mut tx = services.store.system("end of a turn").await?;
        if !unsaved.is_empty() {
            events::append(&mut tx, &unsaved).await?;
        }
        let ours = turns::finish(&mut tx, live.lease, ending).await?;
        tx.commit().await?;
        Ok(ours)
    };
    let stored = stored.await;
    if stored.is_err() {
        live.put_back(unsaved);
    }
    stored
}

async fn append(services: &Services, events: &[events::NewEvent]) -> store::Result<()> {
    let mut tx = services.store.system("terminal event of a turn").await?;
    tx.relax_durability().await?;
    events::append(&mut tx, events).await?;
    tx.commit().await
}
