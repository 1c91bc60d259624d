//! The refusals before a stream begins, in OpenClaw's words.

use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::json_response;

/// Why a request is not served.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No token, or a wrong one.
    Unauthorized,
    /// Sent through an unknown proxy.
    Proxy,
    /// The endpoint is switched off.
    Disabled,
    /// Starting or stopping.
    Unavailable,
    /// The request is invalid; the text says why.
    Invalid(String),
    /// The session does not exist.
    NoSession(String),
    /// The agent has no such tool.
    NoTool(String),
    /// The tool failed.
    Tool,
}

impl Refusal {
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
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
            Self::Invalid(reason) => (400, "invalid_request_error", reason),
            Self::NoSession(key) => return not_ok(404, "not_found", &format!("Session not found: {key}")),
            Self::NoTool(tool) => return not_ok(404, "not_found", &format!("Tool not available: {tool}")),
            Self::Tool => return not_ok(500, "tool_error", "tool execution failed"),
        };
        json_response(status, json!({"error": {"message": message, "type": kind}}))
    }
}

fn not_ok(status: u16, kind: &str, message: &str) -> Response {
    json_response(status, json!({"ok": false, "error": {"type": kind, "message": message}}))
}
