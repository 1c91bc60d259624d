//! Pieces come and go, and their words with them.

use crate::{Error, Result, Tx};
use chrono::{DateTime, Utc};
use domain::{UserId, knowledge::Kind};
use serde::Serialize;
use uuid::Uuid;

/// A piece to be found from now on. It has no vector yet: enqueue `jobs::kinds::Embed` in the same transaction.
#[derive(Debug, Clone, Serialize)]
pub struct Piece<'a> {
    /// The finding or the message.
    pub parent_id: Uuid,
    /// Place in the parent, from 0.
    pub ordinal: i16,
    /// The conversation of a message.
    pub conversation_id: Option<Uuid>,
    /// The agent it comes from.
    pub agent_id: Option<Uuid>,
    /// Who speaks in a message: `user`, `assistant` or `tool`.
    pub role: Option<&'a str>,
    /// Tags of a finding.
    pub tags: &'a [String],
    /// When it was said or saved.
    pub at: DateTime<Utc>,
    /// From when on it is not found any more.
    pub expires_at: Option<DateTime<Utc>>,
    /// The text, without NUL.
    pub text: &'a str,
}

/// Adds pieces of things that have none yet. `language` is a text search configuration of Postgres (`english`).
pub async fn add(tx: &mut Tx, user: UserId, kind: Kind, language: &str, pieces: &[Piece<'_>]) -> Result<()> {
    let document = serde_json::to_value(pieces).map_err(|_| Error::Corrupt { what: "pieces" })?;
    let ids: Vec<i64> = sqlx::query_scalar(
        r#"insert into knowledge_chunks (user_id, kind, parent_id, ordinal, conversation_id, agent_id, role, tags, at,
                                         expires_at, language, text)
           select $1, $2::"char", parent_id, ordinal, conversation_id, agent_id, role, tags, at, expires_at, $3, text
           from jsonb_to_recordset($4) as piece (parent_id uuid, ordinal smallint, conversation_id uuid, agent_id uuid,
               role text, tags text[], at timestamptz, expires_at timestamptz, text text)
           returning id"#,
    )
    .bind(user.uuid())
    .bind(kind.stored())
    .bind(language)
    .bind(document)
    .fetch_all(tx.conn())
    .await?;
    list_words(tx, &ids).await
}

/// Puts these pieces in place of all that `parent` has. Where the texts are the same, their vectors stay.
pub async fn replace(
    tx: &mut Tx,
    user: UserId,
    kind: Kind,
    language: &str,
    parent: Uuid,
    pieces: &[Piece<'_>],
) -> Result<()> {
    let before: Vec<String> = sqlx::query_scalar(
        r#"select text from knowledge_chunks where user_id = $1 and kind = $2::"char" and parent_id = $3
           order by ordinal for update"#,
    )
    .bind(user.uuid())
    .bind(kind.stored())
    .bind(parent)
    .fetch_all(tx.conn())
    .await?;
    let same =
        before.len() == pieces.len() && before.iter().zip(pieces).all(|(before, piece)| before == piece.text);
    let Some(first) = pieces.first().filter(|_| same) else {
        remove(tx, user, kind, &[parent]).await?;
        return add(tx, user, kind, language, pieces).await;
    };
    sqlx::query(
        r#"update knowledge_chunks set agent_id = $4, role = $5, tags = $6, at = $7, expires_at = $8
           where user_id = $1 and kind = $2::"char" and parent_id = $3"#,
    )
    .bind(user.uuid())
    .bind(kind.stored())
    .bind(parent)
    .bind(first.agent_id)
    .bind(first.role)
    .bind(first.tags)
    .bind(first.at)
    .bind(first.expires_at)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes everything of these findings or messages from the search.
pub async fn remove(tx: &mut Tx, user: UserId, kind: Kind, parents: &[Uuid]) -> Result<()> {
    let ids: Vec<i64> = sqlx::query_scalar(
        r#"select id from knowledge_chunks where user_id = $1 and kind = $2::"char" and parent_id = any($3)
           for update"#,
    )
    .bind(user.uuid())
    .bind(kind.stored())
    .bind(parents)
    .fetch_all(tx.conn())
    .await?;
    remove_pieces(tx, &ids).await
}

/// Removes all messages of a conversation from the search.
pub async fn remove_conversation(tx: &mut Tx, user: UserId, conversation: Uuid) -> Result<()> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "select id from knowledge_chunks where user_id = $1 and conversation_id = $2 for update",
    )
    .bind(user.uuid())
    .bind(conversation)
    .fetch_all(tx.conn())
    .await?;
    remove_pieces(tx, &ids).await
}

/// Makes the words of up to `most` pieces anew that were made with another configuration. Answers how many.
pub async fn reindex_language(tx: &mut Tx, user: UserId, language: &str, most: i64) -> Result<usize> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "select id from knowledge_chunks
         where user_id = $1 and kind in ('f', 'm') and language <> $2 limit $3 for update",
    )
    .bind(user.uuid())
    .bind(language)
    .bind(most)
    .fetch_all(tx.conn())
    .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    unlist_words(tx, &ids).await?;
    sqlx::query("update knowledge_chunks set language = $2 where id = any($1)")
        .bind(&ids)
        .bind(language)
        .execute(tx.conn())
        .await?;
    list_words(tx, &ids).await?;
    Ok(ids.len())
}

async fn remove_pieces(tx: &mut Tx, ids: &[i64]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    unlist_words(tx, ids).await?;
    sqlx::query("delete from knowledge_chunks where id = any($1)").bind(ids).execute(tx.conn()).await?;
    Ok(())
}

/// BM25 with k1 = 1.2 and b = 0.75. The usual length is fixed at 64 words instead of being an average, so that a weight
/// never changes because of other pieces. Longer words are nobody's query.
async fn list_words(tx: &mut Tx, ids: &[i64]) -> Result<()> {
    sqlx::query(
        "insert into knowledge_terms (user_id, kind, term, chunk_id, weight)
         select c.user_id, c.kind, w.term, c.id, w.times * 2.2 / (w.times + 1.2 * (0.25 + 0.75 * w.words / 64.0))
         from knowledge_chunks c,
              lateral (select lexeme as term, cardinality(positions) as times,
                              sum(cardinality(positions)) over () as words
                       from unnest(to_tsvector(c.language::regconfig, c.text))) w
         where c.id = any($1) and length(w.term) <= 64
         order by 1, 2, 3, 4",
    )
    .bind(ids)
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn unlist_words(tx: &mut Tx, ids: &[i64]) -> Result<()> {
    sqlx::query(
        "delete from knowledge_terms t
         using knowledge_chunks c, lateral unnest(to_tsvector(c.language::regconfig, c.text)) w
         where c.id = any($1) and t.user_id = c.user_id and t.kind = c.kind and t.term = w.lexeme and t.chunk_id = c.id",
    )
    .bind(ids)
    .execute(tx.conn())
    .await?;
    Ok(())
}
