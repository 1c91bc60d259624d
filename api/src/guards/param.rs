//! Ids in paths, versions in headers. A text that is no id of that kind is simply not found.

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

/// The version in `If-Match` (`"7"`); `None` when the client does not say one.
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
                let detail = "If-Match takes the version that the answer before named, in quotes.";
                Outcome::Error(catch::leave(
                    request,
                    Problem::new(Status::BadRequest, "bad_if_match", detail),
                ))
            }
        }
    }
}

/// Declares a guard that carries one optional header.
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
    /// The last event a client has seen.
    LastEventId = "Last-Event-ID";
    /// The chat that an OpenAI client wants to continue.
    ChatHeader = "X-Mosaic-Chat";
    /// Where the caller reaches this server.
    Host = "Host";
    /// The slug of the agent that calls a tool.
    AgentHeader = "X-Mosaic-Agent";
    /// The revision of the protocol that a client of tools speaks.
    McpVersion = "MCP-Protocol-Version";
    /// The bearer's whole `Authorization` header.
    Authorization = "Authorization";
    /// The token of the setup link, in a header so that it stands in no log.
    SetupToken = "X-Setup-Token";
}
