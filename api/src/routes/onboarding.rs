//! `/api/onboarding`: the steps of the set-up.

use super::{agents, auth::session_cookie, providers};
use crate::{
    body::Body,
    guards::{Admin, Caller, Client, ClientTransport, Cookie, SetupToken},
    problem::Reply,
};
use domain::{AgentId, JobId, ProviderId, UserId};
use fleet::{Services, onboarding};
use rocket::{
    State, get,
    http::{CookieJar, Status},
    post,
    serde::json::Json,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The state of the set-up.
#[utoipa::path(
    responses((status = 200, description = "Done", body = onboarding::State)),
    security(())
)]
#[get("/onboarding")]
pub async fn state(
    services: &State<Arc<Services>>,
    caller: Option<Caller<Cookie>>,
) -> Reply<Json<onboarding::State>> {
    Ok(Json(onboarding::state(services, caller.as_ref().map(|caller| &caller.cx)).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    username: String,
    #[schema(value_type = String, format = Password, write_only)]
    password: SecretString,
}

#[derive(Serialize, ToSchema)]
pub struct Created<T> {
    id: T,
}

/// Creates the first admin, and signs them in.
#[utoipa::path(
    request_body = Credentials,
    responses((status = 201, description = "Created", body = Created<UserId>)),
    security(("setup" = []))
)]
#[post("/onboarding/breakglass", data = "<body>")]
pub async fn breakglass(
    services: &State<Arc<Services>>,
    client: Client,
    token: SetupToken,
    transport: ClientTransport,
    cookies: &CookieJar<'_>,
    body: Body<Credentials>,
) -> Reply<(Status, Json<Created<UserId>>)> {
    let Credentials { username, password } = body.0;
    let signed_in = onboarding::breakglass(
        services,
        client.origin,
        Some(token.0),
        &username,
        password,
        &client.user_agent,
    )
    .await?;
    cookies.add(session_cookie(&transport, &signed_in));
    Ok((Status::Created, Json(Created { id: signed_in.user.id })))
}

/// An identity provider, or the decision to skip it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OnboardingOidc {
    issuer: Option<String>,
    client_id: Option<String>,
    #[schema(value_type = Option<String>, format = Password, write_only)]
    client_secret: Option<SecretString>,
    #[serde(default)]
    skip: bool,
}

/// Sets the identity provider, or skips it. It can be set later.
#[utoipa::path(request_body = OnboardingOidc, responses((status = 204, description = "Done")))]
#[post("/onboarding/oidc", data = "<body>")]
pub async fn oidc(
    caller: Caller<Admin>,
    transport: ClientTransport,
    body: Body<OnboardingOidc>,
) -> Reply<Status> {
    let OnboardingOidc { issuer, client_id, client_secret, skip } = body.0;
    if skip {
        onboarding::skip_oidc(&caller.cx).await?;
    } else {
        let draft =
            fleet::oidc::Draft::new(issuer.unwrap_or_default(), client_id.unwrap_or_default(), client_secret);
        onboarding::set_oidc(&caller.cx, draft, &transport.origin).await?;
    }
    Ok(Status::NoContent)
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderSaved {
    provider_id: ProviderId,
    job_id: JobId,
}

/// Saves the first provider, and enqueues its test.
#[utoipa::path(
    request_body = providers::NewProvider,
    responses((status = 202, description = "Accepted: it continues in the background", body = ProviderSaved))
)]
#[post("/onboarding/provider", data = "<body>")]
pub async fn provider(
    caller: Caller<Admin>,
    body: Body<providers::NewProvider>,
) -> Reply<(Status, Json<ProviderSaved>)> {
    let cx = caller.cx.as_admin().map(|_| &caller.cx)?;
    onboarding::require_open(&cx.services).await?;
    let provider_id = fleet::providers::create(cx, body.0.into()).await?;
    let job_id = fleet::providers::enqueue_test(cx, provider_id).await?;
    Ok((Status::Accepted, Json(ProviderSaved { provider_id, job_id })))
}

/// Saves the first agent.
#[utoipa::path(
    request_body = agents::NewAgent,
    responses((status = 201, description = "Created", body = Created<AgentId>))
)]
#[post("/onboarding/agent", data = "<body>")]
pub async fn agent(
    caller: Caller<Admin>,
    body: Body<agents::NewAgent>,
) -> Reply<(Status, Json<Created<AgentId>>)> {
    let cx = caller.cx.as_admin().map(|_| &caller.cx)?;
    onboarding::require_open(&cx.services).await?;
    let id = fleet::agents::create(cx, body.0.into()).await?;
    Ok((Status::Created, Json(Created { id })))
}

/// Completes the set-up. It cannot be repeated.
#[utoipa::path(responses((status = 204, description = "Done")))]
#[post("/onboarding/complete")]
pub async fn complete(caller: Caller<Admin>) -> Reply<Status> {
    onboarding::complete(&caller.cx).await?;
    Ok(Status::NoContent)
}
