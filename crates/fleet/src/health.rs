//! Whether this process can serve, and whether a worker is alive.

use crate::{Error, Result, Services};
use ::jobs::workers;
use std::time::Duration;

/// How long the database may take to answer.
const READINESS_TIMEOUT: Duration = Duration::from_secs(2);

/// Fails when the database does not answer in time.
pub async fn ready(services: &Services) -> Result<()> {
    let answer = async {
        drop(services.store.system("readiness").await?);
        Ok(())
    };
    tokio::time::timeout(READINESS_TIMEOUT, answer).await.unwrap_or_else(|_| {
        Err(Error::Unavailable {
            code: "database_away",
            detail: "The database does not answer within 2 seconds.".into(),
            retry_after: Duration::from_secs(2),
        })
    })
}

/// Whether a worker on that host sent a heartbeat within half a minute.
pub async fn worker_alive(services: &Services, host: &str) -> Result<bool> {
    let mut tx = services.store.system("health of a worker").await?;
    let workers = workers::list(&mut tx).await?;
    Ok(workers.iter().any(|worker| worker.alive && worker.host == host))
}
