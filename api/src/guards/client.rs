//! The client of a request: its address, and what it says about itself.

use super::{csrf, proxies::Proxies, services::services};
use crate::{catch, headers};
use fleet::Origin;
use rocket::{
    Request,
    outcome::Outcome,
    request::{self, FromRequest},
};
use std::net::IpAddr;

/// A client that need not be signed in.
pub struct Client {
    /// For the audit log and logs.
    pub origin: Origin,
    pub user_agent: String,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Client {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        if let Err(problem) = csrf::check(request) {
            return Outcome::Error(catch::store_problem(request, problem));
        }
        let user_agent = request.headers().get_one("User-Agent").unwrap_or_default().to_owned();
        Outcome::Success(Self { origin: origin(request), user_agent })
    }
}

pub(super) fn origin(request: &Request<'_>) -> Origin {
    let address = client_address(request).map(|ip| ip.to_string()).unwrap_or_default();
    let trace = Some(headers::trace(request).clone());
    let idempotency_key = request.headers().get_one("Idempotency-Key").map(str::to_owned);
    Origin { request_id: headers::request_id(request).to_owned(), address, trace, idempotency_key }
}

/// The address of the connection. Behind trusted proxies: the last address in `X-Forwarded-For` that is not one of them.
fn client_address(request: &Request<'_>) -> Option<IpAddr> {
    let mut address = request.client_ip()?.to_canonical();
    let Ok(services) = services(request) else { return Some(address) };
    let trusted = &services.settings.get().trusted_proxies;
    let forwarded: Vec<&str> =
        request.headers().get("X-Forwarded-For").flat_map(|line| line.split(',')).collect();
    for hop in forwarded.into_iter().rev() {
        if !Proxies::contain(request, address) && !trusted.iter().any(|net| net.contains(&address)) {
            break;
        }
        let Ok(previous) = hop.trim().parse::<IpAddr>() else { break };
        address = previous.to_canonical();
    }
    Some(address)
}
