//! One goes, with everything that is its own.

use crate::{Cx, Error, Result, users};
use domain::{JobId, UserId};
use store::system_containers;

/// Deletes its account like anybody's: shut at once, the rest is a job. People's accounts are not found here.
pub async fn remove(cx: &Cx, id: UserId) -> Result<JobId> {
    let mut tx = cx.as_admin()?.begin().await?;
    system_containers::get(&mut tx, id).await?.ok_or(Error::NotFound("system container"))?;
    drop(tx);
    users::remove(cx, id).await
}
