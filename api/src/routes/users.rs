//! `/api/users`: accounts, for admins.

use crate::{
    body::{self, Body},
    enqueued::{Accepted, EnqueuedResponse, accepted},
    guards::{Admin, Caller, Id},
    page,
    problem::Reply,
};
use chrono::{DateTime, Utc};
use domain::{Role, UserId, limits::LimitOverrides};
use fleet::users::{self, ListedUser, Patch};
use rocket::{delete, get, patch, serde::json::Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct UserResponse {
    id: UserId,
    username: String,
    display_name: String,
    role: Role,
    /// Can sign in with a password when nothing else works. Cannot be disabled or demoted.
    breakglass: bool,
    /// The account of a system container, which no user signs in as.
    system: bool,
    /// When it was disabled; null if it was not.
    disabled_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    /// Seconds without use after which its container is stopped; 0 = never, null = the instance's setting.
    idle_timeout_seconds: Option<u32>,
    /// Limits of its container. Absent ones are those of the instance.
    limits: LimitOverrides,
    /// The last request of one of its sessions.
    last_seen_at: Option<DateTime<Utc>>,
}

impl From<ListedUser> for UserResponse {
    fn from(listed: ListedUser) -> Self {
        let idle_timeout_seconds = listed.idle_timeout();
        let ListedUser { user, breakglass, system, last_seen_at, limits, .. } = listed;
        Self {
            id: user.id,
            username: user.username,
            display_name: user.display_name,
            role: user.role,
            breakglass,
            system,
            disabled_at: user.disabled_at,
            created_at: user.created_at,
            idle_timeout_seconds,
            limits,
            last_seen_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserPage {
    items: Vec<UserResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// All accounts, by name.
#[utoipa::path(responses((status = 200, description = "Done", body = UserPage)))]
#[get("/users?<limit>&<cursor>")]
pub async fn list(caller: Caller<Admin>, limit: Option<u32>, cursor: Option<&str>) -> Reply<Json<UserPage>> {
    let limit = page::limit(limit);
    if cursor.is_some_and(|name| name.contains('\0')) {
        return Err(page::bad_cursor());
    }
    let listed = users::list(&caller.cx, cursor, limit).await?;
    let next_cursor = page::next_cursor(&listed, limit, |last| last.user.username.clone());
    Ok(Json(UserPage { items: listed.into_iter().map(UserResponse::from).collect(), next_cursor }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UserChanges {
    role: Option<Role>,
    disabled: Option<bool>,
    /// Seconds without use after which its container is stopped; 0 = never, null = the instance's setting.
    #[serde(default, deserialize_with = "body::double_option")]
    #[schema(value_type = Option<u32>)]
    idle_timeout_seconds: Option<Option<u32>>,
    /// Limits of its container from the next start on. Replaces all of its own limits; absent ones are those of the
    /// instance.
    limits: Option<LimitOverrides>,
}

/// Changes an account: role and access (not of the caller's own), and idle time and limits of its container.
#[utoipa::path(
    request_body = UserChanges,
    responses((status = 200, description = "Done", body = UserResponse))
)]
#[patch("/users/<id>", data = "<body>")]
pub async fn change(
    caller: Caller<Admin>,
    id: Id<UserId>,
    body: Body<UserChanges>,
) -> Reply<Json<UserResponse>> {
    let UserChanges { role, disabled, idle_timeout_seconds, limits } = body.0;
    let patch = Patch { role, disabled, idle_timeout_seconds, limits };
    Ok(Json(users::change(&caller.cx, id.0, patch).await?.into()))
}

/// Deletes another account and all of its data. This cannot be undone.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it is disabled at once, and deleted in the background", body = EnqueuedResponse))
)]
#[delete("/users/<id>")]
pub async fn remove(caller: Caller<Admin>, id: Id<UserId>) -> Reply<Accepted> {
    Ok(accepted(users::remove(&caller.cx, id.0).await?))
}
