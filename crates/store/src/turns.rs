//! Turns and the fenced lease of the process that drives one.

use crate::{Result, Tx, listen, stored::Stored};
use chrono::{DateTime, Utc};
use domain::{AgentId, ChatId, TurnId, UserId, turn::TurnStatus};
use serde_json::Value;
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct Turn {
    pub id: TurnId,
    pub chat_id: ChatId,
    pub user_id: UserId,
    /// Place in the chat.
    pub seq: i32,
    /// The chat's branch it was sent on.
    pub branch: i32,
    /// The agent that answers.
    pub agent_id: Option<Uuid>,
    /// The message.
    pub question: String,
    /// The answer as far as it is folded.
    pub answer: String,
    pub status: TurnStatus,
    /// Why it failed.
    pub error: Option<Value>,
    /// Tokens.
    pub usage: Option<Value>,
    /// Tool calls.
    pub tools: Value,
    /// When another turn replaced it.
    pub replaced_at: Option<DateTime<Utc>>,
    /// Counts drivers.
    pub lease_fence: i64,
    /// When it was sent to the agent.
    pub sent_at: Option<DateTime<Utc>>,
    pub stop_requested_at: Option<DateTime<Utc>>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// Turns, by the texts before and after the columns.
macro_rules! query_turns {
    ($before:literal, $after:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Turn,
            $before + r#" id, chat_id, user_id, seq, branch, agent_id, question, answer,
                status as "status: Stored<TurnStatus>", error, usage, tools, replaced_at, lease_fence, sent_at,
                stop_requested_at, created_at, finished_at "# + $after
            $(, $arg)*
        )
    };
}

#[derive(Debug)]
pub struct NewTurn<'a> {
    pub id: TurnId,
    pub chat: ChatId,
    pub user: UserId,
    /// The chat's branch.
    pub branch: i32,
    /// The agent that answers.
    pub agent: AgentId,
    /// The message.
    pub question: &'a str,
    /// The client's Idempotency-Key.
    pub idempotency_key: Option<&'a str>,
    /// How long the accepting process holds the first lease.
    pub lease_seconds: f64,
}

/// Stores a pending turn whose first lease (fence 1) belongs to the caller. A second running turn of the chat is a
/// conflict on `turns_one_running`. Answers with the turn as stored.
pub async fn insert(tx: &mut Tx, new: &NewTurn<'_>) -> Result<Turn> {
    Ok(query_turns!(
        "insert into turns (id, chat_id, user_id, seq, branch, agent_id, question, idempotency_key, lease_fence, lease_until)
         values ($1, $2, $3, (select coalesce(max(seq), 0) + 1 from turns where chat_id = $2), $4, $5, $6, $7, 1,
                 clock_timestamp() + make_interval(secs => $8))
         returning",
        "",
        new.id.uuid(),
        new.chat.uuid(),
        new.user.uuid(),
        new.branch,
        new.agent.uuid(),
        new.question,
        new.idempotency_key,
        new.lease_seconds,
    )
    .fetch_one(tx.conn())
    .await?)
}

pub async fn get(tx: &mut Tx, id: TurnId) -> Result<Option<Turn>> {
    Ok(query_turns!("select", "from turns where id = $1", id.uuid()).fetch_optional(tx.conn()).await?)
}

/// The acting user's turn that was accepted with this Idempotency-Key.
pub async fn by_idempotency_key(tx: &mut Tx, key: &str) -> Result<Option<Turn>> {
    Ok(query_turns!("select", "from turns where idempotency_key = $1", key).fetch_optional(tx.conn()).await?)
}

