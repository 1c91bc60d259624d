//! The internal port listens on every bridge, and therefore on every address of the host: only the
//! agents' own networks, the host itself and the instance's own proxies are answered there.

use super::{caller::services, proxies::Proxies};
use crate::{catch, problem::Problem};
use rocket::{
    Request,
    http::Status,
    outcome::Outcome,
    request::{self, FromRequest},
};
use std::net::IpAddr;

/// The caller is one of the agents' containers, on this host, or a proxy that lets nobody else through.
pub struct Inside;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Inside {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        let pool = match services(request) {
            Ok(services) => services.settings.get().subnet_pool,
            Err(problem) => return Outcome::Error(catch::leave(request, problem)),
        };
        let address = request.client_ip().map(|ip| ip.to_canonical());
        let inside = match address {
            Some(IpAddr::V4(ip)) => ip.is_loopback() || pool.contains(&ip),
            Some(IpAddr::V6(ip)) => ip.is_loopback(),
            None => false,
        };
        if inside || address.is_some_and(|address| Proxies::include(request, address)) {
            return Outcome::Success(Self);
        }
        let detail = "This port is for agent containers.";
        Outcome::Error(catch::leave(request, Problem::new(Status::Forbidden, "not_inside", detail)))
    }
}
