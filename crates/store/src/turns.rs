//! Turns and the fenced lease of whoever drives one.

use crate::{Result, Tx, listen};
use chrono::{DateTime, Utc};
use domain::{AgentId, ChatId, TurnId, UserId, turn::TurnStatus};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

/// A turn.
#[derive(Debug, Clone, FromRow)]
pub struct Turn {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: TurnId,
    /// The chat it belongs to.
    #[sqlx(try_from = "Uuid")]
    pub chat_id: ChatId,
    /// Whose it is.
    #[sqlx(try_from = "Uuid")]
    pub user_id: UserId,
    /// Place in the chat.
    pub seq: i32,
    /// The chat's branch it was sent on.
    pub branch: i32,
    /// The agent that answers.
    pub agent_id: Option<Uuid>,
    /// The message.
    pub question: String,
    /// The answer so far folded.
    pub answer: String,
    status: String,
    /// Why it failed.
    pub error: Option<Value>,
    /// Tokens.
    pub usage: Option<Value>,
    /// Tool calls.
    pub tools: Value,
    /// Replaced by another turn since.
    pub replaced_at: Option<DateTime<Utc>>,
    /// Counts drivers.
    pub lease_fence: i64,
    /// When it was sent to the agent.
    pub sent_at: Option<DateTime<Utc>>,
    /// When Stop was pressed.
    pub stop_requested_at: Option<DateTime<Utc>>,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

impl Turn {
    /// Where it stands.
    pub fn status(&self) -> TurnStatus {
        TurnStatus::from_stored(&self.status).unwrap_or(TurnStatus::Failed)
    }
}

const COLUMNS: &str = "id, chat_id, user_id, seq, branch, agent_id, question, answer, status, error, usage, tools, \
                       replaced_at, lease_fence, sent_at, stop_requested_at, created_at, finished_at";

/// What a new turn is made of.
#[derive(Debug)]
pub struct NewTurn<'a> {
    /// Its id.
    pub id: TurnId,
    /// Its chat.
    pub chat: ChatId,
    /// Whose it is.
    pub user: UserId,
    /// The chat's branch.
    pub branch: i32,
    /// Who answers.
    pub agent: AgentId,
    /// The message.
    pub question: &'a str,
    /// The client's Idempotency-Key.
    pub idempotency_key: Option<&'a str>,
    /// Seconds the accepting process holds the first lease.
    pub lease_seconds: f64,
}

/// Stores a pending turn whose first lease (fence 1) belongs to the caller. A second running turn of
/// the chat is a conflict on `turns_one_running`. Answers with the turn as stored.
pub async fn insert(tx: &mut Tx, new: &NewTurn<'_>) -> Result<Turn> {
    let sql = format!(
        "insert into turns (id, chat_id, user_id, seq, branch, agent_id, question, idempotency_key, lease_fence, lease_until)
         values ($1, $2, $3, (select coalesce(max(seq), 0) + 1 from turns where chat_id = $2), $4, $5, $6, $7, 1,
                 clock_timestamp() + make_interval(secs => $8))
         returning {COLUMNS}"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(new.id.uuid())
        .bind(new.chat.uuid())
        .bind(new.user.uuid())
        .bind(new.branch)
        .bind(new.agent.uuid())
        .bind(new.question)
        .bind(new.idempotency_key)
        .bind(new.lease_seconds)
        .fetch_one(tx.conn())
        .await?)
}

/// One turn.
pub async fn get(tx: &mut Tx, id: TurnId) -> Result<Option<Turn>> {
    let sql = format!("select {COLUMNS} from turns where id = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(tx.conn()).await?)
}

/// The acting user's turn that was accepted with this Idempotency-Key.
pub async fn by_idempotency_key(tx: &mut Tx, key: &str) -> Result<Option<Turn>> {
    let sql = format!("select {COLUMNS} from turns where idempotency_key = $1");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(key).fetch_optional(tx.conn()).await?)
}

/// The turns of a chat that stand (replaced ones left out), in order.
pub async fn list(tx: &mut Tx, chat: ChatId) -> Result<Vec<Turn>> {
    let sql = format!("select {COLUMNS} from turns where chat_id = $1 and replaced_at is null order by seq");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(chat.uuid()).fetch_all(tx.conn()).await?)
}

