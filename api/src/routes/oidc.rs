//! `/api/auth/oidc` and `/api/settings/oidc`: sign-in with the identity provider, and its configuration.

use super::auth::session_cookie;
use crate::{
    body::Body,
    guards::{Admin, Caller, Client, ClientTransport},
    problem::{Problem, Reply},
};
use fleet::{
    Services,
    oidc::{self, Callback, Draft, OidcReport, OidcSettings, Probe},
};
use rocket::{
    FromForm, State, delete,
    form::Form,
    get,
    http::{CookieJar, Header, Status},
    post, put,
    serde::json::Json,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Redirects the browser to another page.
#[derive(rocket::Responder)]
#[response(status = 303)]
pub struct SeeOther {
    nothing: (),
    location: Header<'static>,
}

fn see_other(url: String) -> SeeOther {
    SeeOther { nothing: (), location: Header::new("Location", url) }
}

/// For a user in a browser: the sign-in page explains the code.
fn error_page(error: fleet::Error) -> SeeOther {
    see_other(format!("/login?error={}", Problem::from(error).code))
}

/// Sends the browser to the identity provider.
#[utoipa::path(responses((status = 303, description = "To the identity provider, or to /login?error=code")), security(()))]
#[get("/auth/oidc/start")]
pub async fn start(
    services: &State<Arc<Services>>,
    transport: ClientTransport,
    cookies: &CookieJar<'_>,
) -> SeeOther {
    match oidc::start(services, &transport.origin).await {
        Ok(started) => {
            let browser = started.browser.expose_secret().to_owned();
            cookies.add(transport.cookie(transport.flow_cookie_name(), browser, started.lasts_seconds));
            see_other(started.url)
        }
        Err(error) => error_page(error),
    }
}

/// Receives the browser from the identity provider, and opens a session.
#[utoipa::path(responses((status = 303, description = "Signed in, or to /login?error=code")), security(()))]
#[get("/auth/oidc/callback?<code>&<state>&<error>&<iss>")]
#[allow(clippy::too_many_arguments)] // One per query parameter.
pub async fn callback(
    services: &State<Arc<Services>>,
    client: Client,
    transport: ClientTransport,
    cookies: &CookieJar<'_>,
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    iss: Option<String>,
) -> SeeOther {
    let browser = cookies.get(transport.flow_cookie_name()).map(|cookie| SecretString::from(cookie.value()));
    let callback = Callback { code, state, error, issuer: iss };
    match oidc::callback(services, client.origin, &transport.origin, browser, &client.user_agent, callback)
        .await
    {
        Ok(signed_in) => {
            cookies.remove(transport.cookie(transport.flow_cookie_name(), String::new(), 0));
            cookies.add(session_cookie(&transport, &signed_in));
            see_other("/".into())
        }
        Err(error) => error_page(error),
    }
}

#[derive(FromForm, ToSchema)]
pub struct LogoutToken {
    logout_token: String,
}

/// Ends sessions at the request of the identity provider.
#[utoipa::path(request_body(content = LogoutToken, content_type = "application/x-www-form-urlencoded"), responses((status = 200, description = "Done")), security(()))]
#[post("/auth/oidc/backchannel-logout", data = "<form>")]
pub async fn backchannel_logout(
    services: &State<Arc<Services>>,
    client: Client,
    form: Form<LogoutToken>,
) -> Reply<Status> {
    match oidc::backchannel_logout(services, client.origin, &form.logout_token).await {
        Ok(()) => Ok(Status::Ok),
        // As the specification requires for an invalid token.
        Err(refused @ fleet::Error::Refused { .. }) => {
            let mut problem = Problem::from(refused);
            problem.status = Status::BadRequest;
            Err(problem)
        }
        Err(error) => Err(error.into()),
    }
}

/// The configuration, without its secret.
#[utoipa::path(responses((status = 200, description = "Done", body = OidcSettings)))]
#[get("/settings/oidc")]
pub async fn get(caller: Caller<Admin>, transport: ClientTransport) -> Reply<Json<OidcSettings>> {
    Ok(Json(oidc::get(&caller.cx, &transport.origin).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewOidc)]
pub struct NewOidcProvider {
    issuer: String,
    client_id: String,
    #[schema(value_type = Option<String>, format = Password, write_only)]
    client_secret: Option<SecretString>,
    label: Option<String>,
    scopes: Option<Vec<String>>,
    auto_provision: Option<bool>,
    #[serde(default)]
    allowed_domains: Vec<String>,
    #[serde(default)]
    allowed_groups: Vec<String>,
    groups_claim: Option<String>,
    #[serde(default)]
    admin_groups: Vec<String>,
}

/// Replaces the configuration. Without a secret the stored one is kept, if issuer and client stay the same.
#[utoipa::path(request_body = NewOidcProvider, responses((status = 200, description = "Done", body = OidcSettings)))]
#[put("/settings/oidc", data = "<body>")]
pub async fn put(
    caller: Caller<Admin>,
    transport: ClientTransport,
    body: Body<NewOidcProvider>,
) -> Reply<Json<OidcSettings>> {
    let new = body.0;
    let draft = Draft {
        issuer: new.issuer,
        client_id: new.client_id,
        client_secret: new.client_secret,
        label: new.label,
        scopes: new.scopes,
        auto_provision: new.auto_provision,
        allowed_domains: new.allowed_domains,
        allowed_groups: new.allowed_groups,
        groups_claim: new.groups_claim,
        admin_groups: new.admin_groups,
    };
    Ok(Json(oidc::put(&caller.cx, draft, &transport.origin).await?))
}

/// Removes the configuration.
#[utoipa::path(responses((status = 204, description = "Done")))]
#[delete("/settings/oidc")]
pub async fn remove(caller: Caller<Admin>) -> Reply<Status> {
    oidc::remove(&caller.cx).await?;
    Ok(Status::NoContent)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = OidcProbe)]
pub struct OidcProbeRequest {
    issuer: Option<String>,
    client_id: Option<String>,
    #[schema(value_type = Option<String>, format = Password, write_only)]
    client_secret: Option<SecretString>,
}

/// Tests the given values, with the stored ones for the rest.
#[utoipa::path(request_body = OidcProbeRequest, responses((status = 200, description = "Done", body = OidcReport)))]
#[post("/settings/oidc/test", data = "<body>")]
pub async fn test(
    caller: Caller<Admin>,
    transport: ClientTransport,
    body: Body<OidcProbeRequest>,
) -> Reply<Json<OidcReport>> {
    let OidcProbeRequest { issuer, client_id, client_secret } = body.0;
    let probe = Probe { issuer, client_id, client_secret };
    Ok(Json(oidc::probe(&caller.cx, probe, &transport.origin).await?))
}
