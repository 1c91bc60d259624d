//! A use that lasts: an answer that is passed through is no turn, and its container must not be put to rest meanwhile.

use crate::{Services, turns::spawn};
use domain::UserId;
use std::{sync::Arc, time::Duration};
use store::containers;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How often it is noted, and when first: its beginning is not, where the use before was a moment ago.
const EVERY: Duration = Duration::from_secs(30);
const FIRST: Duration = Duration::from_secs(10);

/// Notes that the user's container is in use for as long as the answer is held.
pub(crate) fn in_use(services: &Arc<Services>, user: UserId) -> DropGuard {
    let over = CancellationToken::new();
    let guard = over.clone().drop_guard();
    let services = Arc::clone(services);
    spawn(async move {
        let mut pause = FIRST;
        while over.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
            pause = EVERY;
            if let Err(error) = note(&services, user).await {
                tracing::warn!(%error, "the use of a container could not be noted");
            }
        }
    });
    guard
}

async fn note(services: &Services, user: UserId) -> store::Result<()> {
    let mut tx = services.store.system("an answer is passed through").await?;
    tx.relax_durability().await?;
    containers::record_activity(&mut tx, user).await?;
    tx.commit().await
}
