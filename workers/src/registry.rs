//! Which handler runs which kind.

use crate::JobContext;
use futures_util::future::BoxFuture;
use jobs::{Job, Outcome, Policy};
use std::{collections::HashMap, fmt, sync::Arc};

type Run = Box<dyn Fn(JobContext, String) -> BoxFuture<'static, serde_json::Result<Outcome>> + Send + Sync>;

/// The handlers of a worker process. Kinds without a handler are left to other processes.
#[derive(Default)]
pub struct Registry {
    entries: HashMap<&'static str, Entry>,
}

pub(crate) struct Entry {
    pub(crate) kind: &'static str,
    pub(crate) policy: Policy,
    pub(crate) run: Run,
}

impl Registry {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the handler of a kind, which is the type of its payload. A second handler of a kind replaces the first.
    ///
    /// A handler may run again after any of its awaits (its worker was killed, its lease lapsed, the process ended),
    /// even while an earlier run of it has not noticed yet: what it does must be idempotent or fenced
    /// ([`JobContext::fence`]).
    pub fn handle<J, F, Fut>(mut self, handler: F) -> Self
    where
        J: Job,
        F: Fn(JobContext, J) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send,
    {
        let handler = Arc::new(handler);
        let run: Run = Box::new(move |cx, payload| {
            let handler = Arc::clone(&handler);
            Box::pin(async move {
                let job = serde_json::from_str(&payload)?;
                Ok(handler(cx, job).await)
            })
        });
        self.entries.insert(J::KIND, Entry { kind: J::KIND, policy: J::policy(), run });
        self
    }

    /// The kinds that have a handler, sorted.
    pub fn kinds(&self) -> Vec<&'static str> {
        let mut kinds: Vec<_> = self.entries.keys().copied().collect();
        kinds.sort_unstable();
        kinds
    }

    pub(crate) fn get(&self, kind: &str) -> Option<&Entry> {
        self.entries.get(kind)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Registry").field(&self.kinds()).finish()
    }
}
