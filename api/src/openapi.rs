//! The OpenAPI document: derived from the handlers, completed here, served, and kept in `api/openapi.json`.
//!
//! Owns what all operations share. What one operation takes and gives stands at its handler, and the table
//! of `routes.rs` mounts and describes the same handlers, so neither can be forgotten.

use crate::routes;
use rocket::{get, http::ContentType};
use std::sync::LazyLock;
use utoipa::{
    OpenApi, ToSchema,
    openapi::{
        Content, ObjectBuilder, OpenApi as Document, Ref, RefOr, Required, Response,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        schema::Type,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};

/// What was wrong with one field.
#[derive(ToSchema)]
#[allow(dead_code)] // A shape for the document; `problem.rs` writes it.
struct FieldProblem {
    /// The field.
    field: String,
    /// What to do about it.
    message: String,
}

/// RFC 9457. Match on `code` and never on the texts.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code)]
struct Problem {
    /// Always `about:blank`: `code` is what tells problems apart.
    r#type: String,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// Stable name, listed in docs/errors.md.
    code: String,
    /// What happened and what to do.
    detail: String,
    /// Find it in the server's log.
    request_id: String,
    /// Which fields were wrong.
    errors: Option<Vec<FieldProblem>>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Mosaic Fleet",
        description = "An own AI agent for every person, behind one gatekeeper.\n\nBrowsers carry a session \
                       cookie; their writes must come from the same origin. With the header X-Mosaic-Account an \
                       admin's browser acts for one of the instance's own agents, except in what is for admins or \
                       concerns his session. Programs carry an API token as \
                       bearer. Errors are RFC 9457 problem documents, under /v1 in OpenAI's shape."
    ),
    nest(
        (path = "/api", api = routes::ApiDocument),
        (path = "/v1", api = routes::OpenAiDocument),
    ),
    components(schemas(Problem)),
    security(("session" = []))
)]
struct Described;

/// What is the same for all operations.
fn share(document: &mut Document) {
    if let Some(components) = &mut document.components {
        let cookie = ApiKeyValue::with_description("mosaic_session", "Set by signing in");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let setup =
            ApiKeyValue::with_description("X-Setup-Token", "From the link printed at the first start");
        components.add_security_scheme("setup", SecurityScheme::ApiKey(ApiKey::Header(setup)));
    }
    for (path, item) in &mut document.paths.paths {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for operation in operations.into_iter().flatten() {
            complete(path, operation);
        }
    }
}

fn complete(path: &str, operation: &mut Operation) {
    // Handlers are named by their verb; with the noun the name is unique, as clients' generators need it.
    let noun = operation.tags.as_ref().and_then(|tags| tags.first()).cloned().unwrap_or_default();
    operation.operation_id = operation.operation_id.take().map(|verb| format!("{noun}_{verb}"));
    // The type of an id in a path is known to its guard only.
    let named = operation.parameters.get_or_insert_default();
    for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        let there = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(there) if there.name == name);
        if !named.iter().any(there) {
            let string = ObjectBuilder::new().schema_type(Type::String);
            let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path);
            named.push(parameter.required(Required::True).schema(Some(string)).build().into());
        }
    }
    let (kind, schema) = match path.starts_with("/v1/") {
        true => ("application/json", None),
        false => ("application/problem+json", Some(Ref::from_schema_name("Problem"))),
    };
    let problem =
        Response::builder().description("What was wrong, and what to do").content(kind, Content::new(schema));
    operation.responses.responses.insert("default".to_owned(), problem.build().into());
}

static TEXT: LazyLock<String> = LazyLock::new(text);

/// The document, as text with a last line break.
pub fn text() -> String {
    let mut document = Described::openapi();
    document.merge(routes::RootDocument::openapi());
    share(&mut document);
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// This document.
#[utoipa::path(responses((status = 200, description = "OpenAPI 3.1", body = Object)), security(()))]
#[get("/openapi.json")]
pub fn document() -> (ContentType, &'static str) {
    (ContentType::JSON, &TEXT)
}

#[cfg(test)]
#[path = "openapi_tests.rs"]
mod tests;
