//! Role and access of an account, the idle timeout and the limits of its container.

use crate::{Cx, Error, Result, containers};
use domain::{Invalid, Role, UserId, lifecycle::Desired, limits::LimitOverrides};
use jobs::{ActsFor, kinds::StopContainer};
use serde_json::json;
use store::{
    Tx, containers as rows, credentials, turns,
    users::{self, ListedUser},
};

/// What to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Patch {
    pub role: Option<Role>,
    pub disabled: Option<bool>,
    /// Seconds without use after which its container is stopped: 0 = never; `Some(None)` = the instance's setting.
    pub idle_timeout_seconds: Option<Option<u32>>,
    /// All own limits of its container; they apply from its next start on.
    pub limits: Option<LimitOverrides>,
}

/// A year.
const MAX_IDLE_TIMEOUT_SECONDS: u32 = 31_536_000;

/// Changes another account. Disabling it ends its sessions, jobs and answers and stops its container at once; its tokens
/// are refused while it is disabled.
pub async fn change(cx: &Cx, id: UserId, patch: Patch) -> Result<ListedUser> {
    let admin = cx.as_admin()?;
    if patch.idle_timeout_seconds.flatten().is_some_and(|seconds| seconds > MAX_IDLE_TIMEOUT_SECONDS) {
        let message =
            "Use at most 31536000 seconds (a year), 0 for never, or null for the instance's setting.";
        return Err(Invalid::new("idleTimeoutSeconds", message).into());
    }
    let mut tx = cx.system("an admin changes an account").await?;
    let before = users::get_locked(&mut tx, id).await?.ok_or(Error::NotFound("user"))?;
    let role = patch.role.unwrap_or(before.user.role);
    let was_disabled = before.user.disabled_at.is_some();
    let disabled = patch.disabled.unwrap_or(was_disabled);
    let idle = patch.idle_timeout_seconds.unwrap_or(before.idle_timeout());
    let limits = patch.limits.unwrap_or(before.limits);
    if limits != before.limits {
        let settings = cx.services.settings.get();
        containers::check_limits(&mut tx, &settings, limits.apply_to(settings.limits)).await?;
    }
    let loses_admin = disabled || role != Role::Admin;
    if loses_admin && before.breakglass {
        let detail = "This is the breakglass account, the way in when nothing else works. It stays an admin.";
        return Err(Error::conflict("breakglass_protected", detail));
    }
    if loses_admin && id == admin.user()? {
        return Err(Error::conflict("own_account", "Ask another admin to change your own access."));
    }
    if before.system && role == Role::Admin {
        let detail = "Nobody signs in as an agent of the instance itself, so it cannot be an admin.";
        return Err(Error::conflict("system_container", detail));
    }
    users::set_access(&mut tx, id, role, disabled).await?;
    users::set_idle_timeout(&mut tx, id, idle).await?;
    users::set_limits(&mut tx, id, limits).await?;
    let stopped = if disabled && !was_disabled { disable_cascade(&mut tx, id).await? } else { Vec::new() };
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
    // Turns that this process drives need not wait for the notification.
    stopped.into_iter().for_each(|turn| cx.services.active_turns.stop(turn));
    Ok(after)
}

/// Ends the sessions, jobs and turns of an account that was disabled, and stops its container. Answers the turns that
/// should stop.
pub(super) async fn disable_cascade(tx: &mut Tx, id: UserId) -> Result<Vec<domain::TurnId>> {
    credentials::delete_sessions_of(tx, id).await?;
    jobs::cancel::all_of(tx, id).await?;
    let stopped = turns::request_stop_of_user(tx, id).await?;
    if let Some(container) = rows::get_of(tx, id).await? {
        rows::set_desired(tx, container.id, Desired::Stopped).await?;
        let job = StopContainer { container_id: container.id };
        jobs::enqueue(tx, ActsFor::system_for("its user was disabled", id), &job, jobs::Options::default())
            .await?;
    }
    Ok(stopped)
}
