//! Exports: one archive of everything that belongs to a user.
//!
//! A job makes it ([`run`]) from what the user may read in the database, and from their state volume through the port
//! `Containers`. It is stored in the database in pieces, because API processes share nothing else, and only for a day.

mod archive;
mod chats;
mod download;
mod request;
mod run;
mod writer;

pub use download::{Download, download};
pub use request::{ExportState, ExportStatus, enqueue, status};
pub use run::run;

use crate::{Result, Services};
use store::exports;

/// Deletes expired archives. Returns how many.
pub async fn prune(services: &Services) -> Result<u64> {
    Ok(services.store.run_system("expired exports", exports::prune).await?)
}
