//! `/api/auth`: sign in, sign out, who am I.

use crate::{
    body::Body,
    guards::{COOKIE, Caller, Client, Cookie},
    problem::Reply,
};
use domain::UserId;
use fleet::{
    Services,
    auth::{self, SignIn, User},
};
use rocket::{
    State, get,
    http::{Cookie as HttpCookie, CookieJar, SameSite, Status},
    post,
    serde::json::Json,
    time::Duration,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub struct Methods {
    breakglass: bool,
    oidc: bool,
}

/// Which ways in there are.
#[utoipa::path(responses((status = 200, description = "Done", body = Methods)), security(()))]
#[get("/auth/methods")]
pub fn methods() -> Json<Methods> {
    Json(Methods { breakglass: true, oidc: false })
}

/// A signed-in person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    id: UserId,
    username: String,
    display_name: String,
    role: String,
}

impl From<User> for Me {
    fn from(user: User) -> Self {
        Self { id: user.id, username: user.username, display_name: user.display_name, role: user.role }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    username: String,
    #[schema(value_type = String, format = Password, write_only)]
    password: SecretString,
}

/// Opens a session with the breakglass account.
#[utoipa::path(
    request_body = Login,
    responses((status = 200, description = "Done", body = Me)),
    security(())
)]
#[post("/auth/login", data = "<body>")]
pub async fn login(
    services: &State<Arc<Services>>,
    client: Client,
    cookies: &CookieJar<'_>,
    body: Body<Login>,
) -> Reply<Json<Me>> {
    let Login { username, password } = body.0;
    let signed_in = auth::login(services, client.origin, &username, password, &client.user_agent).await?;
    cookies.add(session_cookie(&signed_in));
    Ok(Json(signed_in.user.into()))
}

/// Ends this session.
#[utoipa::path(responses((status = 204, description = "Done")))]
#[post("/auth/logout")]
pub async fn logout(caller: Caller<Cookie>, cookies: &CookieJar<'_>) -> Reply<Status> {
    if let Some((session, _)) = caller.session {
        auth::logout(&caller.cx, session).await?;
    }
    cookies.remove(HttpCookie::build(COOKIE).path("/"));
    Ok(Status::NoContent)
}

/// Who is signed in.
#[utoipa::path(responses((status = 200, description = "Done", body = Me)))]
#[get("/auth/me")]
pub fn me(caller: Caller<Cookie>) -> Reply<Json<Me>> {
    let (_, user) = caller.session.ok_or(fleet::Error::NotSignedIn)?;
    Ok(Json(user.into()))
}

/// The cookie of a fresh session: out of reach of scripts and of other sites.
pub(super) fn session_cookie(signed_in: &SignIn) -> HttpCookie<'static> {
    HttpCookie::build((COOKIE, signed_in.token.expose_secret().to_owned()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(signed_in.lasts_seconds))
        .build()
}
