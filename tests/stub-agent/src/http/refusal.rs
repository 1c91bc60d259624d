//! Every plain refusal before a stream begins, in OpenClaw's words.

use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::answer;

/// Why a request is not served.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No token, or a wrong one.
    Unauthorized,
    /// Came through a proxy that nobody vouches for.
    Proxy,
    /// The endpoint is switched off.
    Disabled,
    /// Starting or stopping.
    Unavailable,
    /// The request makes no sense; the text says why.
    Invalid(String),
    /// Nothing was ever said in this session.
    NoSession(String),
    /// The agent has no such tool.
    NoTool(String),
    /// The tool could not do it.
    Tool,
}

impl Refusal {
    /// A request that makes no sense.
    pub fn invalid(why: impl Into<String>) -> Self {
        Self::Invalid(why.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, kind, message) = match self {
            Self::Unauthorized => (401, "unauthorized", "Unauthorized".to_owned()),
            Self::Proxy => (
                403,
                "proxy_attribution_required",
                "Proxy client attribution is required. Configure gateway.trustedProxies narrowly and make the proxy overwrite or safely rebuild forwarded client headers.".to_owned(),
            ),
            Self::Disabled => (404, "not_found", "Not Found".to_owned()),
            Self::Unavailable => (503, "unavailable", "Gateway is not ready".to_owned()),
            Self::Invalid(why) => (400, "invalid_request_error", why),
            Self::NoSession(key) => return not_ok(404, "not_found", &format!("Session not found: {key}")),
            Self::NoTool(tool) => return not_ok(404, "not_found", &format!("Tool not available: {tool}")),
            Self::Tool => return not_ok(500, "tool_error", "tool execution failed"),
        };
        answer(status, json!({"error": {"message": message, "type": kind}}))
    }
}

fn not_ok(status: u16, kind: &str, message: &str) -> Response {
    answer(status, json!({"ok": false, "error": {"type": kind, "message": message}}))
}
