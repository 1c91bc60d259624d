//! Findings and which of them say nearly the same.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{FindingId, UserId};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub struct Finding {
    pub id: FindingId,
    /// One line.
    pub title: Option<String>,
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
    /// It is not shown from then on.
    pub expires_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    /// When it was last changed or saved again.
    pub updated_at: DateTime<Utc>,
}

/// Findings, by the text after the columns.
macro_rules! select_findings {
    ($from:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            Finding,
            "select id, title, content, tags, source, chat_id, turn_id, agent_id, expires_at, created_at, updated_at "
                + $from
            $(, $arg)*
        )
    };
}

/// The finding with the same content, if there is one, locked. An expired one is deleted instead.
pub async fn by_content(
    tx: &mut Tx,
    user: UserId,
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Finding>> {
    let found = select_findings!(
        "from findings where user_id = $1 and content_hash = $2 for update",
        user.uuid(),
        hash
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(finding) = found else { return Ok(None) };
    if finding.expires_at.is_some_and(|end| end <= now) {
        delete(tx, user, &[finding.id.uuid()]).await?;
        return Ok(None);
    }
    Ok(Some(finding))
}

/// Stores a new finding; `false` when another one with the same content was stored meanwhile.
pub async fn insert(tx: &mut Tx, user: UserId, hash: &[u8], finding: &Finding) -> Result<bool> {
    let done = sqlx::query!(
        "insert into findings (id, user_id, title, content, content_hash, tags, source, chat_id, turn_id, agent_id,
                               expires_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (user_id, content_hash) do nothing",
        finding.id.uuid(),
        user.uuid(),
        finding.title.as_deref(),
        finding.content,
        hash,
        &finding.tags,
        finding.source,
        finding.chat_id,
        finding.turn_id,
        finding.agent_id,
        finding.expires_at,
        finding.created_at,
        finding.updated_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Writes what can change of a finding: title, content with its hash, tags, expiry.
pub async fn update(tx: &mut Tx, hash: &[u8], finding: &Finding) -> Result<()> {
    sqlx::query!(
        "update findings set title = $2, content = $3, content_hash = $4, tags = $5, expires_at = $6, updated_at = $7
         where id = $1",
        finding.id.uuid(),
        finding.title.as_deref(),
        finding.content,
        hash,
        &finding.tags,
        finding.expires_at,
        finding.updated_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One finding that has not expired, locked against a change at the same moment.
pub async fn lock(tx: &mut Tx, id: FindingId, now: DateTime<Utc>) -> Result<Option<Finding>> {
    Ok(select_findings!(
        "from findings where id = $1 and (expires_at is null or expires_at > $2) for update",
        id.uuid(),
        now
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Those of these findings that have not expired, in any order.
pub async fn get(tx: &mut Tx, ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<Finding>> {
    Ok(select_findings!(
        "from findings where id = any($1) and (expires_at is null or expires_at > $2)",
        ids,
        now
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Which findings to list; every condition that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct FindingFilter {
    /// With this tag.
    pub tag: Option<String>,
    /// From this agent.
    pub agent: Option<Uuid>,
    /// With this text in title or content, in any case.
    pub containing: Option<String>,
}

/// One page of a user's findings, latest first, after the position of the page before.
pub async fn list(
    tx: &mut Tx,
    user: UserId,
    filter: &FindingFilter,
    now: DateTime<Utc>,
    after: Option<(DateTime<Utc>, FindingId)>,
    limit: i64,
) -> Result<Vec<Finding>> {
    Ok(select_findings!(
        "from findings
         where user_id = $1 and (expires_at is null or expires_at > $2)
           and ($3::timestamptz is null or (created_at, id) < ($3, $4))
           and ($5::text is null or $5 = any(tags)) and ($6::uuid is null or agent_id = $6)
           and ($7::text is null or strpos(lower(content), lower($7)) > 0 or strpos(lower(title), lower($7)) > 0)
         order by created_at desc, id desc limit $8",
        user.uuid(),
        now,
        after.map(|(at, _)| at),
        after.map(|(_, id)| id.uuid()),
        filter.tag.as_deref(),
        filter.agent,
        filter.containing.as_deref(),
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Deletes findings and takes them out of the search; how many there were.
pub async fn delete(tx: &mut Tx, user: UserId, ids: &[Uuid]) -> Result<u64> {
    crate::knowledge::remove(tx, user, domain::knowledge::Kind::Finding, ids).await?;
    let done = sqlx::query!("delete from findings where user_id = $1 and id = any($2)", user.uuid(), ids)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}

/// Up to `limit` expired findings, with their owners.
pub async fn expired(tx: &mut Tx, now: DateTime<Utc>, limit: i64) -> Result<Vec<(UserId, Uuid)>> {
    let rows = sqlx::query!(
        "select user_id, id from findings where expires_at <= $1 order by user_id limit $2",
        now,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.user_id.into(), row.id)).collect())
}

/// A finding that says nearly the same as another.
#[derive(Debug, Clone)]
pub struct Similar {
    /// The other one.
    pub finding_id: Uuid,
    pub id: FindingId,
    pub title: Option<String>,
    /// Cosine of their meanings.
    pub score: f32,
}

/// What says nearly the same as these findings, nearest first.
pub async fn similar(tx: &mut Tx, ids: &[Uuid], now: DateTime<Utc>) -> Result<Vec<Similar>> {
    Ok(sqlx::query_as!(
        Similar,
        "select l.finding_id, f.id, f.title, l.score
         from finding_links l join findings f on f.id = l.similar_id
         where l.finding_id = any($1) and (f.expires_at is null or f.expires_at > $2)
         order by l.score desc, f.id",
        ids,
        now,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Forgets what a finding is similar to, because its content changed.
pub async fn unlink(tx: &mut Tx, id: FindingId) -> Result<()> {
    sqlx::query!("delete from finding_links where finding_id = $1 or similar_id = $1", id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The cosine of two findings that say nearly the same.
const MIN_SIMILARITY: f64 = 0.9;

/// Links the findings that begin with these chunks to the nearest that say nearly the same, in both directions. Of a
/// long finding the first chunk counts.
pub async fn link(tx: &mut Tx, user: UserId, model: i16, chunks: &[i64]) -> Result<()> {
    sqlx::query!(
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
        user.uuid(),
        model,
        chunks,
        MIN_SIMILARITY,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
