//! JSON bodies: bounded, parsed, and refused with a sentence that says what is wrong.

use crate::{catch, problem::Problem};
use rocket::{
    Data, Request,
    data::{self, FromData, ToByteUnit},
    http::Status,
    outcome::Outcome,
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

/// The largest JSON body, in bytes. A message of 100,000 characters fits in any script.
pub const LARGEST: u64 = 1 << 20;

/// A JSON body. An empty one counts as `{}`.
pub struct Body<T>(pub T);

#[rocket::async_trait]
impl<'r, T: DeserializeOwned> FromData<'r> for Body<T> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        match read(data, LARGEST).await.and_then(|bytes| parse(&bytes)) {
            Ok(value) => Outcome::Success(Self(value)),
            Err(problem) => Outcome::Error(catch::leave(request, problem)),
        }
    }
}

/// The bytes of a body, of at most so many MiB.
pub struct Raw<const MIB: u64>(pub Vec<u8>);

#[rocket::async_trait]
impl<'r, const MIB: u64> FromData<'r> for Raw<MIB> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        match read(data, MIB << 20).await {
            Ok(bytes) => Outcome::Success(Self(bytes)),
            Err(problem) => Outcome::Error(catch::leave(request, problem)),
        }
    }
}

/// Tells `null` (take it away) from absent (leave it).
pub fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

async fn read(data: Data<'_>, largest: u64) -> Result<Vec<u8>, Problem> {
    let read = data.open(largest.bytes()).into_bytes().await;
    let bytes = read
        .map_err(|_| Problem::new(Status::BadRequest, "body_unreadable", "The body did not arrive whole."))?;
    if !bytes.is_complete() {
        let detail = format!("The body is larger than {} KiB.", largest / 1024);
        return Err(Problem::new(Status::PayloadTooLarge, "too_large", detail));
    }
    Ok(bytes.into_inner())
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    serde_json::from_slice(bytes).map_err(|error| {
        // serde's text names fields and positions; of the content it quotes at most one wrong scalar.
        let what = if error.is_data() { "has a wrong shape" } else { "is not JSON" };
        let said: String = error.to_string().chars().take(200).collect();
        let status = if error.is_data() { Status::UnprocessableEntity } else { Status::BadRequest };
        Problem::new(status, "bad_body", format!("The body {what}: {said}."))
    })
}
