//! Authenticates containers on the internal port.
//!
//! As a guard, so that a request without a valid token is refused before its path, query or body is parsed.

use super::services::services;
use crate::{catch, problem::Problem};
use fleet::{Error, containers};
use rocket::{
    Request,
    outcome::Outcome,
    request::{self, FromRequest},
};
use secrecy::SecretString;

/// The gateway token of the calling container, which is valid.
pub struct GatewayToken(pub SecretString);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for GatewayToken {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        match authenticate(request).await {
            Ok(token) => Outcome::Success(Self(token)),
            Err(problem) => Outcome::Error(catch::store_problem(request, problem)),
        }
    }
}

async fn authenticate(request: &Request<'_>) -> Result<SecretString, Problem> {
    let header = request.headers().get_one("Authorization");
    let token = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(Error::NotSignedIn)?;
    let token = SecretString::from(token);
    containers::verify_gateway_token(&*services(request)?, &token).await?;
    Ok(token)
}
