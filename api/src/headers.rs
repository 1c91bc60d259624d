//! Headers that every response bears, the request's id, and what is logged, measured and traced of each.

use domain::{TraceParent, UserId};
use rocket::{
    Data, Request, Response,
    fairing::{Fairing, Info, Kind},
    http::{Header, Method},
};
use std::{
    sync::{Mutex, OnceLock, PoisonError},
    time::Instant,
};
use tracing::{Span, field::Empty};

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
    &seen(request).trace
}

/// Notes who asks, for the log.
pub(crate) fn note_user(request: &Request<'_>, user: UserId) {
    // Recognised once more he is the same.
    let _ = seen(request).user.set(user);
}

/// A request as whoever watches the product sees it.
struct Seen {
    trace: TraceParent,
    /// Taken when the head of the answer is there: streams go on for long.
    span: Mutex<Option<Span>>,
    came: Instant,
    user: OnceLock<UserId>,
}

fn seen<'r>(request: &'r Request<'_>) -> &'r Seen {
    request.local_cache(|| {
        let named = request.headers().get_one("traceparent");
        let span = tracing::info_span!(
            target: telemetry::SPANS,
            parent: None,
            "request",
            otel.kind = "server",
            http.response.status_code = Empty,
            request_id = request_id(request),
            user_id = Empty,
        );
        if let Some(parent) = named.and_then(TraceParent::parse) {
            telemetry::set_parent(&span, &parent);
        }
        let trace = telemetry::current_context(&span).unwrap_or_else(|| fleet::trace_of(named));
        Seen { trace, span: Mutex::new(Some(span)), came: Instant::now(), user: OnceLock::new() }
    })
}

impl Seen {
    /// The head of the answer is there.
    fn answered(&self, method: Method, route: &str, status: u16) {
        let class = ["1xx", "2xx", "3xx", "4xx", "5xx"].get(usize::from(status / 100).saturating_sub(1));
        let (verb, class) = (method.as_str(), class.copied().unwrap_or("other"));
        telemetry::HTTP_REQUESTS.increment([verb, route, class]);
        telemetry::HTTP_SECONDS.record_duration([verb, route], self.came.elapsed());
        let span = self.span.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(span) = span else { return };
        telemetry::rename(&span, format!("{verb} {route}"));
        span.record("http.response.status_code", status);
        if let Some(user) = self.user.get() {
            span.record("user_id", tracing::field::display(user));
        }
    }
}

/// Attaches the headers.
pub(crate) struct Headers;

#[rocket::async_trait]
impl Fairing for Headers {
    fn info(&self) -> Info {
        Info { name: "response headers", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        // From here on its time counts.
        seen(request);
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
        let seen = seen(request);
        seen.answered(method, route, status);
        let (trace_id, user_id) = (seen.trace.trace_id(), seen.user.get().map(tracing::field::display));
        if method == Method::Get && status < 400 {
            tracing::debug!(request_id, trace_id, user_id, %method, route, status, "answered");
        } else {
            tracing::info!(request_id, trace_id, user_id, %method, route, status, "answered");
        }
    }
}
