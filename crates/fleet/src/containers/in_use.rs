//! A use that lasts: a passed-through answer is no turn, and its container must not be put to rest meanwhile.

use crate::{Services, tasks::spawn};
use domain::UserId;
use std::{sync::Arc, time::Duration};
use store::containers;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How often the use is recorded.
const RECORD_INTERVAL: Duration = Duration::from_secs(30);
/// When it is recorded first: its beginning is not, where the use before was a moment ago.
const FIRST_RECORD_AFTER: Duration = Duration::from_secs(10);

/// Records that the user's container is in use for as long as the guard is held.
pub(crate) fn keep_in_use(services: &Arc<Services>, user: UserId) -> DropGuard {
    let over = CancellationToken::new();
    let guard = over.clone().drop_guard();
    let services = Arc::clone(services);
    spawn(async move {
        let mut pause = FIRST_RECORD_AFTER;
        while over.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
            pause = RECORD_INTERVAL;
            if let Err(error) = record(&services, user).await {
                tracing::warn!(%error, "the use of a container could not be recorded");
            }
        }
    });
    guard
}

async fn record(services: &Services, user: UserId) -> store::Result<()> {
    services
        .store
        .run_system("an answer is passed through", async |tx| {
            tx.relax_durability().await?;
            containers::record_activity(tx, user).await
        })
        .await
}
