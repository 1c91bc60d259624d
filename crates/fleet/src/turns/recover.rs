//! A message that was sent and whose stream was lost: what became of it, from OpenClaw's own history.
//!
//! It is never sent again. OpenClaw goes on by itself with a run that its own restart interrupted, so
//! after a restart the answer is waited for; after a mere cut of the connection it aborted the run.

use super::{
    drive::{End, actor},
    event::TurnEvent,
    live::Live,
    session_key,
    tools::Tools,
    wait_ready,
};
use crate::{Result, Services, gateways::Reached};
use domain::{AgentId, Slug, turn::TurnStatus};
use openclaw::{Answer, Outcome, Sent};
use std::time::Duration;
use store::{agents, turns, turns::Turn};
use tokio::time::{Instant, sleep};

/// How often the history is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A run that was aborted is not written down at once.
const AFTER_A_CUT: Duration = Duration::from_secs(4);
/// OpenClaw goes on with an interrupted run some ten seconds after its restart.
const AFTER_A_RESTART: Duration = Duration::from_secs(60);

/// Settles the turn.
pub(super) async fn recover(services: &Services, live: &Live, turn: &Turn) -> End {
    match look(services, live, turn).await {
        Ok(end) => end,
        Err(error) => {
            tracing::warn!(%error, turn = %turn.id, "the history of an interrupted turn could not be read");
            End::interrupted("Your agent went away in the middle of the answer. What had arrived is kept.")
        }
    }
}

async fn look(services: &Services, live: &Live, turn: &Turn) -> Result<End> {
    let mut tx = services.store.begin(&actor(turn)).await?;
    // Read again: a turn that broke while it was driven here was sent after it was read.
    let sent_at = turns::get(&mut tx, turn.id).await?.and_then(|turn| turn.sent_at);
    let agent = match turn.agent_id {
        Some(id) => agents::get(&mut tx, AgentId::from(id)).await?,
        None => None,
    };
    drop(tx);
    let (Some(sent_at), Some(agent)) = (sent_at, agent) else {
        return Ok(End::interrupted("What had arrived is kept."));
    };
    let agent = Slug::try_from(agent.slug)?;
    let sent = Sent { text: turn.question.clone(), at: sent_at, run: live.run() };
    let (mut cut, mut restart) = (None, None);
    loop {
        let reached = match reach(services, live, turn).await {
            Ok(reached) => reached,
            Err(end) => return Ok(*end),
        };
        let restarted = reached.container.ready_at.is_some_and(|ready| ready > sent_at);
        // A container that turns out to be a new one gets the whole patience, however long it took to come up.
        let (since, patience) =
            if restarted { (&mut restart, AFTER_A_RESTART) } else { (&mut cut, AFTER_A_CUT) };
        let deadline = *since.get_or_insert_with(Instant::now) + patience;
        let found = reached.gateway.recover(&agent, session_key(turn.chat_id, turn.branch), &sent).await;
        match found {
            Ok(Outcome::Answered(answer)) => return Ok(settle(live, answer)),
            Ok(Outcome::Failed(error)) if !restarted => {
                return Ok(End { answer: None, ..End::failed(super::stream::text_of(&error)) });
            }
            Ok(Outcome::Unanswered | Outcome::Failed(_) | Outcome::Absent) | Err(_) => {}
        }
        if live.stop.is_cancelled() {
            return Ok(End::of(TurnStatus::Stopped));
        }
        if Instant::now() >= deadline {
            return Ok(End::interrupted(
                "The connection to your agent broke. What had arrived is kept; it was not sent again.",
            ));
        }
        sleep(LOOK_EVERY).await;
    }
}

/// The container, up again where it went away.
async fn reach(services: &Services, live: &Live, turn: &Turn) -> std::result::Result<Reached, Box<End>> {
    let reached = wait_ready::wait_ready(services, live, turn).await.map_err(|end| match end.status {
        TurnStatus::Stopped => end,
        _ => Box::new(End::interrupted(
            "Your agent went away in the middle of the answer and did not come up again.",
        )),
    })?;
    if reached.gateway.ready().await == openclaw::Readiness::Unreachable
        && let Err(error) =
            crate::containers::mark_unhealthy(services, &actor(turn), &reached.container).await
    {
        tracing::warn!(%error, "a container that does not answer could not be reported");
    }
    Ok(reached)
}

/// The committed answer wins over what was streamed; of a clipped one the longer text is kept.
fn settle(live: &Live, answer: Answer) -> End {
    let mut tools = Tools::default();
    for item in answer.tools {
        if let Some(card) = tools.take(item) {
            live.push(&TurnEvent::Tool(card));
        }
    }
    let streamed = live.answer();
    if answer.clipped && streamed.len() > answer.text.len() {
        return End {
            tools: tools.cards(),
            ..End::interrupted("The end of the answer was lost. What had arrived is kept.")
        };
    }
    if answer.text != streamed {
        live.push(&TurnEvent::Snapshot { text: answer.text.clone() });
    }
    if answer.clipped {
        return End {
            tools: tools.cards(),
            ..End::interrupted("Only the beginning of the answer could be recovered.")
        };
    }
    End { tools: tools.cards(), answer: Some(answer.text), ..End::of(TurnStatus::Done) }
}
