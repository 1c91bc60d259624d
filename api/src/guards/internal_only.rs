//! Protects the internal port. It listens on every bridge, and therefore on every address of the host: only the agents'
//! networks, the host itself and the instance's own proxies may use it.

use super::{proxies::Proxies, services::services};
use crate::{catch, problem::Problem};
use rocket::{
    Request,
    http::Status,
    outcome::Outcome,
    request::{self, FromRequest},
};
use std::net::IpAddr;

/// The client is an agent's container, a process on this host, or a proxy that forwards only such requests.
pub struct InternalOnly;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for InternalOnly {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        let pool = match services(request) {
            Ok(services) => services.settings.get().subnet_pool,
            Err(problem) => return Outcome::Error(catch::store_problem(request, problem)),
        };
        let address = request.client_ip().map(|ip| ip.to_canonical());
        let is_internal = match address {
            Some(IpAddr::V4(ip)) => ip.is_loopback() || pool.contains(&ip),
            Some(IpAddr::V6(ip)) => ip.is_loopback(),
            None => false,
        };
        if is_internal || address.is_some_and(|address| Proxies::contain(request, address)) {
            return Outcome::Success(Self);
        }
        let detail = "This port is for agent containers.";
        Outcome::Error(catch::store_problem(request, Problem::new(Status::Forbidden, "not_inside", detail)))
    }
}
