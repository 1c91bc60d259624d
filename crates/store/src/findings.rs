//! Findings and which of them say nearly the same.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{FindingId, UserId};
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

/// A finding.
#[derive(Debug, Clone, FromRow)]
pub struct Finding {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: FindingId,
    /// A line, if any.
    pub title: Option<String>,
    /// The text.
    pub content: String,
    /// Sorted, lower case.
    pub tags: Vec<String>,
    /// `person`, `agent` or `chat`.
    pub source: String,
    /// The chat it comes from.
    pub chat_id: Option<Uuid>,
    /// The turn it comes from.
    pub turn_id: Option<Uuid>,
    /// The agent it comes from.
    pub agent_id: Option<Uuid>,
    /// From when on nobody sees it.
    pub expires_at: Option<DateTime<Utc>>,
    /// First saved.
    pub created_at: DateTime<Utc>,
    /// Last changed or saved again.
    pub updated_at: DateTime<Utc>,
}

const COLUMNS: &str =
    "id, title, content, tags, source, chat_id, turn_id, agent_id, expires_at, created_at, updated_at";

/// What finding says the same, if any does; one whose time is over is deleted on the way. Locked.
pub async fn same(tx: &mut Tx, user: UserId, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Finding>> {
    let sql = format!("select {COLUMNS} from findings where user_id = $1 and content_hash = $2 for update");
    let found: Option<Finding> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(user.uuid()).bind(hash).fetch_optional(tx.conn()).await?;
    let Some(finding) = found else { return Ok(None) };
    if finding.expires_at.is_some_and(|end| end <= now) {
        delete(tx, user, &[finding.id.uuid()]).await?;
        return Ok(None);
    }
    Ok(Some(finding))
}

/// Stores a new finding; whether it was stored: another one with the same content may have come in between.
pub async fn insert(tx: &mut Tx, user: UserId, hash: &[u8], finding: &Finding) -> Result<bool> {
    let done = sqlx::query(
        "insert into findings (id, user_id, title, content, content_hash, tags, source, chat_id, turn_id, agent_id,
                               expires_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (user_id, content_hash) do nothing",
    )
    .bind(finding.id.uuid())
    .bind(user.uuid())
    .bind(&finding.title)
    .bind(&finding.content)
    .bind(hash)
    .bind(&finding.tags)
    .bind(&finding.source)
    .bind(finding.chat_id)
    .bind(finding.turn_id)
    .bind(finding.agent_id)
    .bind(finding.expires_at)
    .bind(finding.created_at)
    .bind(finding.updated_at)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Writes what can change of a finding: title, content with its hash, tags, end.
pub async fn update(tx: &mut Tx, hash: &[u8], finding: &Finding) -> Result<()> {
    sqlx::query(
        "update findings set title = $2, content = $3, content_hash = $4, tags = $5, expires_at = $6, updated_at = $7
         where id = $1",
    )
    .bind(finding.id.uuid())
    .bind(&finding.title)
    .bind(&finding.content)
    .bind(hash)
    .bind(&finding.tags)
    .bind(finding.expires_at)
    .bind(finding.updated_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One finding whose time is not over, locked against a change at the same moment.
pub async fn lock(tx: &mut Tx, id: FindingId, now: DateTime<Utc>) -> Result<Option<Finding>> {
    let sql = format!(
        "select {COLUMNS} from findings where id = $1 and (expires_at is null or expires_at > $2) for update"
    );
    Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(id.uuid()).bind(now).fetch_optional(tx.conn()).await?)
}

/// Those of these findings whose time is not over, in no order.
pub async fn get(tx: &mut Tx, ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<Finding>> {
    let sql = format!(
        "select {COLUMNS} from findings where id = any($1) and (expires_at is null or expires_at > $2)"
    );
    Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(ids).bind(now).fetch_all(tx.conn()).await?)
}

/// What a list is narrowed to; everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct Narrow {
    /// With this tag.
    pub tag: Option<String>,
    /// From this agent.
    pub agent: Option<Uuid>,
    /// With this in title or content, in any case.
    pub containing: Option<String>,
}

/// One page of a user's findings, latest first, after the position of the page before.
pub async fn list(
    tx: &mut Tx,
    user: UserId,
    narrow: &Narrow,
    now: DateTime<Utc>,
    after: Option<(DateTime<Utc>, FindingId)>,
    limit: i64,
) -> Result<Vec<Finding>> {
    let sql = format!(
        "select {COLUMNS} from findings
         where user_id = $1 and (expires_at is null or expires_at > $2)
           and ($3::timestamptz is null or (created_at, id) < ($3, $4))
           and ($5::text is null or $5 = any(tags)) and ($6::uuid is null or agent_id = $6)
           and ($7::text is null or strpos(lower(content), lower($7)) > 0 or strpos(lower(title), lower($7)) > 0)
         order by created_at desc, id desc limit $8"
    );
    Ok(sqlx::query_as(AssertSqlSafe(sql))
        .bind(user.uuid())
        .bind(now)
        .bind(after.map(|(at, _)| at))
        .bind(after.map(|(_, id)| id.uuid()))
        .bind(&narrow.tag)
        .bind(narrow.agent)
        .bind(&narrow.containing)
        .bind(limit)
        .fetch_all(tx.conn())
        .await?)
}

/// Deletes findings and takes them out of the search; how many there were.
pub async fn delete(tx: &mut Tx, user: UserId, ids: &[Uuid]) -> Result<u64> {
    crate::knowledge::remove(tx, user, domain::knowledge::Kind::Finding, ids).await?;
    let done = sqlx::query("delete from findings where user_id = $1 and id = any($2)")
        .bind(user.uuid())
        .bind(ids)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}

/// Up to `most` findings whose time is over, with their owners.
pub async fn expired(tx: &mut Tx, now: DateTime<Utc>, most: i64) -> Result<Vec<(UserId, Uuid)>> {
    let rows: Vec<(Uuid, Uuid)> =
        sqlx::query_as("select user_id, id from findings where expires_at <= $1 order by user_id limit $2")
            .bind(now)
            .bind(most)
            .fetch_all(tx.conn())
            .await?;
    Ok(rows.into_iter().map(|(user, id)| (user.into(), id)).collect())
}

/// One that says nearly the same as another.
#[derive(Debug, Clone, FromRow)]
pub struct Similar {
    /// As which finding.
    pub finding_id: Uuid,
    /// The one that does.
    #[sqlx(try_from = "Uuid")]
    pub id: FindingId,
    /// Its title.
    pub title: Option<String>,
    /// Cosine of their meanings.
    pub score: f32,
}

/// What says nearly the same as these findings, nearest first.
pub async fn similar(tx: &mut Tx, ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<Similar>> {
    Ok(sqlx::query_as(
        "select l.finding_id, f.id, f.title, l.score
         from finding_links l join findings f on f.id = l.similar_id
         where l.finding_id = any($1) and (f.expires_at is null or f.expires_at > $2)
         order by l.score desc, f.id",
    )
    .bind(ids)
    .bind(now)
    .fetch_all(tx.conn())
    .await?)
}

/// Forgets what a finding is similar to, because it says something else from now on.
pub async fn unlink(tx: &mut Tx, id: FindingId) -> Result<()> {
    sqlx::query("delete from finding_links where finding_id = $1 or similar_id = $1")
        .bind(id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// So near are the meanings of two findings that say nearly the same.
const ALIKE: f64 = 0.9;

/// Links the findings that begin with these pieces to the nearest that say nearly the same, in both directions. Of a long
/// finding the first piece counts.
pub async fn link(tx: &mut Tx, user: UserId, model: i16, pieces: &[i64]) -> Result<()> {
    sqlx::query(
        "with alike as (
             select c.parent_id as one, s.parent_id as other, s.score
             from knowledge_chunks c, lateral (
                 select o.parent_id, 1 - (o.embedding <=> c.embedding) as score
                 from (select n.id from knowledge_chunks n
                       where n.user_id = $1 and n.kind = 'f' and n.model = $2 and n.id <> c.id
                       order by hamming_distance(n.code, c.code) limit 20) near
                      join knowledge_chunks o using (id)
                 where o.ordinal = 0 and o.parent_id <> c.parent_id
                 order by o.embedding <=> c.embedding limit 5) s
             where c.user_id = $1 and c.kind = 'f' and c.ordinal = 0 and c.id = any($3) and s.score >= $4
         )
         insert into finding_links (user_id, finding_id, similar_id, score)
         select distinct on (2, 3) $1, one, other, score
         from (select one, other, score from alike union all select other, one, score from alike) both_ways
         on conflict (finding_id, similar_id) do update set score = excluded.score",
    )
    .bind(user.uuid())
    .bind(model)
    .bind(pieces)
    .bind(ALIKE)
    .execute(tx.conn())
    .await?;
    Ok(())
}
