//! The embedding models whose vectors are stored.

use crate::{Result, Tx};

/// The number of a model; it gets one at its first use.
pub async fn ensure_model(tx: &mut Tx, name: &str, dimensions: u16) -> Result<i16> {
    if let Some(known) = find_model(tx, name, dimensions).await? {
        return Ok(known);
    }
    // Two processes that use it first at the same moment get the same number.
    Ok(sqlx::query_scalar!(
        "insert into knowledge_models (name, dimensions) values ($1, $2)
         on conflict (name, dimensions) do update set name = excluded.name returning id",
        name,
        i32::from(dimensions),
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The number of a model that was used before.
pub async fn find_model(tx: &mut Tx, name: &str, dimensions: u16) -> Result<Option<i16>> {
    Ok(sqlx::query_scalar!(
        "select id from knowledge_models where name = $1 and dimensions = $2",
        name,
        i32::from(dimensions)
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The number and the dimensions of a model's latest vectors.
pub async fn latest_model(tx: &mut Tx, name: &str) -> Result<Option<(i16, i32)>> {
    let row = sqlx::query!(
        "select id, dimensions from knowledge_models where name = $1 order by id desc limit 1",
        name
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.id, row.dimensions)))
}
