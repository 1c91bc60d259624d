//! What there is, or 204 where there is nothing yet. Not for what an address names: what is not there, or not for the
//! caller, is 404.

use rocket::{Either, http::Status, serde::json::Json};

/// The answer to a question for something of which there may be none.
pub type IfAny<T> = Either<Json<T>, Status>;

/// `None` becomes `204 No Content`.
pub fn if_any<T>(value: Option<T>) -> IfAny<T> {
    value.map_or(Either::Right(Status::NoContent), |value| Either::Left(Json(value)))
}
