//! The services that the server manages, for guards.

use crate::problem::Problem;
use fleet::Services;
use rocket::{Request, State, http::Status};
use std::sync::Arc;

pub(super) fn services(request: &Request<'_>) -> Result<Arc<Services>, Problem> {
    let services: Option<&State<Arc<Services>>> = State::get(request.rocket());
    services.map(|services| Arc::clone(services)).ok_or_else(|| {
        Problem::new(Status::InternalServerError, "internal", "The server was built without its services.")
    })
}
