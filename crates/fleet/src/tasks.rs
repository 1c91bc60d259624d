//! Work that goes on beside the request that began it.

/// Runs a task that handles its own failures: nothing waits for its end.
#[allow(clippy::disallowed_methods)]
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}
