//! Vectors: which chunks have none yet, and storing them.

use crate::{Result, Tx};
use domain::UserId;
use pgvector::HalfVector;

/// No chunk has this model.
const NO_MODEL: i16 = -1;

/// A chunk that a model has not embedded.
#[derive(Debug, Clone)]
pub struct PendingChunk {
    pub id: i64,
    pub text: String,
    /// Whether it belongs to a finding that no model embedded before.
    pub new_finding: bool,
}

/// Up to `limit` of the user's chunks that `model` has not embedded; findings before messages. No model: any chunk.
pub async fn pending(tx: &mut Tx, user: UserId, model: Option<i16>, limit: i64) -> Result<Vec<PendingChunk>> {
    // Two ranges of the index: `<>` would read all of the user's part.
    Ok(sqlx::query_as!(
        PendingChunk,
        r#"select id, text, kind = 'f' and model = 0 as "new_finding!" from knowledge_chunks
         where user_id = $1 and kind in ('f', 'm') and (model < $2 or model > $2) limit $3"#,
        user.uuid(),
        model.unwrap_or(NO_MODEL),
        limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Stores vectors of `model`. Chunks that were deleted meanwhile are left out.
pub async fn put_vectors(tx: &mut Tx, user: UserId, model: i16, vectors: &[(i64, Vec<f32>)]) -> Result<()> {
    let (ids, vectors): (Vec<i64>, Vec<HalfVector>) =
        vectors.iter().map(|(id, vector)| (*id, HalfVector::from_f32_slice(vector))).unzip();
    sqlx::query!(
        "update knowledge_chunks c set model = $2, embedding = v.embedding, code = binary_quantize(v.embedding)
         from unnest($3::bigint[], $4::halfvec[]) as v (id, embedding)
         where c.user_id = $1 and c.id = v.id",
        user.uuid(),
        model,
        &ids,
        vectors as _,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many of a user's chunks there are, and how many of them the model has not embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbeddingProgress {
    pub total: i64,
    pub pending: i64,
}

/// Counts a user's chunks. No model: all are pending.
pub async fn embedding_progress(tx: &mut Tx, user: UserId, model: Option<i16>) -> Result<EmbeddingProgress> {
    Ok(sqlx::query_as!(
        EmbeddingProgress,
        r#"select count(*) as "total!", count(*) filter (where model <> $2) as "pending!"
         from knowledge_chunks where user_id = $1 and kind in ('f', 'm')"#,
        user.uuid(),
        model.unwrap_or(NO_MODEL),
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Users, without disabled ones, with chunks that `model` has not embedded (no model: any chunk), or whose words are of
/// another language.
pub async fn users_with_pending(tx: &mut Tx, model: Option<i16>, language: &str) -> Result<Vec<UserId>> {
    let ids = sqlx::query_scalar!(
        "select id from users u
         where u.disabled_at is null and exists (select from knowledge_chunks c where c.user_id = u.id and c.kind in ('f', 'm')
                       and (c.model < $1 or c.model > $1 or c.language <> $2))",
        model.unwrap_or(NO_MODEL),
        language,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(UserId::from).collect())
}

/// Users, without disabled ones, with chunks whose words are of another language.
pub async fn users_of_other_language(tx: &mut Tx, language: &str) -> Result<Vec<UserId>> {
    let ids = sqlx::query_scalar!(
        "select id from users u
         where u.disabled_at is null and exists (select from knowledge_chunks c where c.user_id = u.id and c.kind in ('f', 'm')
                       and c.language <> $1)",
        language,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(UserId::from).collect())
}
