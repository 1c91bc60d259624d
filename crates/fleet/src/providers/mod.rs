//! A user's LLM accounts: create, list, read, change, delete, test.

mod change;
mod create;
mod draft;
mod saved;
mod test;

pub use change::{Patch, change};
pub use create::create;
pub use draft::Draft;
pub use saved::{get, list, models, remove};
pub use test::{LastTest, TestFailure, enqueue_test, run_test, test_draft};

pub use ::providers::{ModelInfo, Report, catalog::CatalogEntry};
pub use store::providers::Provider;

use crate::{Result, Services};
use ::providers::AllowedHosts;

/// The private hosts that an admin allowed, in the outbound client's form.
async fn allowed_hosts(services: &Services) -> Result<AllowedHosts> {
    Ok(services.stored_settings().await?.allowed_hosts.iter().collect())
}

/// The kinds of provider that can be added.
pub fn catalog() -> Vec<&'static CatalogEntry> {
    ::providers::catalog::entries().collect()
}
