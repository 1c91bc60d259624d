//! A user's LLM accounts: create, list, read, change, delete, test.

mod change;
mod create;
mod draft;
pub(crate) use draft::key_place;
mod models;
mod read;
mod remove;
mod target;
mod test;

pub use change::{Patch, change};
pub use create::create;
pub use draft::Draft;
pub use models::models;
pub use read::{get, list};
pub use remove::remove;
pub use test::{LastTest, TestFailure, enqueue_test, run_test, test_typed};

pub use ::providers::{ModelInfo, Report, catalog::Entry as CatalogEntry};
pub use store::providers::Provider;

use crate::{Result, Services, settings};
use ::providers::AllowedHosts;

/// The private hosts that an admin allowed, as the outbound client wants them.
pub(crate) async fn allowed_hosts(services: &Services) -> Result<AllowedHosts> {
    Ok(settings::read(&services.store).await?.allowed_hosts.iter().collect())
}

/// The kinds of provider that can be added.
pub fn catalog() -> Vec<&'static CatalogEntry> {
    ::providers::catalog::entries().collect()
}
