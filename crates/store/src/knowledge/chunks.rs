//! Adding and removing chunks, and their words with them.

use crate::{Error, Result, Tx};
use chrono::{DateTime, Utc};
use domain::{UserId, knowledge::Kind};
use serde::Serialize;
use uuid::Uuid;

/// A chunk to be found from now on. It has no vector yet: enqueue `jobs::kinds::Embed` in the same transaction.
#[derive(Debug, Clone, Serialize)]
pub struct NewChunk<'a> {
    /// The finding or the message.
    pub parent_id: Uuid,
    /// Place in the parent, from 0.
    pub ordinal: i16,
    /// The conversation of a message.
    pub conversation_id: Option<Uuid>,
    /// The agent it comes from.
    pub agent_id: Option<Uuid>,
    /// The author of a message: `user`, `assistant` or `tool`.
    pub role: Option<&'a str>,
    /// Tags of a finding.
    pub tags: &'a [String],
    /// When it was written or saved.
    pub at: DateTime<Utc>,
    /// It is not found from then on.
    pub expires_at: Option<DateTime<Utc>>,
    /// Without NUL.
    pub text: &'a str,
}

/// Adds chunks of parents that have none yet. `language` is a text search configuration of Postgres (`english`).
pub async fn add(
    tx: &mut Tx,
    user: UserId,
    kind: Kind,
    language: &str,
    chunks: &[NewChunk<'_>],
) -> Result<()> {
    let document = serde_json::to_value(chunks).map_err(|_| Error::Corrupt { what: "chunks" })?;
    let ids = sqlx::query_scalar!(
        r#"insert into knowledge_chunks (user_id, kind, parent_id, ordinal, conversation_id, agent_id, role, tags, at,
                                         expires_at, language, text)
           select $1, $2::text::"char", parent_id, ordinal, conversation_id, agent_id, role, tags, at, expires_at, $3,
               text
           from jsonb_to_recordset($4) as chunk (parent_id uuid, ordinal smallint, conversation_id uuid, agent_id uuid,
               role text, tags text[], at timestamptz, expires_at timestamptz, text text)
           returning id"#,
        user.uuid(),
        kind.stored(),
        language,
        document,
    )
    .fetch_all(tx.conn())
    .await?;
    add_words(tx, &ids).await
}

/// Puts these chunks in place of all that `parent` has. Where the texts are the same, their vectors stay.
pub async fn replace(
    tx: &mut Tx,
    user: UserId,
    kind: Kind,
    language: &str,
    parent: Uuid,
    chunks: &[NewChunk<'_>],
) -> Result<()> {
    let before = sqlx::query_scalar!(
        r#"select text from knowledge_chunks where user_id = $1 and kind = $2::text::"char" and parent_id = $3
           order by ordinal for update"#,
        user.uuid(),
        kind.stored(),
        parent,
    )
    .fetch_all(tx.conn())
    .await?;
    let same =
        before.len() == chunks.len() && before.iter().zip(chunks).all(|(before, chunk)| before == chunk.text);
    let Some(first) = chunks.first().filter(|_| same) else {
        remove(tx, user, kind, &[parent]).await?;
        return add(tx, user, kind, language, chunks).await;
    };
    sqlx::query!(
        r#"update knowledge_chunks set agent_id = $4, role = $5, tags = $6, at = $7, expires_at = $8
           where user_id = $1 and kind = $2::text::"char" and parent_id = $3"#,
        user.uuid(),
        kind.stored(),
        parent,
        first.agent_id,
        first.role,
        first.tags,
        first.at,
        first.expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes all chunks of these findings or messages from the search.
pub async fn remove(tx: &mut Tx, user: UserId, kind: Kind, parents: &[Uuid]) -> Result<()> {
    let ids = sqlx::query_scalar!(
        r#"select id from knowledge_chunks where user_id = $1 and kind = $2::text::"char" and parent_id = any($3)
           for update"#,
        user.uuid(),
        kind.stored(),
        parents,
    )
    .fetch_all(tx.conn())
    .await?;
    remove_chunks(tx, &ids).await
}

/// Removes all messages of a conversation from the search.
pub async fn remove_conversation(tx: &mut Tx, user: UserId, conversation: Uuid) -> Result<()> {
    let ids = sqlx::query_scalar!(
        "select id from knowledge_chunks where user_id = $1 and conversation_id = $2 for update",
        user.uuid(),
        conversation,
    )
    .fetch_all(tx.conn())
    .await?;
    remove_chunks(tx, &ids).await
}

/// Renews the words of up to `limit` chunks whose words are of another language. Answers how many.
pub async fn reindex_language(tx: &mut Tx, user: UserId, language: &str, limit: i64) -> Result<usize> {
    let ids = sqlx::query_scalar!(
        "select id from knowledge_chunks
         where user_id = $1 and kind in ('f', 'm') and language <> $2 limit $3 for update",
        user.uuid(),
        language,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    remove_words(tx, &ids).await?;
    sqlx::query!("update knowledge_chunks set language = $2 where id = any($1)", &ids, language)
        .execute(tx.conn())
        .await?;
    add_words(tx, &ids).await?;
    Ok(ids.len())
}

async fn remove_chunks(tx: &mut Tx, ids: &[i64]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    remove_words(tx, ids).await?;
    sqlx::query!("delete from knowledge_chunks where id = any($1)", ids).execute(tx.conn()).await?;
    Ok(())
}

/// BM25 with k1 = 1.2 and b = 0.75. The usual length is fixed at 64 words instead of being an average, so that a weight
/// never changes because of other chunks. Words of more than 64 characters cannot be found.
async fn add_words(tx: &mut Tx, ids: &[i64]) -> Result<()> {
    sqlx::query!(
        "insert into knowledge_terms (user_id, kind, term, chunk_id, weight)
         select c.user_id, c.kind, w.term, c.id, w.times * 2.2 / (w.times + 1.2 * (0.25 + 0.75 * w.words / 64.0))
         from knowledge_chunks c,
              lateral (select lexeme as term, cardinality(positions) as times,
                              sum(cardinality(positions)) over () as words
                       from unnest(to_tsvector(c.language::regconfig, c.text))) w
         where c.id = any($1) and length(w.term) <= 64
         order by 1, 2, 3, 4",
        ids,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn remove_words(tx: &mut Tx, ids: &[i64]) -> Result<()> {
    sqlx::query!(
        "delete from knowledge_terms t
         using knowledge_chunks c, lateral unnest(to_tsvector(c.language::regconfig, c.text)) w
         where c.id = any($1) and t.user_id = c.user_id and t.kind = c.kind and t.term = w.lexeme and t.chunk_id = c.id",
        ids,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
