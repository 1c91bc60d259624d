//! The instance's own agents: each is the agent of an account that no person signs in as.
//!
//! Owns which accounts those are; who may act for one is in `access`. What such an account has (providers, agents,
//! container, chats …) it has by the same use-cases as any account: nothing here knows containers.

mod list;

pub use list::{SystemContainerResponse, list};

use crate::{Cx, Error, Result, users as accounts};
use domain::{Invalid, JobId, Role, UserId, invalid};
use list::read;
use serde_json::json;
use store::{system_containers, users};

const MAX_SYSTEM_CONTAINERS: i64 = 100;

/// Creates the account; it has nothing yet. It shares the names of people's accounts.
pub async fn create(cx: &Cx, name: &str, purpose: &str) -> Result<SystemContainerResponse> {
    let admin = cx.as_admin()?;
    let name = accounts::parse_name("name", name)?;
    let purpose = parse_purpose(purpose)?;
    let id = UserId::new(cx.services.clock.now());
    // An admin's own scope creates no accounts.
    let mut tx = cx.system("an admin makes an agent of the instance itself").await?;
    if system_containers::count_locked(&mut tx).await? >= MAX_SYSTEM_CONTAINERS {
        let detail = format!("The instance has {MAX_SYSTEM_CONTAINERS} agents of its own. Remove one first.");
        return Err(Error::conflict("too_many_system_containers", detail));
    }
    users::insert(&mut tx, id, &name, &name, Role::User).await.map_err(|error| match error {
        store::Error::Conflict(constraint) if constraint == "users_username" => Error::conflict(
            "name_taken",
            "A person or an agent of the instance has this name. Choose another.",
        ),
        other => other.into(),
    })?;
    system_containers::insert(&mut tx, id, &purpose, admin.user()?).await?;
    let detail = json!({ "name": name, "purpose": purpose });
    admin.audit(&mut tx, "system_container.create", &id.to_string(), Some(id), detail).await?;
    let created = read(cx, &mut tx, id).await?;
    tx.commit().await?;
    Ok(created)
}

/// Changes what it is for.
pub async fn change(cx: &Cx, id: UserId, purpose: &str) -> Result<SystemContainerResponse> {
    let admin = cx.as_admin()?;
    let purpose = parse_purpose(purpose)?;
    let mut tx = cx.system("an admin says what an agent of the instance itself is for").await?;
    if !system_containers::set_purpose(&mut tx, id, &purpose).await? {
        return Err(Error::NotFound("system container"));
    }
    let detail = json!({ "purpose": purpose });
    admin.audit(&mut tx, "system_container.change", &id.to_string(), Some(id), detail).await?;
    let changed = read(cx, &mut tx, id).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Deletes its account like any other: disabled at once, the rest is a job. People's accounts are not found here.
pub async fn remove(cx: &Cx, id: UserId) -> Result<JobId> {
    let mut tx = cx.as_admin()?.begin().await?;
    system_containers::get(&mut tx, id).await?.ok_or(Error::NotFound("system container"))?;
    drop(tx);
    accounts::remove(cx, id).await
}

fn parse_purpose(text: &str) -> std::result::Result<String, Invalid> {
    if text.trim().is_empty() { Ok(String::new()) } else { invalid::line("purpose", text, 200) }
}
