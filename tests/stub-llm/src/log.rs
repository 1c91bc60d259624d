//! The log of completion requests, with which a test proves that a request was sent once or was cancelled.
//! It has no full keys.

use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;

use crate::request::CompletionRequest;

const MAX_TEXT_CHARS: usize = 200;

/// The state of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestState {
    /// Being answered.
    Running,
    /// Answered completely.
    Finished,
    /// Refused, or cut off by the script.
    Failed,
    /// The caller disconnected before the end.
    Cancelled,
}

/// One completion request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ReceivedRequest {
    /// 1 for the first since the last reset.
    #[serde(rename = "n")]
    pub number: usize,
    pub path: String,
    pub model: String,
    /// The last four characters of the key, or an empty string.
    pub key_ends_in: String,
    /// The beginning of the user's last message.
    pub text: String,
    /// The system prompt and the earlier answers.
    #[serde(skip)]
    pub prompt: String,
    pub state: RequestState,
}

#[derive(Debug, Default)]
pub struct Log(Mutex<Vec<ReceivedRequest>>);

impl Log {
    /// All requests, oldest first.
    pub fn all(&self) -> Vec<ReceivedRequest> {
        self.0.lock().clone()
    }

    pub fn clear(&self) {
        self.0.lock().clear();
    }

    /// Adds a request. It becomes `Cancelled` if the entry is dropped before its end is set.
    pub fn record(self: &Arc<Self>, path: &str, request: &CompletionRequest) -> LogEntry {
        let key = request.key.as_deref().unwrap_or_default();
        let from = key.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
        let mut all = self.0.lock();
        let number = all.len() + 1;
        all.push(ReceivedRequest {
            number,
            path: path.to_owned(),
            model: request.model.clone(),
            key_ends_in: key.get(from..).unwrap_or_default().to_owned(),
            text: request.text.chars().take(MAX_TEXT_CHARS).collect(),
            prompt: request.prompt.clone(),
            state: RequestState::Running,
        });
        drop(all);
        LogEntry { log: Arc::clone(self), number, end: RequestState::Cancelled }
    }
}

/// A running request. Dropping it writes its end to the log.
#[derive(Debug)]
pub struct LogEntry {
    log: Arc<Log>,
    number: usize,
    end: RequestState,
}

impl LogEntry {
    /// The state that the request will have when this is dropped.
    pub fn set_end(&mut self, state: RequestState) {
        self.end = state;
    }
}

impl Drop for LogEntry {
    fn drop(&mut self) {
        // After a reset the number may belong to another request, which then gets this state.
        if let Some(request) = self.log.0.lock().iter_mut().find(|request| request.number == self.number) {
            request.state = self.end;
        }
    }
}
