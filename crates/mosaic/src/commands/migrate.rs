//! `mosaic migrate`: runs once, before the processes of a release start.

use crate::parts;
use boot::Config;

pub async fn run(config: &Config) -> anyhow::Result<()> {
    parts::migrate(config.require_database_url()?).await?;
    tracing::info!("the schema is up to date");
    let Some(image) = &config.agent_image else { return Ok(()) };
    let services =
        parts::services(config, config.require_database_url()?, config.require_secret_key()?).await?;
    fleet::settings::set_agent_image(&services, image).await?;
    tracing::info!(image, "agents use this image");
    Ok(())
}
