//! Headers that every response bears, and the request's id.

use rocket::{
    Request, Response,
    fairing::{Fairing, Info, Kind},
    http::Header,
};

/// The header that names a request in logs, problems and the audit log.
pub const REQUEST_ID: &str = "X-Request-Id";

struct RequestId(String);

/// The id of this request: made once, the same everywhere.
pub(crate) fn request_id<'r>(request: &'r Request<'_>) -> &'r str {
    // The client's own id is not taken over: it would end up in logs and the audit log.
    &request.local_cache(|| RequestId(fleet::request_id())).0
}

/// Attaches the headers.
pub(crate) struct Headers;

#[rocket::async_trait]
impl Fairing for Headers {
    fn info(&self) -> Info {
        Info { name: "response headers", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        response.set_header(Header::new(REQUEST_ID, request_id(request).to_owned()));
        response.set_header(Header::new("X-Content-Type-Options", "nosniff"));
        response.set_header(Header::new("Referrer-Policy", "same-origin"));
        if !response.headers().contains("Cache-Control") {
            response.set_header(Header::new("Cache-Control", "no-store"));
        }
        tracing::info!(
            request = request_id(request),
            method = %request.method(),
            // The route's pattern, not the path: a path may carry what somebody typed.
            route = request.route().map_or("-", |route| route.uri.as_str()),
            status = response.status().code,
            "answered"
        );
    }
}
