//! What people take home: one archive of everything that is theirs.
//!
//! A job makes it (`run`), from the database as its owner and from his state volume by the port `Containers`. It is
//! kept in the database in pieces, because API processes share nothing else, and for a day only.

mod archive;
mod ask;
mod chats;
mod download;
mod run;
mod save;

pub use ask::{Standing, State, enqueue, standing};
pub use download::{Download, download};
pub use run::run;

use crate::{Result, Services};
use store::exports;

/// Removes archives that are past their time. Answers how many.
pub async fn prune(services: &Services) -> Result<u64> {
    let mut tx = services.store.system("exports past their time").await?;
    let gone = exports::prune(&mut tx).await?;
    tx.commit().await?;
    Ok(gone)
}
