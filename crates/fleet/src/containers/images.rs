//! Which image a container gets: the configured one, unless the container did not become ready with it.
//!
//! Images are compared by what their name meant on the host: an image that was moved under the same name is a new one,
//! tried like any other.

use super::{StartFailure, failure::engine_error};
use crate::{Result, Services};
use domain::{
    containers::{ContainerError, Containers},
    image::PinnedImage,
    settings::Settings,
};
use serde::{Deserialize, Serialize};
use store::{Tx, config, containers::Container, images};

/// Key of the configured image in `system_config`: the API cannot ask the engine.
const NEWEST_IMAGE_KEY: &str = "agent_image";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredImage {
    image: String,
}

/// The configured image as the engine has it; by name alone where it has none.
pub(super) async fn resolve_newest(
    engine: &dyn Containers,
    settings: &Settings,
) -> std::result::Result<PinnedImage, ContainerError> {
    let name = &settings.agent_image;
    Ok(engine.image(name).await?.unwrap_or_else(|| PinnedImage::named(name)))
}

/// Resolves the configured image, and stores it for processes that cannot ask the engine.
pub(super) async fn refresh_newest(
    services: &Services,
    engine: &dyn Containers,
    settings: &Settings,
) -> Result<PinnedImage> {
    let image = resolve_newest(engine, settings).await.map_err(engine_error)?;
    let stored = StoredImage { image: image.to_string() };
    let store = &services.store;
    store
        .run_system("what the agent image is", async |tx| config::put(tx, NEWEST_IMAGE_KEY, &stored).await)
        .await?;
    Ok(image)
}

/// The configured image as a worker last saw it; by name alone until one has.
pub(crate) async fn newest(tx: &mut Tx, settings: &Settings) -> Result<PinnedImage> {
    let known = config::get::<StoredImage>(tx, NEWEST_IMAGE_KEY)
        .await?
        .map(|fact| PinnedImage::from(fact.value.image));
    let current = known.filter(|known| known.name == settings.agent_image);
    Ok(current.unwrap_or_else(|| PinnedImage::named(&settings.agent_image)))
}

/// The image for the next generation of the container.
pub(super) fn target(row: &Container, newest: &PinnedImage, settings: &Settings) -> PinnedImage {
    let newest = newest.to_string();
    let good = row.good_image.as_deref();
    let wanted = if settings.auto_update {
        newest.as_str()
    } else {
        row.asked_image.as_deref().or(good).unwrap_or(&newest)
    };
    let chosen = match good {
        Some(good) if row.refused_image.as_deref() == Some(wanted) => good,
        _ => wanted,
    };
    PinnedImage::from(chosen.to_owned())
}

/// What the owner should know when the container went back to an older image.
pub(super) fn fallback_notice(row: &Container, newest: &PinnedImage) -> Option<String> {
    let refused = PinnedImage::from(row.refused_image.clone()?);
    let good = PinnedImage::from(row.good_image.clone()?);
    if !refused.may_equal(newest) {
        return None;
    }
    let back =
        if good.name == refused.name { "the one that had this name before".to_owned() } else { good.name };
    Some(format!(
        "Your agent did not become ready with the new image {}, so it went back to {back}. Restart it to try again.",
        refused.name
    ))
}

/// A start with `image` failed. `true`: another image worked before, and the next round goes back to it.
pub(super) async fn fall_back(
    services: &Services,
    row: &Container,
    image: &PinnedImage,
    failure: &StartFailure,
) -> Result<bool> {
    let good = row.good_image.clone().map(PinnedImage::from);
    if good.is_none_or(|good| good.may_equal(image)) || !failure.blames_image() {
        return Ok(false);
    }
    tracing::warn!(%image, code = failure.code, container = %row.id, "a container does not become ready with an image; back to the old one");
    let reason = format!("{}: {}", image.name, failure.title);
    let store = &services.store;
    store
        .run_system("an image did not become ready", async |tx| images::refuse(tx, row, image, &reason).await)
        .await?;
    Ok(true)
}
