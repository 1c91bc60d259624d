//! Deletion of an account and everything that belongs to it.
//!
//! The request disables the account, so that nothing more begins for it. The rest is a job, which may be killed anywhere:
//! it starts again and finds what is left. The rows are deleted last, because they say what else there is.

use super::disable_cascade;
use crate::{Cx, Error, Progress, Result, Services};
use domain::{
    Actor, ContainerId, Invalid, JobId, UserId,
    containers::{ContainerError, Containers, Owner},
};
use jobs::{ActsFor, Options, kinds::DeleteUser};
use serde_json::json;
use std::time::Duration;
use store::{
    Tx, containers,
    users::{self, ListedUser},
};
use uuid::Uuid;

/// The job has no owner, because an owner's jobs are deleted with the account.
const WITHOUT_OWNER: ActsFor = ActsFor::System { reason: "an account is deleted", owner: None };
/// How long the container of a disabled account may take to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Deletes the acting user's own account; `confirm` must be its name.
pub async fn remove_own(cx: &Cx, confirm: Option<&str>) -> Result<JobId> {
    let user = cx.user()?;
    let mut tx = cx.services.store.system("a user deletes their account").await?;
    let own = users::get_locked(&mut tx, user).await?.ok_or(Error::NotSignedIn)?;
    if confirm.map(str::to_lowercase) != Some(own.user.username.to_lowercase()) {
        return Err(Invalid::new("confirm", "Type your own user name, to show that you mean it.").into());
    }
    begin(cx, tx, &own).await
}

/// Deletes another account, for an admin.
pub async fn remove(cx: &Cx, id: UserId) -> Result<JobId> {
    let admin = cx.as_admin()?;
    if id == admin.user()? {
        return Err(Error::conflict(
            "own_account",
            "Delete your own account under My data, or ask another admin.",
        ));
    }
    let mut tx = cx.services.store.system("an admin deletes an account").await?;
    let other = users::get_locked(&mut tx, id).await?.ok_or(Error::NotFound("user"))?;
    begin(&admin, tx, &other).await
}

async fn begin(cx: &Cx, mut tx: Tx, account: &ListedUser) -> Result<JobId> {
    let id = account.user.id;
    if account.breakglass {
        let detail =
            "This is the breakglass account, the way in when nothing else works. It cannot be deleted.";
        return Err(Error::conflict("breakglass_protected", detail));
    }
    users::set_access(&mut tx, id, account.user.role, true).await?;
    let stopped = disable_cascade(&mut tx, id).await?;
    let container_id = containers::get_of(&mut tx, id).await?.map(|row| row.id);
    let job = DeleteUser { user_id: id, container_id };
    let job = jobs::enqueue(&mut tx, WITHOUT_OWNER, &job, Options::default()).await?;
    cx.audit(&mut tx, "user.delete", &id.to_string(), Some(id), json!({})).await?;
    tx.commit().await?;
    stopped.into_iter().for_each(|turn| cx.services.active_turns.stop(turn));
    Ok(job.id)
}

/// The job: container, network and volume, then the rows, then again what a start that was under way has created
/// meanwhile.
pub async fn delete(
    cx: &Cx,
    engine: &dyn Containers,
    job: &dyn Progress,
    user: UserId,
    container: Option<ContainerId>,
) -> Result<()> {
    let services = &cx.services;
    let owner = Owner {
        instance: services.instance,
        user,
        // Without a row there was never a container; the labels of network and volume name none.
        container: container.unwrap_or_else(|| ContainerId::from(Uuid::nil())),
    };
    job.phase("container").await;
    remove_resources(engine, &owner).await?;
    job.phase("rows").await;
    job.progress(50).await;
    delete_rows(cx, services, user).await?;
    job.phase("container again").await;
    job.progress(90).await;
    remove_resources(engine, &owner).await?;
    if let Some(container) = container {
        services.gateways.forget(container);
    }
    Ok(())
}

async fn remove_resources(engine: &dyn Containers, owner: &Owner) -> Result<()> {
    ignore_foreign(engine.stop(owner, STOP_TIMEOUT).await)?;
    ignore_foreign(engine.remove(owner).await)?;
    ignore_foreign(engine.remove_network(owner).await)?;
    ignore_foreign(engine.remove_volume(owner).await)
}

/// What carries the account's name and belongs to another instance is left alone.
fn ignore_foreign(removed: std::result::Result<(), ContainerError>) -> Result<()> {
    match removed {
        Ok(()) => Ok(()),
        Err(ContainerError::NotOurs(what)) => {
            tracing::warn!(what, "left alone while an account is deleted: it belongs to another instance");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

async fn delete_rows(cx: &Cx, services: &Services, user: UserId) -> Result<()> {
    let mut tx = services.store.system("an account is deleted").await?;
    if users::delete(&mut tx, user).await? {
        let product = Cx { actor: Actor::System("an account is deleted"), ..cx.clone() };
        product.audit(&mut tx, "user.deleted", &user.to_string(), Some(user), json!({})).await?;
    }
    tx.commit().await?;
    Ok(())
}
