//! Headers that every response bears, and the request's id.

use domain::TraceParent;
use rocket::{
    Request, Response,
    fairing::{Fairing, Info, Kind},
    http::{Header, Method},
};

/// The header that names a request in logs, problems and the audit log.
pub const REQUEST_ID: &str = "X-Request-Id";

struct RequestId(String);

/// The id of this request: made once, the same everywhere.
pub(crate) fn request_id<'r>(request: &'r Request<'_>) -> &'r str {
    // The client's own id is not taken over: it would end up in logs and the audit log.
    &request.local_cache(|| RequestId(fleet::request_id())).0
}

/// The request's place in its trace: made once, the same everywhere.
pub(crate) fn trace<'r>(request: &'r Request<'_>) -> &'r TraceParent {
    request.local_cache(|| fleet::trace_of(request.headers().get_one("traceparent")))
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
        let (request_id, method, status) = (request_id(request), request.method(), response.status().code);
        // The route's pattern, not the path: a path may carry what somebody typed.
        let route = request.route().map_or("-", |route| route.uri.as_str());
        // What only looks and works is asked for all the time.
        let trace_id = trace(request).trace_id();
        if method == Method::Get && status < 400 {
            tracing::debug!(request_id, trace_id, %method, route, status, "answered");
        } else {
            tracing::info!(request_id, trace_id, %method, route, status, "answered");
        }
    }
}
