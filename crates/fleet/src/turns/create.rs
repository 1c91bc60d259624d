//! Accepts a message, which is stored before anything else happens with it.

use super::{
    LEASE_SECONDS,
    drive::RequestContext,
    drivers,
    prepare::{self, Preparation, PreparedSend},
};
use crate::{Cx, Error, Result, Services, containers, conversations, gateways, idempotency};
use domain::{AgentId, ChatId, Invalid, TurnId, invalid, turn::MAX_MESSAGE_CHARS};
use store::{
    Tx, agents,
    chats::{self, Chat},
    containers::Container,
    turns::{self, Lease, Turn},
};
use tokio::time::Instant;

/// A message as the user wrote it.
#[derive(Debug, Clone)]
pub struct NewTurn {
    /// Its text.
    pub text: String,
    /// The agent that should answer; by default the one that answered last in this chat.
    pub agent: Option<AgentId>,
    /// The turn that this one replaces (regenerate, edit and resend), together with all later turns.
    pub replaces: Option<TurnId>,
    /// The client's `Idempotency-Key`: the same key again is the same turn.
    pub idempotency_key: Option<String>,
}

/// Stores the message, ensures that the container runs, and drives the turn in this process.
pub async fn create(cx: &Cx, chat: ChatId, new: NewTurn) -> Result<TurnId> {
    let accepted_at = Instant::now();
    let user = cx.user()?;
    check(&new)?;
    let id = TurnId::new(cx.services.clock.now());
    let mut tx = cx.begin().await?;
    let row = chats::lock(&mut tx, chat).await?.ok_or(Error::NotFound("chat"))?;
    if let Some(key) = &new.idempotency_key
        && let Some(earlier) = turns::by_idempotency_key(&mut tx, key).await?
    {
        let same = earlier.chat_id == chat && earlier.question == new.text;
        return if same { Ok(earlier.id) } else { Err(idempotency::reused()) };
    }
    let agent = choose_agent(&mut tx, &row, new.agent).await?;
    let branch = branch(&mut tx, &row, new.replaces).await?;
    let turn = turns::NewTurn {
        id,
        chat,
        user,
        branch,
        agent,
        question: &new.text,
        idempotency_key: new.idempotency_key.as_deref(),
        lease_seconds: LEASE_SECONDS,
    };
    let stored = turns::insert(&mut tx, &turn).await.map_err(insert_error)?;
    chats::record_turn(&mut tx, chat, agent, branch, &conversations::title_of(&new.text)).await?;
    let container = containers::ensure_running(&cx.services, &mut tx, &cx.actor, user).await?;
    let lease = Lease { turn: id, fence: 1 };
    let prepared = prepare_if_ready(&cx.services, &mut tx, &container, lease, &stored).await?;
    tx.commit().await?;
    let request = RequestContext { accepted_at, trace: cx.origin.trace.clone() };
    drivers::begin(&cx.services, lease, stored, prepared, request);
    Ok(id)
}

/// If the agent is ready the message is marked as sent in the same transaction: one commit less before the answer.
async fn prepare_if_ready(
    services: &Services,
    tx: &mut Tx,
    container: &Container,
    lease: Lease,
    turn: &Turn,
) -> Result<Option<PreparedSend>> {
    if !container.is_ready() {
        return Ok(None);
    }
    let Some(gateway) = gateways::reach(services, tx, container).await? else { return Ok(None) };
    Ok(match prepare::prepare(tx, lease, turn).await? {
        Preparation::Ready(message) => Some(PreparedSend { gateway, message }),
        // The driver comes to the same result and reports it.
        Preparation::Ended(_) | Preparation::LeaseLost => None,
    })
}

fn check(new: &NewTurn) -> Result<()> {
    invalid::text("text", &new.text, MAX_MESSAGE_CHARS)?;
    if new.text.trim().is_empty() {
        return Err(Invalid::new("text", "Write a message.").into());
    }
    idempotency::checked(new.idempotency_key.as_deref())?;
    Ok(())
}

fn insert_error(error: store::Error) -> Error {
    match error {
        store::Error::Conflict(name) if name == "turns_one_running" => Error::conflict(
            "turn_running",
            "Your agent is still answering in this chat. Wait until it has finished, or stop it first.",
        ),
        store::Error::Conflict(name) if name == "turns_user_id_idempotency_key_key" => idempotency::reused(),
        other => other.into(),
    }
}

async fn choose_agent(tx: &mut Tx, chat: &Chat, requested: Option<AgentId>) -> Result<AgentId> {
    if let Some(requested) = requested {
        return Ok(agents::get(tx, requested).await?.ok_or(Error::NotFound("agent"))?.id);
    }
    if let Some(last) = chat.agent_id {
        return Ok(last.into());
    }
    let first = agents::list(tx).await?.into_iter().next();
    Ok(first.ok_or_else(|| Error::conflict("no_agent", "You have no agent yet. Create one first."))?.id)
}

/// The branch to send on: the chat's, or a new one if an earlier turn is replaced.
async fn branch(tx: &mut Tx, chat: &Chat, replaces: Option<TurnId>) -> Result<i32> {
    let Some(replaced) = replaces else { return Ok(chat.branch) };
    let replaced =
        turns::get(tx, replaced).await?.filter(|turn| turn.chat_id == chat.id && turn.replaced_at.is_none());
    let replaced = replaced.ok_or(Error::NotFound("turn to replace"))?;
    if !replaced.status.is_final() {
        return Err(Error::conflict(
            "turn_running",
            "Your agent is still answering that message. Stop it first.",
        ));
    }
    turns::replace_from(tx, chat.id, replaced.seq).await?;
    Ok(chat.branch + 1)
}
