//! The token of the setup link.
//!
//! As a guard, so that a request without it is refused before its body is parsed.

use super::services::services;
use crate::{catch, problem::Problem};
use fleet::onboarding;
use rocket::{
    Request,
    outcome::Outcome,
    request::{self, FromRequest},
};
use secrecy::SecretString;

/// A header instead of a part of the URL, which logs would show.
const SETUP_TOKEN: &str = "X-Setup-Token";

/// The client has the setup link.
pub struct SetupToken(pub SecretString);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SetupToken {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        match check(request) {
            Ok(token) => Outcome::Success(Self(token)),
            Err(problem) => Outcome::Error(catch::store_problem(request, problem)),
        }
    }
}

fn check(request: &Request<'_>) -> Result<SecretString, Problem> {
    let token = request.headers().get_one(SETUP_TOKEN).map(SecretString::from);
    Ok(onboarding::require_setup_token(&*services(request)?, token)?)
}
