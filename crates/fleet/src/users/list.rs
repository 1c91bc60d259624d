//! All accounts.

use crate::{Cx, Result};
use store::users::{self, Listed};

/// Accounts by name, behind the name `after`, for an admin.
pub async fn list(cx: &Cx, after: Option<&str>, limit: u32) -> Result<Vec<Listed>> {
    cx.as_admin()?;
    // Beside the account itself it is told when it was last used and how it signs in: rows that an admin's own
    // scope does not reach.
    let mut tx = cx.system("an admin lists the accounts").await?;
    Ok(users::list(&mut tx, after, limit.into()).await?)
}
