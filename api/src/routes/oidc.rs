//! `/api/auth/oidc` and `/api/settings/oidc`: sign-in with the identity provider, and its configuration.

use super::auth::session_cookie;
use crate::{
    body::Body,
    guards::{Admin, Caller, Client, Way},
    problem::{Problem, Reply},
};
use fleet::{
    Services,
    oidc::{self, Callback, Draft, Probe, Report, Shown},
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

/// On to another page, by GET.
#[derive(rocket::Responder)]
#[response(status = 303)]
pub struct GoTo {
    nothing: (),
    location: Header<'static>,
}

fn go_to(url: String) -> GoTo {
    GoTo { nothing: (), location: Header::new("Location", url) }
}

/// Somebody stands in front of a browser: he is shown a page, which explains the code.
fn explain(error: fleet::Error) -> GoTo {
    go_to(format!("/login?error={}", Problem::from(error).code))
}

/// Sends the browser to the identity provider.
#[utoipa::path(responses((status = 303, description = "On to the identity provider, or to /login?error=code")), security(()))]
#[get("/auth/oidc/start")]
pub async fn start(services: &State<Arc<Services>>, way: Way, cookies: &CookieJar<'_>) -> GoTo {
    match oidc::start(services, &way.base).await {
        Ok(started) => {
            let browser = started.browser.expose_secret().to_owned();
            cookies.add(way.cookie(way.flow(), browser, started.lasts_seconds));
            go_to(started.url)
        }
        Err(error) => explain(error),
    }
}

/// Takes the browser back and opens a session.
#[utoipa::path(responses((status = 303, description = "Signed in, or /login?error=code")), security(()))]
#[get("/auth/oidc/callback?<code>&<state>&<error>&<iss>")]
#[allow(clippy::too_many_arguments)] // the provider decides how many
pub async fn callback(
    services: &State<Arc<Services>>,
    client: Client,
    way: Way,
    cookies: &CookieJar<'_>,
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    iss: Option<String>,
) -> GoTo {
    let browser = cookies.get(way.flow()).map(|cookie| SecretString::from(cookie.value()));
    let back = Callback { code, state, error, issuer: iss };
    match oidc::callback(services, client.origin, &way.base, browser, &client.user_agent, back).await {
        Ok(signed_in) => {
            cookies.remove(way.cookie(way.flow(), String::new(), 0));
            cookies.add(session_cookie(&way, &signed_in));
            go_to("/".into())
        }
        Err(error) => explain(error),
    }
}

#[derive(FromForm, ToSchema)]
pub struct LogoutToken {
    logout_token: String,
}

/// The identity provider ends sessions from its side.
#[utoipa::path(request_body(content = LogoutToken, content_type = "application/x-www-form-urlencoded"), responses((status = 200, description = "Done")), security(()))]
#[post("/auth/oidc/backchannel-logout", data = "<form>")]
pub async fn backchannel_logout(
    services: &State<Arc<Services>>,
    client: Client,
    form: Form<LogoutToken>,
) -> Reply<Status> {
    match oidc::backchannel_logout(services, client.origin, &form.logout_token).await {
        Ok(()) => Ok(Status::Ok),
        // The specification's answer to a token that is not obeyed.
        Err(refused @ fleet::Error::Refused { .. }) => {
            let mut problem = Problem::from(refused);
            problem.status = Status::BadRequest;
            Err(problem)
        }
        Err(error) => Err(error.into()),
    }
}

/// The configuration, without its secret.
#[utoipa::path(responses((status = 200, description = "Done", body = Shown)))]
#[get("/settings/oidc")]
pub async fn get(caller: Caller<Admin>, way: Way) -> Reply<Json<Shown>> {
    Ok(Json(oidc::get(&caller.cx, &way.base).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewOidc)]
pub struct NewProvider {
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

/// Replaces the configuration. Without a secret the stored one stays, where issuer and client are the same.
#[utoipa::path(request_body = NewProvider, responses((status = 200, description = "Done", body = Shown)))]
#[put("/settings/oidc", data = "<body>")]
pub async fn put(caller: Caller<Admin>, way: Way, body: Body<NewProvider>) -> Reply<Json<Shown>> {
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
    Ok(Json(oidc::put(&caller.cx, draft, &way.base).await?))
}

/// Removes the provider.
#[utoipa::path(responses((status = 204, description = "Done")))]
#[delete("/settings/oidc")]
pub async fn remove(caller: Caller<Admin>) -> Reply<Status> {
    oidc::remove(&caller.cx).await?;
    Ok(Status::NoContent)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = OidcProbe)]
pub struct Typed {
    issuer: Option<String>,
    client_id: Option<String>,
    #[schema(value_type = Option<String>, format = Password, write_only)]
    client_secret: Option<SecretString>,
}

/// Tries what is typed, and what is stored for the rest.
#[utoipa::path(request_body = Typed, responses((status = 200, description = "Done", body = Report)))]
#[post("/settings/oidc/test", data = "<body>")]
pub async fn test(caller: Caller<Admin>, way: Way, body: Body<Typed>) -> Reply<Json<Report>> {
    let Typed { issuer, client_id, client_secret } = body.0;
    let probe = Probe { issuer, client_id, client_secret };
    Ok(Json(oidc::probe(&caller.cx, probe, &way.base).await?))
}
