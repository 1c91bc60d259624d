//! `200` with a value, or `204` when there is none yet. Not for things that the path names: what does not exist, or is not
//! the caller's, is 404.

use rocket::{Either, http::Status, serde::json::Json};

pub type OptionalJson<T> = Either<Json<T>, Status>;

/// `None` becomes `204 No Content`.
pub fn optional_json<T>(value: Option<T>) -> OptionalJson<T> {
    value.map_or(Either::Right(Status::NoContent), |value| Either::Left(Json(value)))
}
