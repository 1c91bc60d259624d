//! Errors on /v1 in OpenAI's own shape, which its clients know how to show.

use crate::problem::Problem;
use fleet::Error;
use rocket::{
    Request, Response,
    http::{ContentType, Status},
    response::{self, Responder},
};
use serde_json::json;
use std::io::Cursor;

/// `{"error":{"message","type","param","code"}}`.
#[derive(Debug, Clone)]
pub struct OpenAiError {
    status: Status,
    code: String,
    param: Option<String>,
    message: String,
}

impl OpenAiError {
    /// A request that OpenAI's clients should not repeat unchanged.
    pub fn invalid(code: &str, param: Option<&str>, message: impl Into<String>) -> Self {
        Self {
            status: Status::BadRequest,
            code: code.to_owned(),
            param: param.map(str::to_owned),
            message: message.into(),
        }
    }

    fn kind(&self) -> &'static str {
        match self.status.code {
            401 => "authentication_error",
            403 => "permission_error",
            429 => "rate_limit_error",
            400..=499 => "invalid_request_error",
            _ => "api_error",
        }
    }

    /// The error's JSON, also for a stream that has begun.
    pub fn json(&self) -> serde_json::Value {
        json!({ "error": { "message": self.message, "type": self.kind(), "param": self.param, "code": self.code } })
    }
}

impl From<Problem> for OpenAiError {
    fn from(problem: Problem) -> Self {
        Self { status: problem.status, code: problem.code.to_owned(), param: None, message: problem.detail }
    }
}

impl From<Error> for OpenAiError {
    fn from(error: Error) -> Self {
        let mut shown = Self::from(Problem::from(error));
        // As OpenAI answers it: programs choose another model by this.
        if shown.code == "model_not_found" {
            (shown.status, shown.param) = (Status::NotFound, Some("model".into()));
        }
        shown
    }
}

impl<'r> Responder<'r, 'static> for OpenAiError {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let body = self.json().to_string();
        Response::build()
            .status(self.status)
            .header(ContentType::JSON)
            .sized_body(body.len(), Cursor::new(body))
            .ok()
    }
}
