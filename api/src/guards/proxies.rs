//! The instance's own proxies: whose word on a client's address counts, and who passes agents' requests on.
//!
//! Named by whoever starts the process, by address: a header makes nobody a proxy.

use rocket::Request;
use std::net::IpAddr;

/// Their addresses, each a host's.
pub(crate) struct Proxies(pub(crate) Vec<IpAddr>);

impl Proxies {
    /// Whether the address is one of them.
    pub(super) fn include(request: &Request<'_>, address: IpAddr) -> bool {
        request.rocket().state::<Self>().is_some_and(|proxies| proxies.0.contains(&address))
    }
}
