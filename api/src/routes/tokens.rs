//! `/api/tokens`: API tokens of programs.

use crate::{
    body::Body,
    guards::{Caller, Cookie, Id},
    page::Items,
    problem::Reply,
};
use chrono::{DateTime, Utc};
use domain::ApiTokenId;
use fleet::tokens;
use rocket::{delete, get, http::Status, post, serde::json::Json};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiToken)]
pub struct TokenResponse {
    id: ApiTokenId,
    name: String,
    ends_in: String,
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

/// The caller's tokens.
#[utoipa::path(responses((status = 200, description = "Done", body = Items<TokenResponse>)))]
#[get("/tokens")]
pub async fn list(caller: Caller<Cookie>) -> Reply<Json<Items<TokenResponse>>> {
    let items = tokens::list(&caller.cx)
        .await?
        .into_iter()
        .map(|token| TokenResponse {
            id: token.id,
            name: token.name,
            ends_in: token.ends_in,
            scopes: token.scopes,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
        })
        .collect();
    Ok(Json(Items { items }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewApiToken)]
pub struct NewTokenRequest {
    name: String,
    scopes: Vec<String>,
    expires_in_days: Option<u32>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ApiTokenMade)]
pub struct TokenCreated {
    id: ApiTokenId,
    /// Shown only in this response.
    token: String,
}

/// Creates a token. It is shown only in this response.
#[utoipa::path(
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeated request with the same key creates the token only once")),
    request_body = NewTokenRequest,
    responses((status = 201, description = "Created", body = TokenCreated))
)]
#[post("/tokens", data = "<body>")]
pub async fn create(
    caller: Caller<Cookie>,
    body: Body<NewTokenRequest>,
) -> Reply<(Status, Json<TokenCreated>)> {
    let NewTokenRequest { name, scopes, expires_in_days } = body.0;
    let (id, token) = tokens::create(&caller.cx, &name, &scopes, expires_in_days).await?;
    Ok((Status::Created, Json(TokenCreated { id, token: token.expose_secret().to_owned() })))
}

/// Revokes a token.
#[utoipa::path(responses((status = 204, description = "Done")))]
#[delete("/tokens/<id>")]
pub async fn revoke(caller: Caller<Cookie>, id: Id<ApiTokenId>) -> Reply<Status> {
    tokens::revoke(&caller.cx, id.0).await?;
    Ok(Status::NoContent)
}
