//! What the product measures and traces, by name.
//!
//! Owns the table of all metrics ([`catalogue`]) and how a span takes its place in a trace ([`place`]). It must not know
//! where figures and spans go: that is `boot`, and without it everything here costs next to nothing. What people
//! type, and who they are, is never a label or an attribute: labels come from a short list that stands in the code.

mod catalogue;
mod shapes;
mod trace_context;

pub use catalogue::*;
pub use shapes::{Counter, Described, Gauge, Histogram, InFlight, MetricType};
pub use trace_context::{SPANS, current_context, rename, set_parent};
