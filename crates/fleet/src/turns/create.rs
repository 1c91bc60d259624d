//! Accept a message: stored before anything else happens with it.

use super::{
    drive::Asked,
    stream::{self, Dispatch, Prepared},
};
use crate::{Cx, Error, Result, Services, containers, idempotency, turns::LEASE_SECONDS};
use domain::{AgentId, ChatId, Invalid, TurnId, invalid, turn::MAX_MESSAGE};
use store::{
    Tx, agents,
    chats::{self, Chat},
    containers::Container,
    turns::{self, Lease, Turn},
};
use tokio::time::Instant;

/// A message as typed.
#[derive(Debug, Clone)]
pub struct NewTurn {
    /// What was typed.
    pub text: String,
    /// Who should answer; defaults to whoever answered last in this chat.
    pub agent: Option<AgentId>,
    /// A turn that this one stands in for (regenerate, edit and resend); all behind it go with it.
    pub replaces: Option<TurnId>,
    /// The client's Idempotency-Key: the same key again is the same turn.
    pub idempotency_key: Option<String>,
}

/// Stores the message, wants the container running, and drives the turn from this process.
pub async fn create(cx: &Cx, chat: ChatId, new: NewTurn) -> Result<TurnId> {
    let accepted = Instant::now();
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
    let stored = turns::insert(&mut tx, &turn).await.map_err(refused)?;
    chats::bump(&mut tx, chat, agent, branch, &title(&new.text)).await?;
    let container = containers::ensure_running(&cx.services, &mut tx, &cx.actor, user).await?;
    let lease = Lease { turn: id, fence: 1 };
    let dispatch = at_once(&cx.services, &mut tx, &container, lease, &stored).await?;
    tx.commit().await?;
    let asked = Asked { accepted, trace: cx.origin.trace.clone() };
    cx.services.drivers.begin(&cx.services, lease, stored, dispatch, asked);
    Ok(id)
}

/// Where the agent answers already the message is marked as sent right here: one commit instead of two
/// stands before the first word of the answer.
async fn at_once(
    services: &Services,
    tx: &mut Tx,
    container: &Container,
    lease: Lease,
    turn: &Turn,
) -> Result<Option<Dispatch>> {
    if !container.is_ready() {
        return Ok(None);
    }
    let Some(reached) = services.gateways.reach(services, tx, container).await? else { return Ok(None) };
    Ok(match stream::prepare(tx, lease, turn).await? {
        Prepared::Letter(letter) => Some(Dispatch { reached, letter }),
        // The driver finds the same and says so.
        Prepared::Ended(_) | Prepared::Lost => None,
    })
}

fn check(new: &NewTurn) -> Result<()> {
    invalid::text("text", &new.text, MAX_MESSAGE)?;
    if new.text.trim().is_empty() {
        return Err(Invalid::new("text", "Write a message.").into());
    }
    idempotency::checked(new.idempotency_key.as_deref())?;
    Ok(())
}

fn refused(error: store::Error) -> Error {
    match error {
        store::Error::Conflict(name) if name == "turns_one_running" => Error::conflict(
            "turn_running",
            "Your agent is still answering in this chat. Wait for the end or stop it first.",
        ),
        store::Error::Conflict(name) if name == "turns_user_id_idempotency_key_key" => idempotency::reused(),
        other => other.into(),
    }
}

async fn choose_agent(tx: &mut Tx, chat: &Chat, wanted: Option<AgentId>) -> Result<AgentId> {
    if let Some(wanted) = wanted {
        return Ok(agents::get(tx, wanted).await?.ok_or(Error::NotFound("agent"))?.id);
    }
    if let Some(last) = chat.agent_id {
        return Ok(last.into());
    }
    let first = agents::list(tx).await?.into_iter().next();
    Ok(first.ok_or_else(|| Error::conflict("no_agent", "You have no agent yet. Create one first."))?.id)
}

/// The branch to send on: the chat's, or a fresh one when an earlier turn is replaced.
async fn branch(tx: &mut Tx, chat: &Chat, replaces: Option<TurnId>) -> Result<i32> {
    let Some(replaced) = replaces else { return Ok(chat.branch) };
    let replaced =
        turns::get(tx, replaced).await?.filter(|turn| turn.chat_id == chat.id && turn.replaced_at.is_none());
    let replaced = replaced.ok_or(Error::NotFound("turn to replace"))?;
    if !replaced.status().is_final() {
        return Err(Error::conflict(
            "turn_running",
            "Your agent is still answering that message. Stop it first.",
        ));
    }
    turns::replace_from(tx, chat.id, replaced.seq).await?;
    Ok(chat.branch + 1)
}

/// The first words, as a title for a chat that has none.
pub(crate) fn title(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let mut title: String = line.chars().filter(|c| !c.is_control()).take(60).collect();
    if line.chars().count() > 60 {
        title.push('…');
    }
    title
}
