//! Responses to requests that no handler has answered: the problem of a guard, or one by status.

use crate::{openai_error::OpenAiError, problem::Problem};
use parking_lot::Mutex;
use rocket::{
    Catcher, Request, Response, catch, catchers,
    http::Status,
    response::{self, Responder},
};

/// The problem of a guard that has failed.
#[derive(Default)]
struct StoredProblem(Mutex<Option<Problem>>);

/// Stores a guard's problem for the catcher. Returns the guard's error.
pub(crate) fn store_problem(request: &Request<'_>, problem: Problem) -> (Status, ()) {
    let status = problem.status;
    *request.local_cache(StoredProblem::default).0.lock() = Some(problem);
    (status, ())
}

struct CaughtProblem(Problem);

impl<'r> Responder<'r, 'static> for CaughtProblem {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut response: Response<'static> = if request.uri().path().starts_with("/v1/") {
            OpenAiError::from(self.0).respond_to(request)?
        } else {
            self.0.respond_to(request)?
        };
        if response.status() == Status::Unauthorized {
            response.set_raw_header("WWW-Authenticate", "Bearer");
        }
        Ok(response)
    }
}

#[catch(default)]
fn default(status: Status, request: &Request<'_>) -> CaughtProblem {
    let stored = request.local_cache(StoredProblem::default).0.lock().take();
    CaughtProblem(stored.unwrap_or_else(|| by_status(status)))
}

fn by_status(status: Status) -> Problem {
    let (code, detail) = match status.code {
        400 => ("bad_request", "The request cannot be read."),
        401 => ("not_signed_in", "Sign in first."),
        404 => ("not_found", "There is nothing at this address."),
        405 => ("method_not_allowed", "This address does not support that method."),
        413 => ("too_large", "The request is too large."),
        415 => ("unsupported_media_type", "Send the body as application/json."),
        422 => ("invalid", "Some of the input cannot be accepted."),
        _ => {
            ("internal", "Something went wrong on the server. Its log has the details, by this request's id.")
        }
    };
    Problem::new(status, code, detail)
}

/// One catcher for everything.
pub(crate) fn catchers() -> Vec<Catcher> {
    catchers![default]
}
