//! Named tasks: the only place that spawns tasks.
//!
//! Owns what happens when a task panics. It must not keep or cancel tasks: see [`crate::Shutdown`].

use futures_util::FutureExt;
use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    time::Instant,
};
use tokio::task::JoinHandle;
use tracing::Instrument;

/// Spawns `future` under `name`, inside the current span. A panic is logged with the name. The handle's `JoinError` holds
/// the name instead of the panic's message, which may quote what must not be logged.
pub fn spawn_named<F>(name: &'static str, future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let named = async move {
        let began = Instant::now();
        // The future is not used after a panic.
        AssertUnwindSafe(future).catch_unwind().await.unwrap_or_else(|_payload| {
            tracing::error!(task = name, ran_for = ?began.elapsed(), "a task panicked");
            resume_unwind(Box::new(name))
        })
    };
    #[allow(clippy::disallowed_methods)]
    tokio::spawn(named.instrument(tracing::info_span!("task", name)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[tokio::test]
    async fn the_result_arrives() {
        assert_eq!(spawn_named("sum", async { 1 + 1 }).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_panic_is_reported_by_name_without_its_message() {
        let error = spawn_named("sweep", async { panic!("canary {}", 1) }).await.unwrap_err();
        assert!(error.is_panic());
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("sweep") && !shown.contains("canary"), "{shown}");
    }
}
