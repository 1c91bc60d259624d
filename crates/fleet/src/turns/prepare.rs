//! Prepares a message for sending: reads what the agent needs besides it, and marks the turn as sent.

use super::outcome::TurnOutcome;
use crate::{Result, gateways::GatewayHandle, services::active_turns::ErrorText};
use domain::{AgentId, Slug, turn::TurnStatus};
use openclaw::ChatRole;
use store::{
    Tx, agents,
    turns::{self, Lease, Turn},
};

/// A message that is marked as sent, and the gateway that it goes to.
pub(super) struct PreparedSend {
    pub(super) gateway: GatewayHandle,
    pub(super) message: OutgoingMessage,
}

/// What goes to the agent besides the text of the turn.
pub(super) struct OutgoingMessage {
    pub(super) agent: Slug,
    /// The earlier messages of the chat, for a session that does not know them.
    pub(super) earlier: Vec<(ChatRole, String)>,
}

pub(super) enum Preparation {
    /// To be sent once the transaction is committed.
    Ready(OutgoingMessage),
    /// The turn ends without being sent.
    Ended(TurnOutcome),
    LeaseLost,
}

/// Reads what the message needs and marks the turn as sent, in a transaction of the turn's user. After the commit no
/// other process sends the message.
pub(super) async fn prepare(tx: &mut Tx, lease: Lease, turn: &Turn) -> Result<Preparation> {
    let agent = match turn.agent_id {
        Some(id) => agents::get(tx, AgentId::from(id)).await?,
        None => None,
    };
    let Some(agent) = agent else {
        let error = ErrorText {
            code: "agent_unknown".into(),
            title: "The agent of this message was deleted.".into(),
            detail: "Choose another agent and send it again.".into(),
            retryable: false,
        };
        return Ok(Preparation::Ended(TurnOutcome::failed(error)));
    };
    let earlier = if turn.branch > 0 { earlier_messages(tx, turn).await? } else { Vec::new() };
    if !turns::mark_sent(tx, lease).await? {
        let stopped = turns::get(tx, turn.id)
            .await?
            .is_some_and(|now| now.lease_fence == lease.fence && now.stop_requested_at.is_some());
        return Ok(if stopped {
            Preparation::Ended(TurnOutcome::new(TurnStatus::Stopped))
        } else {
            Preparation::LeaseLost
        });
    }
    Ok(Preparation::Ready(OutgoingMessage { agent: Slug::try_from(agent.slug)?, earlier }))
}

/// The messages of the earlier turns that are not replaced, if this turn is the first one sent on its branch: the
/// branch's session is new. Otherwise none.
async fn earlier_messages(tx: &mut Tx, turn: &Turn) -> Result<Vec<(ChatRole, String)>> {
    let turns = turns::list(tx, turn.chat_id).await?;
    let mut messages = Vec::new();
    for earlier in turns.into_iter().filter(|other| other.seq < turn.seq) {
        if earlier.branch == turn.branch && earlier.sent_at.is_some() {
            return Ok(Vec::new());
        }
        messages.push((ChatRole::User, earlier.question));
        if !earlier.answer.is_empty() {
            messages.push((ChatRole::Agent, earlier.answer));
        }
    }
    Ok(messages)
}
