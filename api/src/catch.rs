//! What no handler answered: the guard's own problem where there is one, else one by status.

use crate::{openai_error::OpenAiError, problem::Problem};
use rocket::{
    Catcher, Request, Response, catch, catchers,
    http::Status,
    response::{self, Responder},
};
use std::sync::Mutex;

/// Where a failing guard leaves its problem for the catcher.
#[derive(Default)]
struct Left(Mutex<Option<Problem>>);

/// Leaves a guard's problem for the catcher; answers with what the guard returns.
pub(crate) fn leave(request: &Request<'_>, problem: Problem) -> (Status, ()) {
    let status = problem.status;
    if let Ok(mut left) = request.local_cache(Left::default).0.lock() {
        *left = Some(problem);
    }
    (status, ())
}

struct Caught(Problem);

impl<'r> Responder<'r, 'static> for Caught {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut answer: Response<'static> = if request.uri().path().starts_with("/v1/") {
            OpenAiError::from(self.0).respond_to(request)?
        } else {
            self.0.respond_to(request)?
        };
        if answer.status() == Status::Unauthorized {
            answer.set_raw_header("WWW-Authenticate", "Bearer");
        }
        Ok(answer)
    }
}

#[catch(default)]
fn default(status: Status, request: &Request<'_>) -> Caught {
    let left = request.local_cache(Left::default).0.lock().ok().and_then(|mut left| left.take());
    Caught(left.unwrap_or_else(|| by_status(status)))
}

fn by_status(status: Status) -> Problem {
    let (code, detail) = match status.code {
        400 => ("bad_request", "The request cannot be read."),
        401 => ("not_signed_in", "Sign in first."),
        404 => ("not_found", "There is nothing at this address."),
        405 => ("method_not_allowed", "This address does not know that method."),
        413 => ("too_large", "The request is too large."),
        415 => ("unsupported_media_type", "Send the body as application/json."),
        422 => ("invalid", "Some of the input cannot be accepted."),
        _ => (
            "internal",
            "Something went wrong on the server. Its log has the details under this request's id.",
        ),
    };
    Problem::new(status, code, detail)
}

/// The one catcher for everything.
pub(crate) fn catchers() -> Vec<Catcher> {
    catchers![default]
}
