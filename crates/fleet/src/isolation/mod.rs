//! The isolation self-test: enqueued, run, and its report.
//!
//! One implementation for the job and for `mosaic doctor --isolation`. What is tested and what it means is in
//! `domain::isolation`, how it is tested in the port `IsolationProber`; this module describes the instance.

mod plan;
mod report;
mod run;

pub use plan::Site;
pub use report::{SelfTestReport, SelfTestState, report};
pub use run::{enqueue, probe, run};
