//! A new one.

use super::{Listed, list::listed, parse_purpose};
use crate::{Cx, Error, Result, users::parse_name};
use domain::{Role, UserId};
use serde_json::json;
use store::{system_containers, users};

/// The most there may be.
const MOST: i64 = 100;

/// Makes the account; it has nothing yet. People and these share their names.
pub async fn create(cx: &Cx, name: &str, purpose: &str) -> Result<Listed> {
    let admin = cx.as_admin()?;
    let name = parse_name("name", name)?;
    let purpose = parse_purpose(purpose)?;
    let id = UserId::new(cx.services.clock.now());
    // An account is the product's doing, on an admin's word.
    let mut tx = cx.system("an admin makes an agent of the instance itself").await?;
    if system_containers::count_locked(&mut tx).await? >= MOST {
        let detail = format!("The instance has {MOST} agents of its own. Remove one first.");
        return Err(Error::conflict("too_many_system_containers", detail));
    }
    users::insert(&mut tx, id, &name, &name, Role::User.as_str()).await.map_err(|error| match error {
        store::Error::Conflict(constraint) if constraint == "users_username" => Error::conflict(
            "name_taken",
            "A person or an agent of the instance has this name. Choose another.",
        ),
        other => other.into(),
    })?;
    system_containers::insert(&mut tx, id, &purpose, admin.user()?).await?;
    let detail = json!({ "name": name, "purpose": purpose });
    admin.audit(&mut tx, "system_container.create", &id.to_string(), Some(id), detail).await?;
    let made = listed(cx, &mut tx, id).await?;
    tx.commit().await?;
    Ok(made)
}
