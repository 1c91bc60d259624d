//! Which image a container gets: the configured one, unless it did not get on with it.
//!
//! An image is told from another by what its name meant on the host: one that was moved under the same name is a new
//! one, tried and taken like any other.

use super::{StartFailure, crash::away};
use crate::{Result, Services};
use domain::{
    containers::{ContainerError, Containers},
    image::PinnedImage,
    settings::Settings,
};
use serde::{Deserialize, Serialize};
use store::{Tx, config, containers::Container, images};

/// Where the configured image stands in `system_config`: the API cannot ask the engine.
const NEWEST: &str = "agent_image";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Newest {
    image: String,
}

/// The configured image as the engine has it; by name alone where it has none.
pub(super) async fn look(
    engine: &dyn Containers,
    settings: &Settings,
) -> std::result::Result<PinnedImage, ContainerError> {
    let name = &settings.agent_image;
    Ok(engine.image(name).await?.unwrap_or_else(|| PinnedImage::named(name)))
}

/// Looks, and keeps it for those who cannot.
pub(super) async fn learn(
    services: &Services,
    engine: &dyn Containers,
    settings: &Settings,
) -> Result<PinnedImage> {
    let image = look(engine, settings).await.map_err(away)?;
    let mut tx = services.store.system("what the agent image is").await?;
    config::put(&mut tx, NEWEST, &Newest { image: image.to_string() }).await?;
    tx.commit().await?;
    Ok(image)
}

/// The configured image as a worker last saw it; by name alone until one has.
pub(crate) async fn newest(tx: &mut Tx, settings: &Settings) -> Result<PinnedImage> {
    let known = config::get::<Newest>(tx, NEWEST).await?.map(|fact| PinnedImage::from(fact.value.image));
    let current = known.filter(|known| known.name == settings.agent_image);
    Ok(current.unwrap_or_else(|| PinnedImage::named(&settings.agent_image)))
}

/// The image that the container is made from when it is made the next time.
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

/// What the owner should know of an image that was given up.
pub(super) fn remark(row: &Container, newest: &PinnedImage) -> Option<String> {
    let refused = PinnedImage::from(row.refused_image.clone()?);
    let good = PinnedImage::from(row.good_image.clone()?);
    if !refused.may_be(newest) {
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
    if good.is_none_or(|good| good.may_be(image)) || !failure.blames_image() {
        return Ok(false);
    }
    tracing::warn!(%image, code = failure.code, container = %row.id, "an image does not become ready; back to the old one");
    let mut tx = services.store.system("an image did not become ready").await?;
    images::refuse(&mut tx, row, image, &format!("{}: {}", image.name, failure.title)).await?;
    tx.commit().await?;
    Ok(true)
}
