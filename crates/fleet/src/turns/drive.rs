//! Drives one turn from its present state to its end.

use super::{
    outcome::{LeaseLost, TurnOutcome, text_of},
    prepare::{self, Preparation, PreparedSend},
    recover,
    stream::{self, StreamResult},
    time_to_first_token::TimeToFirstToken,
    wait_ready,
};
use crate::{
    Services,
    containers::mark_unhealthy,
    conversations,
    services::active_turns::{ActiveTurn, ErrorText, TurnEvent},
};
use domain::{Actor, TraceParent};
use openclaw::Cause;
use serde_json::json;
use std::time::Duration;
use store::{
    containers, events,
    turns::{self, Ending, Turn},
};
use tokio::time::{Instant, sleep};
use tracing::Instrument;

/// Attempts to send a message, and the pause between them: together longer than OpenClaw needs to restart itself for a
/// new configuration.
const MAX_SEND_ATTEMPTS: u32 = 15;
const SEND_RETRY_DELAY: Duration = Duration::from_secs(1);
/// The pause between attempts to store the end of a turn.
const STORE_RETRY_DELAY: Duration = Duration::from_millis(500);

/// The request that brought the message. Unknown for a turn that was taken over.
#[derive(Debug)]
pub(super) struct RequestContext {
    pub(super) accepted_at: Instant,
    pub(super) trace: Option<TraceParent>,
}

/// Drives the turn. Returns when its end is stored, or when another process has its lease.
pub(super) async fn drive(
    services: &Services,
    active: &ActiveTurn,
    turn: &Turn,
    prepared: Option<PreparedSend>,
    request: Option<RequestContext>,
) {
    let trace = request.as_ref().and_then(|request| request.trace.as_ref());
    let span = tracing::info_span!(
        target: telemetry::SPANS,
        "turn",
        id = %turn.id,
        user_id = %turn.user_id,
        trace_id = trace.map(TraceParent::trace_id),
    );
    if let Some(trace) = trace {
        telemetry::set_parent(&span, trace);
    }
    let driven = async {
        let outcome = tokio::select! {
            () = active.lease_lost.cancelled() => return,
            outcome = run(services, active, turn, prepared, request.as_ref()) => outcome,
        };
        let Ok(outcome) = outcome else { return };
        telemetry::ENDED_TURNS.increment([outcome.status.as_str()]);
        finish(services, active, outcome).await;
    };
    driven.instrument(span).await;
}

async fn run(
    services: &Services,
    active: &ActiveTurn,
    turn: &Turn,
    mut prepared: Option<PreparedSend>,
    request: Option<&RequestContext>,
) -> Result<TurnOutcome, LeaseLost> {
    let mut agent_state = if prepared.is_some() { "ready" } else { "started" };
    if turn.sent_at.is_some() {
        return Ok(recover::recover(services, active, turn).await);
    }
    // A message that was not accepted can be sent again.
    for _ in 0..MAX_SEND_ATTEMPTS {
        let waiting = tracing::info_span!(target: telemetry::SPANS, "wait for agent");
        let decision = prepare_send(services, active, turn, prepared.take()).instrument(waiting).await?;
        let prepared = match decision {
            SendDecision::Send(prepared) => *prepared,
            SendDecision::Ended(outcome) => return Ok(outcome),
            SendDecision::Retry => {
                sleep(SEND_RETRY_DELAY).await;
                continue;
            }
        };
        let first_token =
            request.map(|request| TimeToFirstToken { accepted_at: request.accepted_at, agent: agent_state });
        let answering = tracing::info_span!(target: telemetry::SPANS, "answer");
        let streamed = stream::stream(services, active, turn, &prepared, first_token).instrument(answering);
        match streamed.await? {
            StreamResult::Ended(outcome) => return Ok(explain_full_disk(services, turn, outcome).await),
            StreamResult::ConnectionLost => return Ok(recover::recover(services, active, turn).await),
            StreamResult::NotAccepted(cause) => {
                agent_state = "started";
                if cause.is_wrong_address()
                    && let Err(error) =
                        mark_unhealthy(services, &actor(turn), &prepared.gateway.container).await
                {
                    tracing::warn!(%error, "a container that does not answer could not be reported");
                }
                // Otherwise it applies a new configuration and will accept the message soon.
                sleep(SEND_RETRY_DELAY).await;
            }
        }
    }
    Ok(TurnOutcome::failed(ErrorText::retryable(
        "agent_unreachable",
        "Your agent does not accept messages.",
        "It was started again without success. Try again; if that does not help, restart your agent.",
    )))
}

/// When the disk is full OpenClaw only reports that something failed. The container's row knows the reason.
async fn explain_full_disk(services: &Services, turn: &Turn, outcome: TurnOutcome) -> TurnOutcome {
    let agent_failed = outcome.error.as_ref().is_some_and(|error| error.code == Cause::AgentFailed.code());
    if !agent_failed {
        return outcome;
    }
    let row = async {
        let mut tx = services.store.begin(&actor(turn)).await?;
        containers::get_of(&mut tx, turn.user_id).await
    };
    match row.await {
        Ok(Some(row)) if row.disk_full => {
            TurnOutcome { error: Some(text_of(&Cause::DiskFull.into())), ..outcome }
        }
        _ => outcome,
    }
}

