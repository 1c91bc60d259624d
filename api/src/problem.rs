//! Errors as RFC 9457 problem documents, with the table from `fleet::Error` to HTTP status.

use crate::headers;
use domain::Invalid;
use fleet::{Error, Fault};
use rocket::{
    Request, Response,
    http::{ContentType, Header, Status},
    response::{self, Responder},
};
use serde::Serialize;
use serde_json::json;
use std::io::Cursor;

/// The response to a refused request.
#[derive(Debug, Clone)]
pub struct Problem {
    pub status: Status,
    /// A stable name, by which clients distinguish problems.
    pub code: &'static str,
    /// What to do, as a sentence.
    pub detail: String,
    fields: Vec<FieldProblem>,
    retry_after: Option<u64>,
}

#[derive(Debug, Clone, Serialize)]
struct FieldProblem {
    field: &'static str,
    message: String,
}

impl Problem {
    pub fn new(status: Status, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), fields: Vec::new(), retry_after: None }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::NotSignedIn | Error::BadCredentials => Status::Unauthorized,
            Error::SetupToken | Error::Forbidden(_) | Error::Refused { .. } => Status::Forbidden,
            Error::TooMany { .. } => Status::TooManyRequests,
            Error::NotFound(_) => Status::NotFound,
            Error::Invalid(_) => Status::UnprocessableEntity,
            Error::TooLarge(_) => Status::PayloadTooLarge,
            Error::Conflict { .. } => Status::Conflict,
            Error::Stale => Status::PreconditionFailed,
            Error::Unavailable { .. } => Status::ServiceUnavailable,
            Error::Upstream { fault: Fault::Request, .. } => Status::BadRequest,
            Error::Upstream { fault: Fault::Upstream, .. } => Status::BadGateway,
            Error::Internal(cause) => {
                tracing::error!(%cause, "internal error");
                Status::InternalServerError
            }
        };
        let mut problem = Self::new(status, error.code(), error.to_string());
        match error {
            Error::Invalid(fields) => {
                problem.fields = fields
                    .into_iter()
                    .map(|Invalid { field, message }| FieldProblem { field, message })
                    .collect();
            }
            Error::Unavailable { retry_after, .. } | Error::TooMany { retry_after, .. } => {
                problem.retry_after = Some(retry_after.as_secs().max(1))
            }
            _ => {}
        }
        problem
    }
}

impl<'r> Responder<'r, 'static> for Problem {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut document = json!({
            "type": "about:blank",
            "title": self.status.reason().unwrap_or("Error"),
            "status": self.status.code,
            "code": self.code,
            "detail": self.detail,
            "requestId": headers::request_id(request),
        });
        if !self.fields.is_empty() {
            document["errors"] = json!(self.fields);
        }
        let body = document.to_string();
        let mut response = Response::build();
        response
            .status(self.status)
            .header(ContentType::new("application", "problem+json"))
            .sized_body(body.len(), Cursor::new(body));
        if let Some(seconds) = self.retry_after {
            response.header(Header::new("Retry-After", seconds.to_string()));
        }
        response.ok()
    }
}

pub type Reply<T> = Result<T, Problem>;
