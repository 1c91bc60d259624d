//! Can this process serve, and does a worker work?

use crate::{Error, Result, Services};
use ::jobs::workers;
use std::time::Duration;

/// The database answers within two seconds.
pub async fn ready(services: &Services) -> Result<()> {
    let asked = async {
        drop(services.store.system("readiness").await?);
        Ok(())
    };
    tokio::time::timeout(Duration::from_secs(2), asked).await.unwrap_or_else(|_| {
        Err(Error::Unavailable {
            code: "database_away",
            detail: "The database does not answer within 2 seconds.".into(),
            retry_after: Duration::from_secs(2),
        })
    })
}

/// Whether a worker on that host has been heard of within half a minute.
pub async fn worker_alive(services: &Services, host: &str) -> Result<bool> {
    let mut tx = services.store.system("health of a worker").await?;
    let workers = workers::list(&mut tx).await?;
    Ok(workers.iter().any(|worker| worker.alive && worker.host == host))
}
