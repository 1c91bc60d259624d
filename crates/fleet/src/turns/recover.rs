//! Finds out from OpenClaw's own history what became of a message that was sent and whose stream was lost.
//!
//! The message is never sent again. OpenClaw resumes a run that its own restart interrupted, so after a restart the
//! answer is waited for. If only the connection was cut, OpenClaw has aborted the run.

use super::{
    outcome::{TurnOutcome, text_of},
    tools::Tools,
    wait_ready,
};
use crate::{
    Result, Services,
    gateways::GatewayHandle,
    services::active_turns::{ActiveTurn, TurnEvent},
};
use domain::{Actor, AgentId, Slug, turn::TurnStatus};
use openclaw::{MessageOutcome, RecoveredAnswer, SentMessage, SessionKey};
use std::time::Duration;
use store::{agents, turns, turns::Turn};
use tokio::time::{Instant, sleep};

/// How often the history is read.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait for an aborted run, which OpenClaw does not record at once.
const ABORTED_RUN_TIMEOUT: Duration = Duration::from_secs(4);
/// How long to wait for a run after a restart. OpenClaw resumes it about ten seconds after the restart.
const RESUMED_RUN_TIMEOUT: Duration = Duration::from_secs(60);

/// Determines the outcome of the turn.
pub(super) async fn recover(services: &Services, active: &ActiveTurn, turn: &Turn) -> TurnOutcome {
    match find_outcome(services, active, turn).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::warn!(%error, turn = %turn.id, "the history of an interrupted turn could not be read");
            TurnOutcome::interrupted(
                "Your agent went away in the middle of the answer. What had arrived is kept.",
            )
        }
    }
}

async fn find_outcome(services: &Services, active: &ActiveTurn, turn: &Turn) -> Result<TurnOutcome> {
    let mut tx = services.store.begin(&Actor::on_behalf_of(turn.user_id)).await?;
    // Read again: if this process sent the message itself, `turn` is older than that.
    let sent_at = turns::get(&mut tx, turn.id).await?.and_then(|turn| turn.sent_at);
    let agent = match turn.agent_id {
        Some(id) => agents::get(&mut tx, AgentId::from(id)).await?,
        None => None,
    };
    drop(tx);
    let (Some(sent_at), Some(agent)) = (sent_at, agent) else {
        return Ok(TurnOutcome::interrupted("What had arrived is kept."));
    };
    let agent = Slug::try_from(agent.slug)?;
    let session = SessionKey::of_branch(turn.chat_id, turn.branch);
    let sent = SentMessage { text: turn.question.clone(), sent_at, run_id: active.run_id() };
    let (mut cut_since, mut restarted_since) = (None, None);
    loop {
        let gateway = match wait_for_gateway(services, active, turn).await {
            Ok(gateway) => gateway,
            Err(outcome) => return Ok(*outcome),
        };
        let restarted = gateway.container.ready_at.is_some_and(|ready| ready > sent_at);
        // After a restart the full timeout counts, however long the restart itself took.
        let (since, timeout) = if restarted {
            (&mut restarted_since, RESUMED_RUN_TIMEOUT)
        } else {
            (&mut cut_since, ABORTED_RUN_TIMEOUT)
        };
        let deadline = *since.get_or_insert_with(Instant::now) + timeout;
        match gateway.gateway.find_outcome(&agent, session, &sent).await {
            Ok(MessageOutcome::Answered(answer)) => return Ok(use_answer(active, answer)),
            Ok(MessageOutcome::Failed(error)) if !restarted => {
                return Ok(TurnOutcome::failed(text_of(&error)));
            }
            Ok(MessageOutcome::Unanswered | MessageOutcome::Failed(_) | MessageOutcome::Absent) | Err(_) => {}
        }
        if active.stop.is_cancelled() {
            return Ok(TurnOutcome::new(TurnStatus::Stopped));
        }
        if Instant::now() >= deadline {
            return Ok(TurnOutcome::interrupted(
                "The connection to your agent broke. What had arrived is kept; it was not sent again.",
            ));
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// The gateway of the container, started again if it went away.
async fn wait_for_gateway(
    services: &Services,
    active: &ActiveTurn,
    turn: &Turn,
) -> std::result::Result<GatewayHandle, Box<TurnOutcome>> {
    let gateway =
        wait_ready::wait_ready(services, active, turn).await.map_err(|outcome| match outcome.status {
            TurnStatus::Stopped => outcome,
            _ => Box::new(TurnOutcome::interrupted(
                "Your agent went away in the middle of the answer and did not come up again.",
            )),
        })?;
    if gateway.gateway.readiness().await == openclaw::Readiness::Unreachable {
        let actor = Actor::on_behalf_of(turn.user_id);
        if let Err(error) = crate::containers::mark_unhealthy(services, &actor, &gateway.container).await {
            tracing::warn!(%error, "a container that does not answer could not be reported");
        }
    }
    Ok(gateway)
}

/// The committed answer replaces what was streamed. If only its beginning is committed, the longer text is kept.
fn use_answer(active: &ActiveTurn, answer: RecoveredAnswer) -> TurnOutcome {
    let mut tools = Tools::default();
    for item in answer.tools {
        if let Some(card) = tools.take(item) {
            active.push(&TurnEvent::Tool(card));
        }
    }
    let tools = tools.cards();
    let streamed = active.answer();
    if answer.truncated && streamed.len() > answer.text.len() {
        let detail = "The end of the answer was lost. What had arrived is kept.";
        return TurnOutcome { tools, ..TurnOutcome::interrupted(detail) };
    }
    if answer.text != streamed {
        active.push(&TurnEvent::Snapshot { text: answer.text.clone() });
    }
    if answer.truncated {
        let detail = "Only the beginning of the answer could be recovered.";
        return TurnOutcome { tools, ..TurnOutcome::interrupted(detail) };
    }
    TurnOutcome { tools, answer: Some(answer.text), ..TurnOutcome::new(TurnStatus::Done) }
}
