//! Accounts, as admins look after them.

mod change;
mod remove;

use change::disable_cascade;
pub use change::{Patch, change};
pub use remove::{delete, remove, remove_own};
pub use store::users::ListedUser;

use crate::{Cx, Result};
use domain::{Invalid, invalid};

/// Accounts by name, behind the name `after`, for an admin.
pub async fn list(cx: &Cx, after: Option<&str>, limit: u32) -> Result<Vec<ListedUser>> {
    cx.as_admin()?;
    // Besides the account itself this tells when it was last used and how its owner signs in: rows that an admin's
    // own scope does not reach.
    let mut tx = cx.system("an admin lists the accounts").await?;
    Ok(store::users::list(&mut tx, after, limit.into()).await?)
}

/// Checks the name of an account as entered in `field`: one word. Whether it is free is up to the database.
pub(crate) fn parse_name(field: &'static str, text: &str) -> std::result::Result<String, Invalid> {
    let name = invalid::line(field, text, 64)?;
    if name.chars().any(char::is_whitespace) {
        return Err(Invalid::new(field, "Use a name without spaces."));
    }
    Ok(name)
}