/// Marks a turn and all behind it as replaced.
pub async fn replace_from(tx: &mut Tx, chat: ChatId, seq: i32) -> Result<()> {
    sqlx::query(
        "update turns set replaced_at = now() where chat_id = $1 and seq >= $2 and replaced_at is null",
    )
    .bind(chat.uuid())
    .bind(seq)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Asks for a stop; `false` when the turn has ended already.
pub async fn request_stop(tx: &mut Tx, id: TurnId) -> Result<bool> {
    let done = sqlx::query(
        "update turns set stop_requested_at = coalesce(stop_requested_at, now())
         where id = $1 and status in ('pending', 'running')",
    )
    .bind(id.uuid())
    .execute(tx.conn())
    .await?;
    tx.notify(listen::STOP, &id.uuid().to_string()).await?;
    Ok(done.rows_affected() > 0)
}

/// Asks all running turns of a user to stop; answers with them.
pub async fn request_stop_of(tx: &mut Tx, user: UserId) -> Result<Vec<TurnId>> {
    let asked: Vec<Uuid> = sqlx::query_scalar(
        "update turns set stop_requested_at = coalesce(stop_requested_at, now())
         where user_id = $1 and status in ('pending', 'running') returning id",
    )
    .bind(user.uuid())
    .fetch_all(tx.conn())
    .await?;
    for id in &asked {
        tx.notify(listen::STOP, &id.to_string()).await?;
    }
    Ok(asked.into_iter().map(TurnId::from).collect())
}

/// Who holds a turn: its id and the fence that every write is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The turn.
    pub turn: TurnId,
    /// The holder's number.
    pub fence: i64,
}

/// Takes over up to `limit` turns whose lease has lapsed, leaving alone the ones the caller drives itself.
pub async fn take_lapsed(tx: &mut Tx, own: &[TurnId], lease_seconds: f64, limit: i64) -> Result<Vec<Turn>> {
    let sql = format!(
        "update turns set lease_fence = lease_fence + 1, lease_until = clock_timestamp() + make_interval(secs => $1)
         where id in (select id from turns where status in ('pending', 'running') and lease_until < clock_timestamp()
                      and id <> all($3) order by lease_until limit $2 for update skip locked)
         returning {COLUMNS}"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(lease_seconds)
        .bind(limit)
        .bind(own.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .fetch_all(tx.conn())
        .await?)
}

/// Lets go of leases on purpose (a process that shuts down): another replica may take over at once.
pub async fn release(tx: &mut Tx, lease: Lease) -> Result<()> {
    sqlx::query("update turns set lease_until = clock_timestamp() where id = $1 and lease_fence = $2")
        .bind(lease.turn.uuid())
        .bind(lease.fence)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What renewing found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// The turn that is still held.
    pub turn: TurnId,
    /// Whether Stop was pressed.
    pub stop_requested: bool,
}

/// Renews leases in one statement; a lease that is missing from the answer was lost.
pub async fn renew(tx: &mut Tx, leases: &[Lease], lease_seconds: f64) -> Result<Vec<Renewed>> {
    let turns: Vec<Uuid> = leases.iter().map(|lease| lease.turn.uuid()).collect();
    let fences: Vec<i64> = leases.iter().map(|lease| lease.fence).collect();
    let rows: Vec<(Uuid, bool)> = sqlx::query_as(
        "update turns t set lease_until = clock_timestamp() + make_interval(secs => $3)
         from unnest($1::uuid[], $2::bigint[]) as held(id, fence)
         where t.id = held.id and t.lease_fence = held.fence and t.status in ('pending', 'running')
         returning t.id, t.stop_requested_at is not null",
    )
    .bind(turns)
    .bind(fences)
    .bind(lease_seconds)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|(id, stop_requested)| Renewed { turn: id.into(), stop_requested }).collect())
}

/// Marks the turn as being sent: from here on it is never sent again. `false`: the lease was lost,
/// a stop was asked for, or it was sent before.
pub async fn mark_sent(tx: &mut Tx, lease: Lease) -> Result<bool> {
    let done = sqlx::query(
        "update turns set status = 'running', sent_at = clock_timestamp()
         where id = $1 and lease_fence = $2 and status = 'pending' and sent_at is null and stop_requested_at is null",
    )
    .bind(lease.turn.uuid())
    .bind(lease.fence)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes [`mark_sent`] back: the agent provably did not accept the message. `false`: the lease was lost.
pub async fn unmark_sent(tx: &mut Tx, lease: Lease) -> Result<bool> {
    let done = sqlx::query(
        "update turns set status = 'pending', sent_at = null where id = $1 and lease_fence = $2 and status = 'running'",
    )
    .bind(lease.turn.uuid())
    .bind(lease.fence)
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

/// Ends a turn that is still held by this lease, and answers whose it is; `None` when it is not held.
pub async fn finish(tx: &mut Tx, lease: Lease, ending: &Ending<'_>) -> Result<Option<UserId>> {
    let user: Option<Uuid> = sqlx::query_scalar(
        "update turns set status = $3, answer = $4, error = $5, usage = $6, tools = $7, finished_at = clock_timestamp()
         where id = $1 and lease_fence = $2 and status in ('pending', 'running') returning user_id",
    )
    .bind(lease.turn.uuid())
    .bind(lease.fence)
    .bind(ending.status.as_str())
    .bind(ending.answer)
    .bind(ending.error)
    .bind(ending.usage)
    .bind(ending.tools)
    .fetch_optional(tx.conn())
    .await?;
    tx.notify(listen::TURN, &lease.turn.uuid().to_string()).await?;
    Ok(user.map(UserId::from))
}
