//! The parts of a session's entries, as Mosaic uses them.

use crate::errors::UpstreamError;
use serde_json::Value;

/// One part of a committed entry. An entry may have several parts, which `index` tells apart.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct HistoryItem {
    /// OpenClaw's id of the entry, which does not change.
    pub entry: String,
    /// The number of the part within its entry.
    pub index: u16,
    /// The current position in the session. Not stable: the next message takes the place of an aborted one.
    pub seq: u64,
    /// When it was written, in milliseconds since 1970, by the container's clock.
    pub at_ms: i64,
    /// The run that it belongs to. A user's message has none.
    pub run_id: Option<String>,
    pub part: HistoryPart,
}

/// Who wrote a message with the role `user`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// A person or a program.
    Person,
    /// OpenClaw itself, when it continues an interrupted run after a restart.
    Resumption,
}

/// The content of an entry, or of a part of it.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum HistoryPart {
    /// A message to the agent.
    User { author: Author, text: String },
    /// An answer, or a part of one.
    Text {
        text: String,
        /// Whether the history has only its beginning.
        truncated: bool,
    },
    /// What the agent said before it used a tool. The chat stream does not have it.
    Commentary(String),
    ToolCall {
        /// The provider's id of the call.
        id: String,
        /// The tool's name.
        name: String,
        /// Long strings in it are truncated.
        arguments: Value,
    },
    ToolResult {
        /// The id of its call.
        id: String,
        /// The tool's name.
        name: String,
        /// Whether the tool failed. The exit code of a command is in the text.
        is_error: bool,
        /// The beginning of the output.
        text: String,
    },
    /// The run failed; no answer follows.
    Failed(UpstreamError),
}