enum SendDecision {
    Send(Box<PreparedSend>),
    Ended(TurnOutcome),
    Retry,
}

/// Waits for the agent and marks the message as sent, unless both are done already.
async fn prepare_send(
    services: &Services,
    active: &ActiveTurn,
    turn: &Turn,
    prepared: Option<PreparedSend>,
) -> Result<SendDecision, LeaseLost> {
    if let Some(prepared) = prepared {
        active.push(&wait_ready::READY_AT_ONCE);
        return Ok(SendDecision::Send(Box::new(prepared)));
    }
    let gateway = match wait_ready::wait_ready(services, active, turn).await {
        Ok(gateway) => gateway,
        Err(outcome) => return Ok(SendDecision::Ended(*outcome)),
    };
    let preparation =
        services.store.run(&actor(turn), async |tx| prepare::prepare(tx, active.lease, turn).await).await;
    match preparation {
        Ok(Preparation::Ready(message)) => {
            Ok(SendDecision::Send(Box::new(PreparedSend { gateway, message })))
        }
        Ok(Preparation::Ended(outcome)) => Ok(SendDecision::Ended(outcome)),
        Ok(Preparation::LeaseLost) => Err(LeaseLost),
        Err(error) => {
            tracing::warn!(%error, turn = %turn.id, "a message could not be prepared; trying again");
            Ok(SendDecision::Retry)
        }
    }
}

/// The actor for everything that is done on behalf of the turn's user, the jobs that it enqueues included.
fn actor(turn: &Turn) -> Actor {
    Actor::on_behalf_of(turn.user_id)
}

/// Stores the outcome together with its terminal event. Waits for a database that is unavailable.
async fn finish(services: &Services, active: &ActiveTurn, outcome: TurnOutcome) {
    let Err(error) = try_finish(services, active, outcome).await else { return };
    // The text cannot be stored. The turn must end nevertheless, or its chat stays blocked.
    tracing::error!(%error, turn = %active.lease.turn, "an answer cannot be stored");
    active.drain_unsaved().discard();
    let error = ErrorText {
        code: "answer_unstorable".into(),
        title: "The answer could not be stored.".into(),
        detail: "Ask again in other words.".into(),
        retryable: true,
    };
    let outcome = TurnOutcome { answer: Some(String::new()), ..TurnOutcome::failed(error) };
    if try_finish(services, active, outcome).await.is_err() {
        active.lease_lost.cancel();
    }
}

/// Fails only with an error that does not go away when it is tried again.
async fn try_finish(services: &Services, active: &ActiveTurn, outcome: TurnOutcome) -> store::Result<()> {
    let terminal = match &outcome.error {
        Some(error) => TurnEvent::Error(error.clone()),
        None => TurnEvent::Done { status: outcome.status },
    };
    let answer = outcome.answer.clone().unwrap_or_else(|| active.answer());
    let error = outcome.error.as_ref().map(|error| json!(error));
    let usage = outcome.usage.map(|usage| json!(usage));
    let tools = json!(outcome.tools);
    let ending = Ending {
        status: outcome.status,
        answer: &answer,
        error: error.as_ref(),
        usage: usage.as_ref(),
        tools: &tools,
    };
    let _write_lock = active.write_lock().await;
    loop {
        match store_outcome(services, active, &ending, &terminal).await {
            Ok(true) => {
                // Followers see it only now that it is stored; it must not be saved again.
                active.push(&terminal);
                active.drain_unsaved().discard();
                return Ok(());
            }
            Ok(false) => {
                active.lease_lost.cancel();
                return Ok(());
            }
            Err(error) if !matches!(error, store::Error::Unavailable(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, turn = %active.lease.turn, "the end of a turn could not be stored; trying again");
                sleep(STORE_RETRY_DELAY).await;
            }
        }
    }
}

/// Stores the ending, with the events that are not saved yet and the terminal event. Returns `false` if another process
/// has the lease.
async fn store_outcome(
    services: &Services,
    active: &ActiveTurn,
    ending: &Ending<'_>,
    terminal: &TurnEvent,
) -> store::Result<bool> {
    let unsaved = active.drain_unsaved();
    let mut new_events = unsaved.events().to_vec();
    new_events.push(active.next_event(terminal));
    let mut tx = services.store.system("end of a turn").await?;
    let Some(user) = turns::finish(&mut tx, active.lease, ending).await? else {
        unsaved.discard();
        return Ok(false);
    };
    events::append(&mut tx, &new_events).await?;
    conversations::enqueue(&mut tx, user).await?;
    tx.commit().await?;
    unsaved.discard();
    Ok(true)
}
