//! `/api/settings`: the instance's settings, for admins.

use crate::{
    body::Body,
    guards::{Admin, Caller, Version},
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
pub struct VersionedSettings {
    settings: Json<Settings>,
    etag: Header<'static>,
}

fn versioned(settings: Settings, version: i64) -> VersionedSettings {
    VersionedSettings { settings: Json(settings), etag: Header::new("ETag", format!("\"{version}\"")) }
}

/// The settings; the ETag is their version.
#[utoipa::path(
    responses((status = 200, description = "The settings; ETag is their version", body = Settings))
)]
#[get("/settings")]
pub async fn get(caller: Caller<Admin>) -> Reply<VersionedSettings> {
    let fact = fleet::settings::get(&caller.cx).await?;
    Ok(versioned(fact.value, fact.version))
}

/// Changes the given settings. Requires the version that was read, in `If-Match`.
#[utoipa::path(
    params(("If-Match" = String, Header, description = "The version that was read. If it is not the current one, the response is 412")),
    request_body(content = Settings, description = "The settings to change; absent ones are kept"),
    responses((status = 200, description = "Done", body = Settings))
)]
#[patch("/settings", data = "<body>")]
pub async fn change(
    caller: Caller<Admin>,
    expected: Version,
    body: Body<Map<String, Value>>,
) -> Reply<VersionedSettings> {
    let before = fleet::settings::get(&caller.cx).await?;
    let expected = expected.0.ok_or_else(|| {
        let detail = "Send the version that you read in If-Match (the ETag of GET /api/settings).";
        Problem::new(Status::PreconditionRequired, "if_match_required", detail)
    })?;
    let mut changes = Value::Object(body.0);
    let key = take_key_change(&mut changes)?;
    let settings = merged(&before.value, changes)?;
    let fact = fleet::settings::replace(&caller.cx, settings, key, expected).await?;
    Ok(versioned(fact.value, fact.version))
}

/// Takes the key of the embedding endpoint out of the changes, before anything else reads them: a text is a new key, null
/// removes the key, and the object from a previous response keeps it.
fn take_key_change(changes: &mut Value) -> Reply<KeyChange> {
    let embeddings = changes.pointer_mut("/knowledge/embeddings").and_then(Value::as_object_mut);
    match embeddings.and_then(|fields| fields.remove("apiKey")) {
        None | Some(Value::Object(_)) => Ok(KeyChange::Keep),
        Some(Value::Null) => Ok(KeyChange::Remove),
        Some(Value::String(key)) => Ok(KeyChange::Set(key.into())),
        Some(_) => {
            let detail = "knowledge.embeddings.apiKey takes a text, or null to remove the key.";
            Err(Problem::new(Status::UnprocessableEntity, "invalid", detail))
        }
    }
}

/// Merges objects field by field, and replaces everything else.
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
    let invalid = |error: serde_json::Error| {
        Problem::new(
            Status::UnprocessableEntity,
            "invalid",
            format!("The settings have a wrong shape: {error}."),
        )
    };
    let mut document = serde_json::to_value(before).map_err(invalid)?;
    merge(&mut document, changes);
    serde_json::from_value(document).map_err(invalid)
}
