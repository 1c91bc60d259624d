//! `/api/auth/sessions`: the caller's sessions.

use crate::{
    guards::{Caller, Id, SelfOnly},
    page::Items,
    problem::Reply,
};
use chrono::{DateTime, Utc};
use domain::SessionId;
use fleet::auth;
use rocket::{delete, get, http::Status, serde::json::Json};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub struct SessionResponse {
    id: SessionId,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    user_agent: String,
    address: String,
    /// `password` or `oidc`.
    method: &'static str,
    /// Whether it is the session of this request.
    current: bool,
}

/// The caller's sessions, the most recently used first.
#[utoipa::path(responses((status = 200, description = "Done", body = Items<SessionResponse>)))]
#[get("/auth/sessions")]
pub async fn list(caller: Caller<SelfOnly>) -> Reply<Json<Items<SessionResponse>>> {
    let current = caller.session.map(|(id, _)| id);
    let sessions = auth::list_sessions(&caller.cx).await?.into_iter();
    let items = sessions
        .map(|session| SessionResponse {
            id: session.id,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            user_agent: session.user_agent,
            address: session.address,
            method: if session.oidc { "oidc" } else { "password" },
            current: Some(session.id) == current,
        })
        .collect();
    Ok(Json(Items { items }))
}

/// Ends a session.
#[utoipa::path(responses((status = 204, description = "Done")))]
#[delete("/auth/sessions/<id>")]
pub async fn end(caller: Caller<SelfOnly>, id: Id<SessionId>) -> Reply<Status> {
    auth::end_session(&caller.cx, id.0).await?;
    Ok(Status::NoContent)
}
