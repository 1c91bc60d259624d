//! `mosaic migrate`.

use crate::parts;
use boot::Config;

pub async fn run(config: &Config) -> anyhow::Result<()> {
    parts::migrate(config.require_database_url()?).await?;
    tracing::info!("the schema is up to date");
    Ok(())
}
