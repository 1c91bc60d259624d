//! The log of completion requests: what a test looks at to prove that something was asked once,
//! or cancelled. It keeps no full key.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::ask::Ask;

const TEXT_CHARS: usize = 200;

/// How far a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Being answered.
    Running,
    /// Answered to the end.
    Finished,
    /// Refused, or cut by script.
    Failed,
    /// The caller went away before the end.
    Cancelled,
}

/// One completion request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    /// 1 for the first since the last reset.
    pub n: usize,
    /// The URL's path.
    pub path: String,
    /// The model's id as sent.
    pub model: String,
    /// The last four characters of the key; empty without one.
    pub key_ends_in: String,
    /// The beginning of the human's last message.
    pub text: String,
    /// The system prompt.
    #[serde(skip)]
    pub prompt: String,
    /// How far it came.
    pub state: State,
}

/// The log itself.
#[derive(Debug, Default)]
pub struct Log(Mutex<Vec<Received>>);

impl Log {
    /// A copy of everything, oldest first.
    pub fn all(&self) -> Vec<Received> {
        self.lock().clone()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Notes an arrival; the entry reads `Cancelled` when it is dropped before its end.
    pub fn arrived(self: &Arc<Self>, path: &str, ask: &Ask) -> Entry {
        let key = ask.key.as_deref().unwrap_or_default();
        let from = key.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
        let mut all = self.lock();
        let n = all.len() + 1;
        all.push(Received {
            n,
            path: path.to_owned(),
            model: ask.model.clone(),
            key_ends_in: key.get(from..).unwrap_or_default().to_owned(),
            text: ask.text.chars().take(TEXT_CHARS).collect(),
            prompt: ask.prompt.clone(),
            state: State::Running,
        });
        drop(all);
        Entry { log: Arc::clone(self), n, end: State::Cancelled }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Received>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One running request; tells the log its end when dropped.
#[derive(Debug)]
pub struct Entry {
    log: Arc<Log>,
    n: usize,
    end: State,
}

impl Entry {
    /// Sets what the log will read once this is dropped.
    pub fn ends(&mut self, state: State) {
        self.end = state;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // After a reset the number may belong to another request, which is then still running.
        if let Some(entry) = self.log.lock().iter_mut().find(|one| one.n == self.n) {
            entry.state = self.end;
        }
    }
}
