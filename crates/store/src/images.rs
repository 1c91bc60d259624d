//! Which image a container should have, and which one worked.

use crate::{
    Result, Tx,
    containers::{Container, record_event},
};
use domain::{ContainerId, image::PinnedImage};

/// Records that a new container was requested: it takes `image` even where images are not updated automatically, and
/// even if it refused it before.
pub async fn request(tx: &mut Tx, id: ContainerId, image: &PinnedImage) -> Result<()> {
    sqlx::query!(
        "update user_containers set asked_image = $2, refused_image = null where id = $1",
        id.uuid(),
        image.to_string(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records that the container did not become ready with `image`, and `why`; it goes back to the one that worked.
pub async fn refuse(tx: &mut Tx, row: &Container, image: &PinnedImage, why: &str) -> Result<()> {
    sqlx::query!(
        "update user_containers set refused_image = $2, asked_image = null where id = $1",
        row.id.uuid(),
        image.to_string(),
    )
    .execute(tx.conn())
    .await?;
    record_event(tx, row.id, row.user_id, row.generation, "image_refused", why).await
}

/// Whether any container has become ready with `image`.
pub async fn is_proven(tx: &mut Tx, image: &PinnedImage) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from user_containers where good_image = $1) as "exists!""#,
        image.to_string(),
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Whether any container tries `image` at this moment, or refused it.
pub async fn is_on_trial(tx: &mut Tx, image: &PinnedImage) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from user_containers
                          where refused_image = $1 or (image = $1 and observed = 'starting')) as "exists!""#,
        image.to_string(),
    )
    .fetch_one(tx.conn())
    .await?)
}
