//! `/api/onboarding`: the steps of the wizard.

use super::{agents, auth::session_cookie, providers};
use crate::{
    body::Body,
    guards::{Caller, Client, Cookie, SetupToken},
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

/// How far it is.
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

/// The first admin; signs him in.
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
    cookies: &CookieJar<'_>,
    body: Body<Credentials>,
) -> Reply<(Status, Json<Created<UserId>>)> {
    let Credentials { username, password } = body.0;
    let token = token.0.map(SecretString::from);
    let signed_in =
        onboarding::breakglass(services, client.origin, token, &username, password, &client.user_agent)
            .await?;
    cookies.add(session_cookie(&signed_in));
    Ok((Status::Created, Json(Created { id: signed_in.user.id })))
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderSaved {
    provider_id: ProviderId,
    job_id: JobId,
}

/// The first provider: saved, and its test enqueued.
#[utoipa::path(
    request_body = providers::NewProvider,
    responses((status = 202, description = "Accepted: it goes on in the background", body = ProviderSaved))
)]
#[post("/onboarding/provider", data = "<body>")]
pub async fn provider(
    caller: Caller<Cookie>,
    body: Body<providers::NewProvider>,
) -> Reply<(Status, Json<ProviderSaved>)> {
    let cx = caller.cx.as_admin().map(|_| &caller.cx)?;
    onboarding::require_open(&cx.services).await?;
    let provider_id = fleet::providers::create(cx, body.0.into()).await?;
    let job_id = fleet::providers::enqueue_test(cx, provider_id).await?;
    Ok((Status::Accepted, Json(ProviderSaved { provider_id, job_id })))
}

/// The first agent.
#[utoipa::path(
    request_body = agents::NewAgent,
    responses((status = 201, description = "Created", body = Created<AgentId>))
)]
#[post("/onboarding/agent", data = "<body>")]
pub async fn agent(
    caller: Caller<Cookie>,
    body: Body<agents::NewAgent>,
) -> Reply<(Status, Json<Created<AgentId>>)> {
    let cx = caller.cx.as_admin().map(|_| &caller.cx)?;
    onboarding::require_open(&cx.services).await?;
    let id = fleet::agents::create(cx, body.0.into()).await?;
    Ok((Status::Created, Json(Created { id })))
}

/// The end, for ever.
#[utoipa::path(responses((status = 204, description = "Done")))]
#[post("/onboarding/complete")]
pub async fn complete(caller: Caller<Cookie>) -> Reply<Status> {
    onboarding::complete(&caller.cx).await?;
    Ok(Status::NoContent)
}
