//! Can this process serve?

use crate::{Error, Result, Services};
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
