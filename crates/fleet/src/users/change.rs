//! Role and access of an account.

use crate::{Cx, Error, Result};
use domain::{Role, UserId, lifecycle::Desired};
use jobs::{ActsFor, kinds::StopContainer};
use serde_json::json;
use store::{
    Tx, containers, credentials, turns,
    users::{self, Listed},
};

/// What to change; `None` = as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Patch {
    /// The role.
    pub role: Option<Role>,
    /// Shut or open.
    pub disabled: Option<bool>,
}

/// Changes another account. Shutting one ends its sessions, jobs and answers and stops its container, in the
/// same moment; its tokens are refused as long as it is shut.
pub async fn change(cx: &Cx, id: UserId, patch: Patch) -> Result<Listed> {
    let admin = cx.as_admin()?;
    let mut tx = cx.services.store.system("an admin changes an account").await?;
    let before = users::get_locked(&mut tx, id).await?.ok_or(Error::NotFound("user"))?;
    let role = patch.role.unwrap_or_else(|| Role::from_stored(&before.user.role));
    let was_disabled = before.user.disabled_at.is_some();
    let disabled = patch.disabled.unwrap_or(was_disabled);
    let loses = disabled || role != Role::Admin;
    if loses && before.breakglass {
        let detail = "This is the breakglass account, the way in when nothing else works. It stays an admin.";
        return Err(Error::conflict("breakglass_protected", detail));
    }
    if loses && id == admin.user()? {
        return Err(Error::conflict("own_account", "Ask another admin to change your own access."));
    }
    users::set_standing(&mut tx, id, role.as_str(), disabled).await?;
    let stopped = if disabled && !was_disabled { shut(&mut tx, id).await? } else { Vec::new() };
    let detail = json!({
        "before": { "role": before.user.role, "disabled": was_disabled },
        "after": { "role": role.as_str(), "disabled": disabled },
    });
    admin.audit(&mut tx, "user.change", &id.to_string(), Some(id), detail).await?;
    let after = users::get_locked(&mut tx, id).await?.ok_or(Error::NotFound("user"))?;
    tx.commit().await?;
    // Driven right here: no need to wait for the notification.
    stopped.into_iter().for_each(|turn| cx.services.drivers.stop(turn));
    Ok(after)
}

/// Nobody gets in any more, and what runs for him ends. Answers the turns that are to stop.
pub(super) async fn shut(tx: &mut Tx, id: UserId) -> Result<Vec<domain::TurnId>> {
    credentials::delete_sessions_of(tx, id).await?;
    jobs::cancel::all_of(tx, id).await?;
    let stopped = turns::request_stop_of(tx, id).await?;
    if let Some(container) = containers::get_of(tx, id).await? {
        containers::want(tx, container.id, Desired::Stopped).await?;
        let job = StopContainer { container_id: container.id };
        jobs::enqueue(tx, ActsFor::system_for("its user was disabled", id), &job, jobs::Options::default())
            .await?;
    }
    Ok(stopped)
}
