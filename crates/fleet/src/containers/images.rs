//! Which image a container gets: the configured one, unless it did not get on with it.

use super::StartFailure;
use crate::{Result, Services};
use domain::settings::Settings;
use store::{containers::Container, images};

/// The image that the container is made from when it is made the next time.
pub(super) fn target<'a>(row: &'a Container, settings: &'a Settings) -> &'a str {
    let newest = settings.agent_image.as_str();
    let good = row.good_image.as_deref();
    let wanted =
        if settings.auto_update { newest } else { row.asked_image.as_deref().or(good).unwrap_or(newest) };
    match good {
        Some(good) if row.refused_image.as_deref() == Some(wanted) => good,
        _ => wanted,
    }
}

/// What the owner should know of an image that was given up.
pub(super) fn remark(row: &Container, settings: &Settings) -> Option<String> {
    let refused = row.refused_image.as_deref().filter(|refused| *refused == settings.agent_image)?;
    let good = row.good_image.as_deref()?;
    Some(format!(
        "Your agent did not become ready with the new image {refused}, so it went back to {good}. Restart it to try again."
    ))
}

/// A start with `image` failed. `true`: another image worked before, and the next round goes back to it.
pub(super) async fn fall_back(
    services: &Services,
    row: &Container,
    image: &str,
    failure: &StartFailure,
) -> Result<bool> {
    if row.good_image.as_deref().is_none_or(|good| good == image) || !failure.blames_image() {
        return Ok(false);
    }
    tracing::warn!(image, code = failure.code, container = %row.id, "an image does not become ready; back to the old one");
    let mut tx = services.store.system("an image did not become ready").await?;
    images::refuse(&mut tx, row, image, &format!("{image}: {}", failure.title)).await?;
    tx.commit().await?;
    Ok(true)
}
