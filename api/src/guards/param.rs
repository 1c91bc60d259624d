//! Ids in paths, and headers.
//!
//! Rocket parses paths after all guards of a route have succeeded, so that a caller is authenticated first.

use crate::{catch, problem::Problem};
use domain::ParseIdError;
use rocket::{
    Request,
    http::Status,
    outcome::Outcome,
    request::{self, FromParam, FromRequest},
};
use std::str::FromStr;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

/// An id in a path.
pub struct Id<T>(pub T);

impl<T: FromStr<Err = ParseIdError>> FromParam<'_> for Id<T> {
    type Error = ParseIdError;
    fn from_param(param: &str) -> Result<Self, ParseIdError> {
        param.parse().map(Self)
    }
}

impl<T: PartialSchema> PartialSchema for Id<T> {
    fn schema() -> RefOr<Schema> {
        T::schema()
    }
}

impl<T: PartialSchema> ToSchema for Id<T> {}

/// The version in `If-Match` (`"7"`); `None` without one.
pub struct Version(pub Option<i64>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Version {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        let Some(text) = request.headers().get_one("If-Match").filter(|text| *text != "*") else {
            return Outcome::Success(Self(None));
        };
        match text.trim_start_matches("W/").trim_matches('"').parse() {
            Ok(version) => Outcome::Success(Self(Some(version))),
            Err(_) => {
                let detail = "If-Match takes the version of the previous response, in quotes.";
                Outcome::Error(catch::store_problem(
                    request,
                    Problem::new(Status::BadRequest, "bad_if_match", detail),
                ))
            }
        }
    }
}

/// Declares guards for optional headers.
macro_rules! header {
    ($($(#[$doc:meta])* $name:ident = $header:literal;)*) => {$(
        $(#[$doc])*
        pub struct $name(pub Option<String>);

        #[rocket::async_trait]
        impl<'r> FromRequest<'r> for $name {
            type Error = ();
            async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
                Outcome::Success(Self(request.headers().get_one($header).map(str::to_owned)))
            }
        }
    )*};
}

header! {
    /// The last event that the client has received.
    LastEventId = "Last-Event-ID";
    /// The chat that an OpenAI client continues.
    ChatHeader = "X-Mosaic-Chat";
    /// The address at which the client reaches this server.
    Host = "Host";
    /// The slug of the agent that calls a tool.
    AgentHeader = "X-Mosaic-Agent";
    /// The client's revision of the protocol.
    McpVersion = "MCP-Protocol-Version";
}
