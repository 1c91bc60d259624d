//! The instance's own proxies: their `X-Forwarded-For` is trusted, and they forward agents' requests.
//!
//! They are configured by address when the process starts. No header makes a client a proxy.

use rocket::Request;
use std::net::IpAddr;

pub(crate) struct Proxies(pub(crate) Vec<IpAddr>);

impl Proxies {
    /// Whether the address is one of this server's proxies.
    pub(super) fn contain(request: &Request<'_>, address: IpAddr) -> bool {
        request.rocket().state::<Self>().is_some_and(|proxies| proxies.0.contains(&address))
    }
}
