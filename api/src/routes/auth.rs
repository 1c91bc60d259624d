//! `/api/auth`: sign-in, sign-out, and the signed-in user.

use crate::{
    body::Body,
    guards::{Caller, Client, ClientTransport, Cookie, SelfOnly},
    problem::Reply,
};
use domain::{Role, UserId};
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
#[schema(as = Methods)]
pub struct SignInMethods {
    breakglass: bool,
    oidc: bool,
    /// The label of the button for the identity provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc_label: Option<String>,
}

/// The available ways to sign in.
#[utoipa::path(responses((status = 200, description = "Done", body = SignInMethods)), security(()))]
#[get("/auth/methods")]
pub async fn methods(services: &State<Arc<Services>>) -> Reply<Json<SignInMethods>> {
    let oidc_label = fleet::oidc::label(services).await?;
    Ok(Json(SignInMethods { breakglass: true, oidc: oidc_label.is_some(), oidc_label }))
}

/// The signed-in user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Me)]
pub struct CurrentUserResponse {
    id: UserId,
    username: String,
    display_name: String,
    #[schema(value_type = String)]
    role: Role,
    /// The admin's user name, if they act for a system container (X-Mosaic-Account).
    #[serde(skip_serializing_if = "Option::is_none")]
    kept_by: Option<String>,
}

impl From<User> for CurrentUserResponse {
    fn from(user: User) -> Self {
        let User { id, username, display_name, role, .. } = user;
        Self { id, username, display_name, role, kept_by: None }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Login)]
pub struct LoginRequest {
    username: String,
    #[schema(value_type = String, format = Password, write_only)]
    password: SecretString,
}

/// Opens a session with a password. After failed attempts the next one must wait (429).
#[utoipa::path(
    request_body = LoginRequest,
    responses((status = 200, description = "Done", body = CurrentUserResponse)),
    security(())
)]
#[post("/auth/login", data = "<body>")]
pub async fn login(
    services: &State<Arc<Services>>,
    client: Client,
    transport: ClientTransport,
    cookies: &CookieJar<'_>,
    body: Body<LoginRequest>,
) -> Reply<Json<CurrentUserResponse>> {
    let LoginRequest { username, password } = body.0;
    let signed_in = auth::login(services, client.origin, &username, password, &client.user_agent).await?;
    cookies.add(session_cookie(&transport, &signed_in));
    Ok(Json(signed_in.user.into()))
}

#[derive(rocket::Responder)]
pub enum LogoutResult {
    #[response(status = 204)]
    Complete(()),
    /// The session of the identity provider still exists: the browser must go there.
    Redirect(Json<LogoutRedirect>),
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GoTo)]
pub struct LogoutRedirect {
    redirect_to: String,
}

/// Ends this session. If the identity provider has its own session, says where to end it.
#[utoipa::path(responses(
    (status = 204, description = "Done"),
    (status = 200, description = "Done here; the browser must continue to the identity provider", body = LogoutRedirect)
))]
#[post("/auth/logout")]
pub async fn logout(
    caller: Caller<SelfOnly>,
    transport: ClientTransport,
    cookies: &CookieJar<'_>,
) -> Reply<LogoutResult> {
    let Some((session, _)) = caller.session else { return Ok(LogoutResult::Complete(())) };
    let redirect_to = fleet::oidc::end_session_url(&caller.cx, session, &transport.origin).await?;
    auth::logout(&caller.cx, session).await?;
    cookies.remove(transport.cookie(transport.session_cookie_name(), String::new(), 0));
    Ok(match redirect_to {
        Some(redirect_to) => LogoutResult::Redirect(Json(LogoutRedirect { redirect_to })),
        None => LogoutResult::Complete(()),
    })
}

/// The signed-in user, or the account that they act for.
#[utoipa::path(responses((status = 200, description = "Done", body = CurrentUserResponse)))]
#[get("/auth/me")]
pub fn me(caller: Caller<Cookie>) -> Reply<Json<CurrentUserResponse>> {
    let (_, user) = caller.session.ok_or(fleet::Error::NotSignedIn)?;
    Ok(Json(match caller.account {
        Some(account) => CurrentUserResponse { kept_by: Some(user.username), ..account.into() },
        None => user.into(),
    }))
}

/// The cookie of a new session.
pub(super) fn session_cookie(transport: &ClientTransport, signed_in: &SignIn) -> HttpCookie<'static> {
    transport.cookie(
        transport.session_cookie_name(),
        signed_in.token.expose_secret().to_owned(),
        signed_in.lasts_seconds,
    )
}
