//! The parts of a session's entries, as Mosaic uses them.

use crate::errors::UpstreamError;
use serde_json::Value;

/// One part of one committed entry. An entry may have several parts, told apart by `index`.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// OpenClaw's id of the entry; stays the same as long as the entry is there.
    pub entry: String,
    /// Which part of the entry.
    pub index: u16,
    /// Place in the session as it is now. Not stable: after an aborted message the next one takes its place.
    pub seq: u64,
    /// When it was written, in milliseconds since 1970, by the container's clock.
    pub at_ms: i64,
    /// The run it belongs to. A person's messages name none.
    pub run: Option<String>,
    /// What it is.
    pub part: Part,
}

/// Who wrote a message with the role of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// Somebody with a message.
    Person,
    /// OpenClaw itself, which goes on with an interrupted run after it was restarted.
    Resumption,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// A message to the agent.
    User {
        /// Who wrote it.
        author: Author,
        /// The text.
        text: String,
    },
    /// (A part of) an answer.
    Text {
        /// The text.
        text: String,
        /// Whether OpenClaw kept only the beginning of it here.
        clipped: bool,
    },
    /// What the agent said before it used a tool. The chat stream does not have it.
    Commentary(String),
    /// The agent uses a tool.
    ToolCall {
        /// The provider's id of the call.
        id: String,
        /// The tool.
        name: String,
        /// What with. Long strings in it are clipped.
        arguments: Value,
    },
    /// What came of it.
    ToolResult {
        /// The id of its call.
        id: String,
        /// The tool.
        name: String,
        /// Whether the tool failed. A command's exit code is in the text.
        is_error: bool,
        /// The beginning of the output.
        text: String,
    },
    /// The run failed; no answer follows.
    Failed(UpstreamError),
}
