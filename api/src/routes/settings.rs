//! `/api/settings`: the instance, for admins.

use crate::{
    body::Body,
    guards::{Caller, Cookie, Version},
    problem::{Problem, Reply},
};
use domain::settings::Settings;
use rocket::{
    get,
    http::{Header, Status},
    patch,
    serde::json::Json,
};
use serde_json::{Map, Value};

#[derive(rocket::Responder)]
pub struct Versioned {
    settings: Json<Settings>,
    etag: Header<'static>,
}

fn versioned(settings: Settings, version: i64) -> Versioned {
    Versioned { settings: Json(settings), etag: Header::new("ETag", format!("\"{version}\"")) }
}

/// The settings; the ETag is their version.
#[utoipa::path(
    responses((status = 200, description = "The settings; ETag is their version", body = Settings))
)]
#[get("/settings")]
pub async fn get(caller: Caller<Cookie>) -> Reply<Versioned> {
    let fact = fleet::settings::get(&caller.cx).await?;
    Ok(versioned(fact.value, fact.version))
}

/// Changes the named settings; needs the version that was read, in `If-Match`.
#[utoipa::path(
    params(("If-Match" = String, Header, description = "Version that was read; another one answers 412")),
    request_body(content = Settings, description = "The settings to change; absent ones stay"),
    responses((status = 200, description = "Done", body = Settings))
)]
#[patch("/settings", data = "<body>")]
pub async fn change(
    caller: Caller<Cookie>,
    expected: Version,
    body: Body<Map<String, Value>>,
) -> Reply<Versioned> {
    let before = fleet::settings::get(&caller.cx).await?;
    let expected = expected.0.ok_or_else(|| {
        let detail = "Say in If-Match which version you read (the ETag of GET /api/settings).";
        Problem::new(Status::PreconditionRequired, "if_match_required", detail)
    })?;
    let settings = merged(&before.value, body.0)?;
    let fact = fleet::settings::replace(&caller.cx, settings, expected).await?;
    Ok(versioned(fact.value, fact.version))
}

fn merged(before: &Settings, changes: Map<String, Value>) -> Reply<Settings> {
    let wrong = |error: serde_json::Error| {
        Problem::new(
            Status::UnprocessableEntity,
            "invalid",
            format!("The settings have a wrong shape: {error}."),
        )
    };
    let mut document = serde_json::to_value(before).map_err(wrong)?;
    if let Some(fields) = document.as_object_mut() {
        fields.extend(changes);
    }
    serde_json::from_value(document).map_err(wrong)
}
