//! `/api/providers`: accounts at LLM providers. Keys can be written but never read.

use crate::{
    body::{self, Body},
    enqueued::{Accepted, EnqueuedResponse, accepted},
    guards::{Caller, Cookie, Id, Version},
    page::Items,
    problem::Reply,
};
use chrono::{DateTime, Utc};
use domain::{ProviderId, provider::Model};
use fleet::providers::{self, CatalogEntry, Draft, LastTest, ModelInfo, Patch, Provider, Report};
use rocket::{delete, get, http::Status, patch, post, serde::json::Json};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What is shown of a key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KeyShown)]
struct KeySummary {
    set: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_in: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Provider)]
pub struct ProviderResponse {
    id: ProviderId,
    slug: String,
    kind: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<String>,
    api_key: KeySummary,
    models: Vec<Model>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LastTest>)]
    last_test: Option<Value>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Provider> for ProviderResponse {
    fn from(provider: Provider) -> Self {
        Self {
            id: provider.id,
            slug: provider.slug,
            kind: provider.kind,
            name: provider.name,
            base_url: provider.base_url,
            api_key: KeySummary {
                set: provider.api_key.is_some(),
                ends_in: provider.key_ends_in.filter(|shown| !shown.is_empty()),
            },
            models: provider.models.0,
            last_test: provider.last_test,
            version: provider.version,
            created_at: provider.created_at,
            updated_at: provider.updated_at,
        }
    }
}

/// A provider to create or to test.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewProvider {
    kind: String,
    name: Option<String>,
    base_url: Option<String>,
    #[schema(value_type = Option<String>, format = Password, write_only)]
    api_key: Option<SecretString>,
    #[serde(default)]
    models: Vec<Model>,
    #[serde(default)]
    allow_private_host: bool,
}

impl From<NewProvider> for Draft {
    fn from(new: NewProvider) -> Self {
        Self {
            kind: new.kind,
            name: new.name,
            base_url: new.base_url,
            api_key: new.api_key,
            models: new.models.into_iter().map(|model| model.id).collect(),
            allow_private_host: new.allow_private_host,
        }
    }
}

/// The kinds of provider.
#[utoipa::path(responses((status = 200, description = "Done", body = Items<CatalogEntry>)))]
#[get("/providers/catalog")]
pub fn catalog(_caller: Caller<Cookie>) -> Json<Items<&'static CatalogEntry>> {
    Json(Items { items: providers::catalog() })
}

/// The caller's providers.
#[utoipa::path(responses((status = 200, description = "Done", body = Items<ProviderResponse>)))]
#[get("/providers")]
pub async fn list(caller: Caller<Cookie>) -> Reply<Json<Items<ProviderResponse>>> {
    let items = providers::list(&caller.cx).await?.into_iter().map(ProviderResponse::from).collect();
    Ok(Json(Items { items }))
}

/// Saves a provider.
#[utoipa::path(
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeated request with the same key creates the provider only once")),
    request_body = NewProvider,
    responses((status = 201, description = "Created", body = ProviderResponse))
)]
#[post("/providers", data = "<body>")]
pub async fn create(
    caller: Caller<Cookie>,
    body: Body<NewProvider>,
) -> Reply<(Status, Json<ProviderResponse>)> {
    let id = providers::create(&caller.cx, body.0.into()).await?;
    Ok((Status::Created, Json(providers::get(&caller.cx, id).await?.into())))
}

/// One provider.
#[utoipa::path(responses((status = 200, description = "Done", body = ProviderResponse)))]
#[get("/providers/<id>")]
pub async fn get(caller: Caller<Cookie>, id: Id<ProviderId>) -> Reply<Json<ProviderResponse>> {
    Ok(Json(providers::get(&caller.cx, id.0).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ProviderChanges {
    kind: Option<String>,
    name: Option<String>,
    #[serde(default, deserialize_with = "body::double_option")]
    #[schema(value_type = Option<String>)]
    base_url: Option<Option<String>>,
    #[schema(value_type = Option<String>, format = Password, write_only)]
    api_key: Option<SecretString>,
    models: Option<Vec<Model>>,
    #[serde(default)]
    allow_private_host: bool,
}

/// ProviderChanges a provider.
#[utoipa::path(
    params(("If-Match" = Option<String>, Header, description = "The version that was read. If it is not the current one, the response is 412")),
    request_body = ProviderChanges,
    responses((status = 200, description = "Done", body = ProviderResponse))
)]
#[patch("/providers/<id>", data = "<body>")]
pub async fn change(
    caller: Caller<Cookie>,
    id: Id<ProviderId>,
    expected: Version,
    body: Body<ProviderChanges>,
) -> Reply<Json<ProviderResponse>> {
    let ProviderChanges { kind, name, base_url, api_key, models, allow_private_host } = body.0;
    let models = models.map(|models| models.into_iter().map(|model| model.id).collect());
    let patch = Patch { kind, name, base_url, api_key, models, allow_private_host };
    providers::change(&caller.cx, id.0, patch, expected.0).await?;
    Ok(Json(providers::get(&caller.cx, id.0).await?.into()))
}

/// Deletes a provider that no agent uses.
#[utoipa::path(responses((status = 204, description = "Done")))]
#[delete("/providers/<id>")]
pub async fn remove(caller: Caller<Cookie>, id: Id<ProviderId>) -> Reply<Status> {
    providers::remove(&caller.cx, id.0).await?;
    Ok(Status::NoContent)
}

/// Tests a provider without saving it.
#[utoipa::path(
    request_body = NewProvider,
    responses((status = 200, description = "Done", body = Report))
)]
#[post("/providers/test", data = "<body>")]
pub async fn test_typed(caller: Caller<Cookie>, body: Body<NewProvider>) -> Reply<Json<Report>> {
    Ok(Json(providers::test_draft(&caller.cx, body.0.into()).await?))
}

/// Tests a saved provider, as a job.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it continues in the background", body = EnqueuedResponse))
)]
#[post("/providers/<id>/test")]
pub async fn test(caller: Caller<Cookie>, id: Id<ProviderId>) -> Reply<Accepted> {
    let job_id = providers::enqueue_test(&caller.cx, id.0).await?;
    Ok(accepted(job_id))
}

/// The models of a provider.
#[derive(Serialize, ToSchema)]
pub struct ProviderModels {
    /// Empty if the provider has no list.
    items: Vec<ModelInfo>,
    /// Whether the provider has a list. Without one any id may be used.
    listed: bool,
}

/// The models that a saved provider offers, requested from it now.
#[utoipa::path(responses((status = 200, description = "Done", body = ProviderModels)))]
#[get("/providers/<id>/models")]
pub async fn models(caller: Caller<Cookie>, id: Id<ProviderId>) -> Reply<Json<ProviderModels>> {
    let models = providers::models(&caller.cx, id.0).await?;
    Ok(Json(ProviderModels { listed: models.is_some(), items: models.unwrap_or_default() }))
}