/// The turns of a chat without replaced ones, in order.
pub async fn list(tx: &mut Tx, chat: ChatId) -> Result<Vec<Turn>> {
    Ok(query_turns!(
        "select",
        "from turns where chat_id = $1 and replaced_at is null order by seq",
        chat.uuid()
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Marks a turn and all behind it as replaced.
pub async fn replace_from(tx: &mut Tx, chat: ChatId, seq: i32) -> Result<()> {
    sqlx::query!(
        "update turns set replaced_at = now() where chat_id = $1 and seq >= $2 and replaced_at is null",
        chat.uuid(),
        seq,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Requests a stop; `false` when the turn has ended already.
pub async fn request_stop(tx: &mut Tx, id: TurnId) -> Result<bool> {
    let done = sqlx::query!(
        "update turns set stop_requested_at = coalesce(stop_requested_at, now())
         where id = $1 and status in ('pending', 'running')",
        id.uuid(),
    )
    .execute(tx.conn())
    .await?;
    tx.notify(listen::STOP, &id.uuid().to_string()).await?;
    Ok(done.rows_affected() > 0)
}

/// Requests a stop of all running turns of a user; answers with them.
pub async fn request_stop_of_user(tx: &mut Tx, user: UserId) -> Result<Vec<TurnId>> {
    let turns = sqlx::query_scalar!(
        "update turns set stop_requested_at = coalesce(stop_requested_at, now())
         where user_id = $1 and status in ('pending', 'running') returning id",
        user.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    for id in &turns {
        tx.notify(listen::STOP, &id.to_string()).await?;
    }
    Ok(turns.into_iter().map(TurnId::from).collect())
}

/// Who holds a turn: its id and the fence that every write is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub turn: TurnId,
    /// The holder's number.
    pub fence: i64,
}

/// Takes over up to `limit` turns whose lease has lapsed, without those that the caller drives itself (`own`).
pub async fn claim_lapsed(tx: &mut Tx, own: &[TurnId], lease_seconds: f64, limit: i64) -> Result<Vec<Turn>> {
    let own: Vec<Uuid> = own.iter().map(|id| id.uuid()).collect();
    Ok(query_turns!(
        "update turns set lease_fence = lease_fence + 1, lease_until = clock_timestamp() + make_interval(secs => $1)
         where id in (select id from turns where status in ('pending', 'running') and lease_until < clock_timestamp()
                      and id <> all($3) order by lease_until limit $2 for update skip locked)
         returning",
        "",
        lease_seconds,
        limit,
        &own,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Gives a lease up (the process shuts down): another replica may take over at once.
pub async fn release(tx: &mut Tx, lease: Lease) -> Result<()> {
    sqlx::query!(
        "update turns set lease_until = clock_timestamp() where id = $1 and lease_fence = $2",
        lease.turn.uuid(),
        lease.fence,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A lease that was renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    pub turn: TurnId,
    pub stop_requested: bool,
}

/// Renews leases in one statement; a lease that is missing from the answer was lost.
pub async fn renew(tx: &mut Tx, leases: &[Lease], lease_seconds: f64) -> Result<Vec<Renewed>> {
    let turns: Vec<Uuid> = leases.iter().map(|lease| lease.turn.uuid()).collect();
    let fences: Vec<i64> = leases.iter().map(|lease| lease.fence).collect();
    Ok(sqlx::query_as!(
        Renewed,
        r#"update turns t set lease_until = clock_timestamp() + make_interval(secs => $3)
         from unnest($1::uuid[], $2::bigint[]) as held(id, fence)
         where t.id = held.id and t.lease_fence = held.fence and t.status in ('pending', 'running')
         returning t.id as turn, t.stop_requested_at is not null as "stop_requested!""#,
        &turns,
        &fences,
        lease_seconds,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Marks the turn as being sent: from here on it is never sent again. `false`: the lease was lost, a stop was
/// requested, or it was sent before.
pub async fn mark_sent(tx: &mut Tx, lease: Lease) -> Result<bool> {
    let done = sqlx::query!(
        "update turns set status = 'running', sent_at = clock_timestamp()
         where id = $1 and lease_fence = $2 and status = 'pending' and sent_at is null and stop_requested_at is null",
        lease.turn.uuid(),
        lease.fence,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes [`mark_sent`] back: the agent provably did not accept the message. `false`: the lease was lost.
pub async fn unmark_sent(tx: &mut Tx, lease: Lease) -> Result<bool> {
    let done = sqlx::query!(
        "update turns set status = 'pending', sent_at = null where id = $1 and lease_fence = $2 and status = 'running'",
        lease.turn.uuid(),
        lease.fence,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How a turn ends.
#[derive(Debug)]
pub struct Ending<'a> {
    /// A final status.
    pub status: TurnStatus,
    /// The whole answer, or what had arrived.
    pub answer: &'a str,
    /// Why it failed.
    pub error: Option<&'a Value>,
    /// Tokens.
    pub usage: Option<&'a Value>,
    /// Tool calls.
    pub tools: &'a Value,
}

/// Ends a turn that this lease still holds, and answers with its user; `None` when it is not held.
pub async fn finish(tx: &mut Tx, lease: Lease, ending: &Ending<'_>) -> Result<Option<UserId>> {
    let user = sqlx::query_scalar!(
        "update turns set status = $3, answer = $4, error = $5, usage = $6, tools = $7, finished_at = clock_timestamp()
         where id = $1 and lease_fence = $2 and status in ('pending', 'running') returning user_id",
        lease.turn.uuid(),
        lease.fence,
        ending.status.as_str(),
        ending.answer,
        ending.error,
        ending.usage,
        ending.tools,
    )
    .fetch_optional(tx.conn())
    .await?;
    tx.notify(listen::TURN, &lease.turn.uuid().to_string()).await?;
    Ok(user.map(UserId::from))
}
