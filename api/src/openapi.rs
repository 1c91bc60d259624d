//! The OpenAPI document: derived from the handlers and completed here. A copy is committed as `api/openapi.json`.
//!
//! Owns what all operations share. Each handler describes its own parameters and responses, and the table in `routes.rs`
//! both mounts and describes the handlers, so that none can be forgotten.

use crate::routes;
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
#[allow(dead_code)] // Only for the document: `problem.rs` writes it.
struct FieldProblem {
    field: String,
    /// What to do about it.
    message: String,
}

/// RFC 9457. Clients must match on `code`, never on the texts.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code)]
struct Problem {
    /// Always `about:blank`: `code` distinguishes problems.
    r#type: String,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// A stable name; see docs/errors.md.
    code: String,
    /// What happened and what to do.
    detail: String,
    /// The request's id in the server's log.
    request_id: String,
    /// Which fields were wrong.
    errors: Option<Vec<FieldProblem>>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Mosaic Fleet",
        description = "An AI agent for every user, behind one gateway.\n\nBrowsers send a session cookie, and their \
                       writes must come from the same origin. With the header X-Mosaic-Account an admin's browser \
                       acts for a system container, except for routes that are for admins or concern the admin's own \
                       session. Programs send an API token as a bearer token. Errors are RFC 9457 problem documents, \
                       under /v1 in OpenAI's format."
    ),
    nest(
        (path = "/api", api = routes::ApiDocument),
        (path = "/v1", api = routes::OpenAiDocument),
    ),
    components(schemas(Problem)),
    security(("session" = []))
)]
struct RouteDocument;

/// Adds what all operations share.
fn add_shared_parts(document: &mut Document) {
    if let Some(components) = &mut document.components {
        let cookie = ApiKeyValue::with_description("mosaic_session", "Set by a sign-in");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let setup = ApiKeyValue::with_description(
            "X-Setup-Token",
            "From the setup link that the server prints at its first start",
        );
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
    // A handler's name is a verb. With its noun it is unique, as generators of clients require.
    let noun = operation.tags.as_ref().and_then(|tags| tags.first()).cloned().unwrap_or_default();
    operation.operation_id = operation.operation_id.take().map(|verb| format!("{noun}_{verb}"));
    // Only the guard knows the type of an id in a path.
    let named = operation.parameters.get_or_insert_default();
    for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        let matches =
            |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(named) if named.name == name);
        if !named.iter().any(matches) {
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
        Response::builder().description("What is wrong, and what to do").content(kind, Content::new(schema));
    operation.responses.responses.insert("default".to_owned(), problem.build().into());
}

/// The document as text, with a line break at the end.
pub fn text() -> String {
    let mut document = RouteDocument::openapi();
    document.merge(routes::RootDocument::openapi());
    add_shared_parts(&mut document);
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
#[path = "openapi_tests.rs"]
mod tests;
