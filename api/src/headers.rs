//! Headers of all responses, the request's id, and the log line, metrics and span of each request.

use domain::{TraceParent, UserId};
use parking_lot::Mutex;
use rocket::{
    Data, Request, Response,
    fairing::{Fairing, Info, Kind},
    http::{Header, Method},
};
use std::{sync::OnceLock, time::Instant};
use tracing::{Span, field::Empty};

/// The request's id, also in logs, problems and the audit log.
pub const REQUEST_ID: &str = "X-Request-Id";

struct RequestId(String);

/// The request's id, generated once.
pub(crate) fn request_id<'r>(request: &'r Request<'_>) -> &'r str {
    // An id of the client is not used, because it would get into logs and the audit log.
    &request.local_cache(|| RequestId(fleet::request_id())).0
}

/// The request's span in its trace.
pub(crate) fn trace<'r>(request: &'r Request<'_>) -> &'r TraceParent {
    &observed(request).trace
}

/// Records the user, for the log.
pub(crate) fn record_user(request: &Request<'_>, user: UserId) {
    // A guard that runs twice finds the same user.
    let _ = observed(request).user.set(user);
}

/// What is logged, measured and traced about a request.
struct ObservedRequest {
    trace: TraceParent,
    /// Ends with the head of the response, because streams may last long.
    span: Mutex<Option<Span>>,
    started: Instant,
    user: OnceLock<UserId>,
}

fn observed<'r>(request: &'r Request<'_>) -> &'r ObservedRequest {
    request.local_cache(|| {
        let traceparent = request.headers().get_one("traceparent");
        let span = tracing::info_span!(
            target: telemetry::SPANS,
            parent: None,
            "request",
            otel.kind = "server",
            http.response.status_code = Empty,
            request_id = request_id(request),
            user_id = Empty,
        );
        if let Some(parent) = traceparent.and_then(TraceParent::parse) {
            telemetry::set_parent(&span, &parent);
        }
        let trace = telemetry::current_context(&span).unwrap_or_else(|| fleet::trace_of(traceparent));
        ObservedRequest {
            trace,
            span: Mutex::new(Some(span)),
            started: Instant::now(),
            user: OnceLock::new(),
        }
    })
}

impl ObservedRequest {
    /// Records that the head of the response is ready.
    fn record_response(&self, method: Method, route: &str, status: u16) {
        let class = ["1xx", "2xx", "3xx", "4xx", "5xx"].get(usize::from(status / 100).saturating_sub(1));
        let (verb, class) = (method.as_str(), class.copied().unwrap_or("other"));
        telemetry::HTTP_REQUESTS.increment([verb, route, class]);
        telemetry::HTTP_REQUEST_SECONDS.record_duration([verb, route], self.started.elapsed());
        let Some(span) = self.span.lock().take() else { return };
        telemetry::rename(&span, format!("{verb} {route}"));
        span.record("http.response.status_code", status);
        if let Some(user) = self.user.get() {
            span.record("user_id", tracing::field::display(user));
        }
    }
}

/// Sets the headers and records each request.
pub(crate) struct Headers;

#[rocket::async_trait]
impl Fairing for Headers {
    fn info(&self) -> Info {
        Info { name: "response headers", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        // Starts the measurement.
        observed(request);
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        response.set_header(Header::new(REQUEST_ID, request_id(request).to_owned()));
        response.set_header(Header::new("X-Content-Type-Options", "nosniff"));
        response.set_header(Header::new("Referrer-Policy", "same-origin"));
        if !response.headers().contains("Cache-Control") {
            response.set_header(Header::new("Cache-Control", "no-store"));
        }
        let (request_id, method, status) = (request_id(request), request.method(), response.status().code);
        // The route's pattern instead of the path, which may contain what a user typed.
        let route = request.route().map_or("-", |route| route.uri.as_str());
        let observed = observed(request);
        observed.record_response(method, route, status);
        let (trace_id, user_id) =
            (observed.trace.trace_id(), observed.user.get().map(tracing::field::display));
        // Successful reads are too frequent for the default level.
        if method == Method::Get && status < 400 {
            tracing::debug!(request_id, trace_id, user_id, %method, route, status, "answered");
        } else {
            tracing::info!(request_id, trace_id, user_id, %method, route, status, "answered");
        }
    }
}
