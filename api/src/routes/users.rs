//! `/api/users`: accounts, for admins.

use crate::{
    body::{self, Body},
    guards::{Admin, Caller, Id},
    page,
    problem::Reply,
    routes::providers::Enqueued,
};
use chrono::{DateTime, Utc};
use domain::{Role, UserId, limits::OwnLimits};
use fleet::users::{self, Listed, Patch};
use rocket::{delete, get, http::Status, patch, serde::json::Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct Shown {
    id: UserId,
    username: String,
    display_name: String,
    role: Role,
    /// It can sign in with a password when nothing else works; it cannot be shut or demoted.
    breakglass: bool,
    /// Nobody signs in as it: it is the account of one of the instance's own agents, which admins keep.
    system: bool,
    /// Since when it is shut; null = open.
    disabled_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    /// Seconds without use after which its container is stopped: 0 = never, null = as the instance's setting says.
    idle_timeout_seconds: Option<u32>,
    /// What its container may use; what is absent is as the instance's setting says.
    limits: OwnLimits,
    /// Its last request from a browser, as far as a session tells.
    last_seen_at: Option<DateTime<Utc>>,
}

impl From<Listed> for Shown {
    fn from(listed: Listed) -> Self {
        let idle_timeout_seconds = listed.idle_timeout();
        let Listed { user, breakglass, system, last_seen_at, limits, .. } = listed;
        Self {
            id: user.id,
            username: user.username,
            display_name: user.display_name,
            role: Role::from_stored(&user.role),
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
#[schema(as = UserPage)]
pub struct Page {
    items: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// All accounts, by name.
#[utoipa::path(responses((status = 200, description = "Done", body = Page)))]
#[get("/users?<limit>&<cursor>")]
pub async fn list(caller: Caller<Admin>, limit: Option<u32>, cursor: Option<&str>) -> Reply<Json<Page>> {
    let limit = page::limit(limit);
    if cursor.is_some_and(|name| name.contains('\0')) {
        return Err(page::refused());
    }
    let listed = users::list(&caller.cx, cursor, limit).await?;
    let next_cursor = page::next(&listed, limit, |last| last.user.username.clone());
    Ok(Json(Page { items: listed.into_iter().map(Shown::from).collect(), next_cursor }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = UserChanges)]
pub struct Changes {
    role: Option<Role>,
    disabled: Option<bool>,
    /// Seconds without use after which its container is stopped: 0 = never; null = as the instance's setting says.
    #[serde(default, deserialize_with = "body::said")]
    #[schema(value_type = Option<u32>)]
    idle_timeout_seconds: Option<Option<u32>>,
    /// What its container may use from its next start on, in place of all limits of its own so far; what is absent is
    /// as the instance's setting says.
    limits: Option<OwnLimits>,
}

/// Changes an account: role and access of another one, how long its container may idle, and what it may use.
#[utoipa::path(
    request_body = Changes,
    responses((status = 200, description = "Done", body = Shown))
)]
#[patch("/users/<id>", data = "<body>")]
pub async fn change(caller: Caller<Admin>, id: Id<UserId>, body: Body<Changes>) -> Reply<Json<Shown>> {
    let Changes { role, disabled, idle_timeout_seconds, limits } = body.0;
    let patch = Patch { role, disabled, idle_timeout_seconds, limits };
    Ok(Json(users::change(&caller.cx, id.0, patch).await?.into()))
}

/// Deletes another account with everything that is its own. There is no way back.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it is shut at once, the rest goes on in the background", body = Enqueued))
)]
#[delete("/users/<id>")]
pub async fn remove(caller: Caller<Admin>, id: Id<UserId>) -> Reply<(Status, Json<Enqueued>)> {
    Ok((Status::Accepted, Json(Enqueued { job_id: users::remove(&caller.cx, id.0).await? })))
}
