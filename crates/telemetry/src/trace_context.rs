//! Trace context: converts between [`TraceParent`], which headers and job rows carry, and the spans that an exporter
//! sends. Without an exporter spans have no context, and setting a parent has no effect.

use domain::TraceParent;
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The target of the spans that an exporter sends. No other span leaves the process.
pub const SPANS: &str = "mosaic::trace";

/// Makes a new `span` a child of `parent`.
pub fn set_parent(span: &Span, parent: &TraceParent) {
    let (Ok(trace), Ok(id)) = (TraceId::from_hex(parent.trace_id()), SpanId::from_hex(parent.span_id()))
    else {
        return;
    };
    let flags = if parent.sampled() { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let remote = SpanContext::new(trace, id, flags, true, TraceState::default());
    // Fails without an exporter, where it does not matter.
    let _ = span.set_parent(Context::new().with_remote_span_context(remote));
}

/// Renames `span` in what is exported. Recording the field `otel.name` has no effect once the span has a context.
pub fn rename(span: &Span, name: String) {
    span.context().span().update_name(name);
}

/// The context of `span`, which its children name as their parent. `None` without an exporter.
pub fn current_context(span: &Span) -> Option<TraceParent> {
    let context = span.context();
    let current = context.span().span_context().clone();
    let flags = current.trace_flags().to_u8();
    current.is_valid().then(|| {
        TraceParent::parse(&format!("00-{}-{}-{flags:02x}", current.trace_id(), current.span_id()))
    })?
}
