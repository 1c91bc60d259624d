//! Generations: each create counts one up and has a token of its own; only one worker can begin the next.

use crate::{Result, Tx};
use domain::{ContainerId, image::PinnedImage, limits::Limits};
use sqlx::types::Json;

/// The token of a new generation.
#[derive(Debug)]
pub struct NewToken<'a> {
    pub sealed: &'a [u8],
    /// SHA-256 of it.
    pub hash: &'a [u8],
}

/// Begins generation `from + 1` with a fresh token and revokes the old one; `None` when another worker was first.
pub async fn begin_generation(
    tx: &mut Tx,
    id: ContainerId,
    from: i64,
    token: &NewToken<'_>,
    image: &PinnedImage,
    limits: Limits,
) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "update user_containers set generation = generation + 1, gateway_token = $3, gateway_token_hash = $4,
             image = $5, made_limits = $6, applied_version = null, config_error = null, disk_full = false, address = null,
             observed = 'starting', updated_at = now()
         where id = $1 and generation = $2 returning generation",
        id.uuid(),
        from,
        token.sealed,
        token.hash,
        image.to_string(),
        Json(limits) as _,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Revokes the token of a generation whose container no longer exists.
pub async fn revoke_token(tx: &mut Tx, id: ContainerId, generation: i64) -> Result<()> {
    sqlx::query!(
        "update user_containers set gateway_token = null, gateway_token_hash = null
         where id = $1 and generation = $2",
        id.uuid(),
        generation,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets the generation to the engine's: the row is older than the container, as after a restored backup.
pub async fn adopt_generation(tx: &mut Tx, id: ContainerId, generation: i64) -> Result<()> {
    sqlx::query!(
        "update user_containers set generation = $2 where id = $1 and generation < $2",
        id.uuid(),
        generation
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
