//! A span's place in a trace.
//!
//! Owns the way between [`TraceParent`], which headers and job rows carry, and the spans that an exporter sends. Where no
//! exporter is there, spans have no place and nothing is adopted.

use domain::TraceParent;
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The target of spans that an exporter sends: no other span leaves the process, whatever it holds.
pub const SPANS: &str = "mosaic::trace";

/// Makes a fresh `span` a child of `parent`.
pub fn set_parent(span: &Span, parent: &TraceParent) {
    let (Ok(trace), Ok(id)) = (TraceId::from_hex(parent.trace_id()), SpanId::from_hex(parent.span_id()))
    else {
        return;
    };
    let flags = if parent.sampled() { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let remote = SpanContext::new(trace, id, flags, true, TraceState::default());
    // Without an exporter there is nothing to adopt.
    let _ = span.set_parent(Context::new().with_remote_span_context(remote));
}

/// Gives `span` another name, as whoever receives it sees it: of a span that has its place a field cannot any more.
pub fn rename(span: &Span, name: String) {
    span.context().span().update_name(name);
}

/// Where `span` stands: what its children name as their parent. `None` where no exporter is.
pub fn current_context(span: &Span) -> Option<TraceParent> {
    let context = span.context();
    let here = context.span().span_context().clone();
    let flags = here.trace_flags().to_u8();
    here.is_valid()
        .then(|| TraceParent::parse(&format!("00-{}-{}-{flags:02x}", here.trace_id(), here.span_id())))?
}
