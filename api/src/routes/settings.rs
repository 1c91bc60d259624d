//! `/api/settings`: the instance, for admins.

use crate::{
    body::Body,
    guards::{Caller, Cookie, Version},
    problem::{Problem, Reply},
};
use domain::settings::Settings;
use fleet::knowledge::KeyChange;
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
    let mut changes = Value::Object(body.0);
    let key = typed_key(&mut changes)?;
    let settings = merged(&before.value, changes)?;
    let fact = fleet::settings::replace(&caller.cx, settings, key, expected).await?;
    Ok(versioned(fact.value, fact.version))
}

/// Takes the key of the embedding endpoint out of the changes, before any of them is looked at: as text it is another key,
/// as null it goes, as the shape in which it is shown it stays.
fn typed_key(changes: &mut Value) -> Reply<KeyChange> {
    let embeddings = changes.pointer_mut("/knowledge/embeddings").and_then(Value::as_object_mut);
    match embeddings.and_then(|fields| fields.remove("apiKey")) {
        None | Some(Value::Object(_)) => Ok(KeyChange::Keep),
        Some(Value::Null) => Ok(KeyChange::Remove),
        Some(Value::String(key)) => Ok(KeyChange::Set(key.into())),
        Some(_) => {
            let detail = "knowledge.embeddings.apiKey takes a text, or null for none.";
            Err(Problem::new(Status::UnprocessableEntity, "invalid", detail))
        }
    }
}

/// Objects are changed field by field, everything else is replaced.
fn merge(before: &mut Value, changes: Value) {
    match (before, changes) {
        (Value::Object(before), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(before.entry(name).or_insert(Value::Null), change);
            }
        }
        (before, changes) => *before = changes,
    }
}

fn merged(before: &Settings, changes: Value) -> Reply<Settings> {
    let wrong = |error: serde_json::Error| {
        Problem::new(
            Status::UnprocessableEntity,
            "invalid",
            format!("The settings have a wrong shape: {error}."),
        )
    };
    let mut document = serde_json::to_value(before).map_err(wrong)?;
    merge(&mut document, changes);
    serde_json::from_value(document).map_err(wrong)
}
