//! Vectors: who has none yet, and putting them in.

use crate::{Result, Tx};
use domain::UserId;
use pgvector::HalfVector;
use sqlx::FromRow;
use uuid::Uuid;

/// No piece has this one.
const NO_MODEL: i16 = -1;

/// A piece that a model has not embedded.
#[derive(Debug, Clone, FromRow)]
pub struct Pending {
    /// The piece.
    pub id: i64,
    /// Its text.
    pub text: String,
    /// Whether it is of a finding that no model embedded before.
    pub new_finding: bool,
}

/// Up to `most` of the user's pieces that `model` has not embedded; findings before messages. No model: any piece.
pub async fn pending(tx: &mut Tx, user: UserId, model: Option<i16>, most: i64) -> Result<Vec<Pending>> {
    // Two ranges of the index: `<>` would read all of the user's part.
    Ok(sqlx::query_as(
        "select id, text, kind = 'f' and model = 0 as new_finding from knowledge_chunks
         where user_id = $1 and kind in ('f', 'm') and (model < $2 or model > $2) limit $3",
    )
    .bind(user.uuid())
    .bind(model.unwrap_or(NO_MODEL))
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}

/// Stores vectors of `model`. Pieces that are gone by now are left out.
pub async fn put_vectors(tx: &mut Tx, user: UserId, model: i16, vectors: &[(i64, Vec<f32>)]) -> Result<()> {
    let (ids, vectors): (Vec<i64>, Vec<HalfVector>) =
        vectors.iter().map(|(id, vector)| (*id, HalfVector::from_f32_slice(vector))).unzip();
    sqlx::query(
        "update knowledge_chunks c set model = $2, embedding = v.embedding, code = binary_quantize(v.embedding)
         from unnest($3::bigint[], $4::halfvec[]) as v (id, embedding)
         where c.user_id = $1 and c.id = v.id",
    )
    .bind(user.uuid())
    .bind(model)
    .bind(ids)
    .bind(vectors)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How far a user's pieces are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Counts {
    /// Pieces.
    pub total: i64,
    /// Those that the model has not embedded.
    pub pending: i64,
}

/// Counts a user's pieces. No model: all are pending.
pub async fn counts(tx: &mut Tx, user: UserId, model: Option<i16>) -> Result<Counts> {
    Ok(sqlx::query_as(
        "select count(*) as total, count(*) filter (where model <> $2) as pending
         from knowledge_chunks where user_id = $1 and kind in ('f', 'm')",
    )
    .bind(user.uuid())
    .bind(model.unwrap_or(NO_MODEL))
    .fetch_one(tx.conn())
    .await?)
}

/// Users that have pieces which `model` has not embedded (no model: any piece), or whose words are of another language.
pub async fn users_behind(tx: &mut Tx, model: Option<i16>, language: &str) -> Result<Vec<UserId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select id from users u
         where exists (select from knowledge_chunks c where c.user_id = u.id and c.kind in ('f', 'm')
                       and (c.model < $1 or c.model > $1 or c.language <> $2))",
    )
    .bind(model.unwrap_or(NO_MODEL))
    .bind(language)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(UserId::from).collect())
}

/// Users that have pieces whose words are of another language.
pub async fn users_of_other_language(tx: &mut Tx, language: &str) -> Result<Vec<UserId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select id from users u
         where exists (select from knowledge_chunks c where c.user_id = u.id and c.kind in ('f', 'm')
                       and c.language <> $1)",
    )
    .bind(language)
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().map(UserId::from).collect())
}
