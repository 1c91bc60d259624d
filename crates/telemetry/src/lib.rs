//! What the product measures and traces, by name.
//!
//! Owns the table of all metrics ([`catalogue`]) and the trace context of spans ([`set_parent`], [`current_context`]). It
//! must not know where metrics and spans go: that is `boot`, and without an exporter everything here costs next to
//! nothing. Labels and attributes come from a short list in the code. They never hold what users type or who they are.
#![allow(missing_docs)] // The names are the documentation.

mod catalogue;
mod metric;
mod trace_context;

pub use catalogue::*;
pub use metric::{Counter, Gauge, Histogram, InFlight, MetricDescription, MetricType};
pub use trace_context::{SPANS, current_context, rename, set_parent};
