//! `/api/auth`: sign in, sign out, who am I.

use crate::{
    body::Body,
    guards::{Caller, Client, Cookie, Oneself, Way},
    problem::Reply,
};
use domain::UserId;
use fleet::{
    Services,
    auth::{self, SignIn, User},
};
use rocket::{
    State, get,
    http::{Cookie as HttpCookie, CookieJar},
    post,
    serde::json::Json,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Methods {
    breakglass: bool,
    oidc: bool,
    /// What the button of the identity provider says.
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc_label: Option<String>,
}

/// Which ways in there are.
#[utoipa::path(responses((status = 200, description = "Done", body = Methods)), security(()))]
#[get("/auth/methods")]
pub async fn methods(services: &State<Arc<Services>>) -> Reply<Json<Methods>> {
    let oidc_label = fleet::oidc::label(services).await?;
    Ok(Json(Methods { breakglass: true, oidc: oidc_label.is_some(), oidc_label }))
}

/// A signed-in person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    id: UserId,
    username: String,
    display_name: String,
    role: String,
    /// The admin who asks, where he acts for one of the instance's own agents (X-Mosaic-Account).
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_by: Option<String>,
}

impl From<User> for Me {
    fn from(user: User) -> Self {
        let User { id, username, display_name, role, .. } = user;
        Self { id, username, display_name, role, kept_by: None }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    username: String,
    #[schema(value_type = String, format = Password, write_only)]
    password: SecretString,
}

/// Opens a session with the breakglass account. Failed attempts make the next one wait (429).
#[utoipa::path(
    request_body = Login,
    responses((status = 200, description = "Done", body = Me)),
    security(())
)]
#[post("/auth/login", data = "<body>")]
pub async fn login(
    services: &State<Arc<Services>>,
    client: Client,
    way: Way,
    cookies: &CookieJar<'_>,
    body: Body<Login>,
) -> Reply<Json<Me>> {
    let Login { username, password } = body.0;
    let signed_in = auth::login(services, client.origin, &username, password, &client.user_agent).await?;
    cookies.add(session_cookie(&way, &signed_in));
    Ok(Json(signed_in.user.into()))
}

/// How a sign-out ended.
#[derive(rocket::Responder)]
pub enum SignedOut {
    /// Everywhere.
    #[response(status = 204)]
    Here(()),
    /// Not at the identity provider yet: the browser is to go there.
    There(Json<GoTo>),
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoTo {
    redirect_to: String,
}

/// Ends this session; says where to go on to where an identity provider has one of its own.
#[utoipa::path(responses(
    (status = 204, description = "Done"),
    (status = 200, description = "Done here; the browser is to go on to the identity provider", body = GoTo)
))]
#[post("/auth/logout")]
pub async fn logout(caller: Caller<Oneself>, way: Way, cookies: &CookieJar<'_>) -> Reply<SignedOut> {
    let Some((session, _)) = caller.session else { return Ok(SignedOut::Here(())) };
    let elsewhere = fleet::oidc::end_session_url(&caller.cx, session, &way.base).await?;
    auth::logout(&caller.cx, session).await?;
    cookies.remove(way.cookie(way.session(), String::new(), 0));
    Ok(match elsewhere {
        Some(redirect_to) => SignedOut::There(Json(GoTo { redirect_to })),
        None => SignedOut::Here(()),
    })
}

/// Who is signed in, or for which account he acts.
#[utoipa::path(responses((status = 200, description = "Done", body = Me)))]
#[get("/auth/me")]
pub fn me(caller: Caller<Cookie>) -> Reply<Json<Me>> {
    let (_, user) = caller.session.ok_or(fleet::Error::NotSignedIn)?;
    Ok(Json(match caller.account {
        Some(account) => Me { kept_by: Some(user.username), ..account.into() },
        None => user.into(),
    }))
}

/// The cookie of a fresh session.
pub(super) fn session_cookie(way: &Way, signed_in: &SignIn) -> HttpCookie<'static> {
    way.cookie(way.session(), signed_in.token.expose_secret().to_owned(), signed_in.lasts_seconds)
}
