//! Request bodies: limited in size, parsed, and refused with a sentence that says what is wrong.

use crate::{catch, problem::Problem};
use rocket::{
    Data, Request,
    data::{self, FromData, ToByteUnit},
    http::Status,
    outcome::Outcome,
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

/// A message of 100,000 characters fits in any script.
const MAX_JSON_BYTES: u64 = 1 << 20;

/// A JSON body. An empty body counts as `{}`.
pub struct Body<T>(pub T);

#[rocket::async_trait]
impl<'r, T: DeserializeOwned> FromData<'r> for Body<T> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        match read(data, MAX_JSON_BYTES).await.and_then(|bytes| parse(&bytes)) {
            Ok(value) => Outcome::Success(Self(value)),
            Err(problem) => Outcome::Error(catch::store_problem(request, problem)),
        }
    }
}

/// A body of at most `MIB` MiB, as bytes.
pub struct Raw<const MIB: u64>(pub Vec<u8>);

#[rocket::async_trait]
impl<'r, const MIB: u64> FromData<'r> for Raw<MIB> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        match read(data, MIB << 20).await {
            Ok(bytes) => Outcome::Success(Self(bytes)),
            Err(problem) => Outcome::Error(catch::store_problem(request, problem)),
        }
    }
}

/// Distinguishes `null` (remove the value) from an absent field (keep it).
pub fn double_option<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

async fn read(data: Data<'_>, max_bytes: u64) -> Result<Vec<u8>, Problem> {
    let read = data.open(max_bytes.bytes()).into_bytes().await;
    let bytes = read.map_err(|_| {
        Problem::new(Status::BadRequest, "body_unreadable", "The body did not arrive completely.")
    })?;
    if !bytes.is_complete() {
        let detail = format!("The body is larger than {} KiB.", max_bytes / 1024);
        return Err(Problem::new(Status::PayloadTooLarge, "too_large", detail));
    }
    Ok(bytes.into_inner())
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    serde_json::from_slice(bytes).map_err(|error| {
        // serde's message names fields and positions, and quotes at most one wrong scalar of the content.
        let problem = if error.is_data() { "has a wrong shape" } else { "is not JSON" };
        let message: String = error.to_string().chars().take(200).collect();
        let status = if error.is_data() { Status::UnprocessableEntity } else { Status::BadRequest };
        Problem::new(status, "bad_body", format!("The body {problem}: {message}."))
    })
}
