//! Errors under /v1 in OpenAI's format, which its clients can show.

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
    /// An error of the client, which should not repeat the request unchanged.
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

    /// The error as JSON, also within a stream.
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
        let mut error = Self::from(Problem::from(error));
        // Like OpenAI's own response, by which programs choose another model.
        if error.code == "model_not_found" {
            (error.status, error.param) = (Status::NotFound, Some("model".into()));
        }
        error
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
