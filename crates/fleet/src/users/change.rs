//! Role and access of an account, how long its container may idle, and what it may use.

use crate::{Cx, Error, Result, containers};
use domain::{Invalid, Role, UserId, lifecycle::Desired, limits::OwnLimits};
use jobs::{ActsFor, kinds::StopContainer};
use serde_json::json;
use store::{
    Tx, containers as rows, credentials, turns,
    users::{self, Listed},
};

/// What to change; `None` = as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Patch {
    /// The role.
    pub role: Option<Role>,
    /// Shut or open.
    pub disabled: Option<bool>,
    /// Seconds without use after which its container is stopped: 0 = never; `Some(None)` = as the instance says.
    pub idle_timeout_seconds: Option<Option<u32>>,
    /// The limits of its own for its container, all of them; they count from its next start on.
    pub limits: Option<OwnLimits>,
}

/// The longest idle timeout: a year.
const LONGEST_IDLE: u32 = 31_536_000;

/// Changes another account. Shutting one ends its sessions, jobs and answers and stops its container, in the
/// same moment; its tokens are refused as long as it is shut.
pub async fn change(cx: &Cx, id: UserId, patch: Patch) -> Result<Listed> {
    let admin = cx.as_admin()?;
    if patch.idle_timeout_seconds.flatten().is_some_and(|seconds| seconds > LONGEST_IDLE) {
        let most = "Use at most 31536000 seconds (a year), 0 for never, or null for the instance's setting.";
        return Err(Invalid::new("idleTimeoutSeconds", most).into());
    }
    let mut tx = cx.system("an admin changes an account").await?;
    let before = users::get_locked(&mut tx, id).await?.ok_or(Error::NotFound("user"))?;
    let role = patch.role.unwrap_or_else(|| Role::from_stored(&before.user.role));
    let was_disabled = before.user.disabled_at.is_some();
    let disabled = patch.disabled.unwrap_or(was_disabled);
    let idle = patch.idle_timeout_seconds.unwrap_or(before.idle_timeout());
    let limits = patch.limits.unwrap_or(before.limits);
    if limits != before.limits {
        let settings = cx.services.settings.get();
        containers::check_limits(&mut tx, &settings, limits.over(settings.limits)).await?;
    }
    let loses = disabled || role != Role::Admin;
    if loses && before.breakglass {
        let detail = "This is the breakglass account, the way in when nothing else works. It stays an admin.";
        return Err(Error::conflict("breakglass_protected", detail));
    }
    if loses && id == admin.user()? {
        return Err(Error::conflict("own_account", "Ask another admin to change your own access."));
    }
    if before.system && role == Role::Admin {
        let detail = "Nobody signs in as an agent of the instance itself, so it cannot be an admin.";
        return Err(Error::conflict("system_container", detail));
    }
    users::set_standing(&mut tx, id, role.as_str(), disabled).await?;
    users::set_idle_timeout(&mut tx, id, idle).await?;
    users::set_limits(&mut tx, id, limits).await?;
    let stopped = if disabled && !was_disabled { shut(&mut tx, id).await? } else { Vec::new() };
    let detail = json!({
        "before": {
            "role": before.user.role, "disabled": was_disabled, "idleTimeoutSeconds": before.idle_timeout(),
            "limits": before.limits,
        },
        "after": {
            "role": role.as_str(), "disabled": disabled, "idleTimeoutSeconds": idle, "limits": limits,
        },
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
    if let Some(container) = rows::get_of(tx, id).await? {
        rows::want(tx, container.id, Desired::Stopped).await?;
        let job = StopContainer { container_id: container.id };
        jobs::enqueue(tx, ActsFor::system_for("its user was disabled", id), &job, jobs::Options::default())
            .await?;
    }
    Ok(stopped)
}
