//! Which image a container should have, and which one it got on with.

use crate::{
    Result, Tx,
    containers::{Container, event},
};
use domain::{ContainerId, image::PinnedImage};

/// Somebody asked for the container anew: it takes `image` even where images are not updated by themselves, and
/// even if it refused it before.
pub async fn ask(tx: &mut Tx, id: ContainerId, image: &PinnedImage) -> Result<()> {
    sqlx::query("update user_containers set asked_image = $2, refused_image = null where id = $1")
        .bind(id.uuid())
        .bind(image.to_string())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// It did not become ready with `image`, of which `why` says more; it goes back to the one that worked.
pub async fn refuse(tx: &mut Tx, row: &Container, image: &PinnedImage, why: &str) -> Result<()> {
    sqlx::query("update user_containers set refused_image = $2, asked_image = null where id = $1")
        .bind(row.id.uuid())
        .bind(image.to_string())
        .execute(tx.conn())
        .await?;
    event(tx, row.id, row.user_id, row.generation, "image_refused", why).await
}

/// Whether any container has become ready with `image`.
pub async fn is_proven(tx: &mut Tx, image: &PinnedImage) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select from user_containers where good_image = $1)")
        .bind(image.to_string())
        .fetch_one(tx.conn())
        .await?)
}

/// Whether any container tries `image` at this moment, or refused it.
pub async fn is_on_trial(tx: &mut Tx, image: &PinnedImage) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select exists (select from user_containers
                        where refused_image = $1 or (image = $1 and observed = 'starting'))",
    )
    .bind(image.to_string())
    .fetch_one(tx.conn())
    .await?)
}
