//! The isolation self-test: asked for, run, and what it found.
//!
//! One implementation for the job and for `mosaic doctor --isolation`. What is tried and what it means is
//! `domain::isolation`, how it is tried the port `IsolationProber`; here it is told what this instance is.

mod report;
mod run;
mod trial;

pub use report::{Report, State, report};
pub use run::{enqueue, run, try_out};
pub use trial::Site;
