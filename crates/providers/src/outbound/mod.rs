//! The one way by which HTTP leaves the product.
//!
//! Owns the guard against server-side request forgery: it resolves the host itself, checks every
//! address, and pins the connection to what it checked. No redirects, no environment proxies, no
//! plain http to the internet, caps on time and size. It must not know what is asked for or why.
//!
//! Order of the guard, each step closing one way around the next:
//! 1. the URL's form (http or https, a host, no user name);
//! 2. the host: a literal address needs an admin's leave (the URL parser has turned decimal, octal,
//!    hex and full-width forms into plain ones by then);
//! 3. every resolved address: one bad address refuses the host, for the connection could go there;
//! 4. the scheme: plain http only to allowed hosts whose addresses are all private;
//! 5. the pin: the connection goes to those very addresses, whatever DNS says later.
//!
//! A company whose only way out is an egress proxy needs a setting that names it. It would enter at
//! [`Origin::new`], as an explicit `reqwest::Proxy` in place of `no_proxy()`, and the guard would
//! then check names only, since the proxy resolves them: that is why the environment's
//! `HTTPS_PROXY` is ignored rather than obeyed in silence.

mod address;
mod allowed;
mod call;
mod fault;
mod origin;
mod resolve;
mod tls;

pub use address::{Reach, reach};
pub use allowed::AllowedHosts;
pub use call::{Answer, Call, Limits};
pub use fault::Fault;
pub use origin::{Incoming, Origin};
pub use reqwest::{Method, StatusCode, Url, header};
pub use resolve::{Resolver, SystemResolver};

use resolve::Pinned;
use std::{net::IpAddr, sync::Arc};

/// The outbound client: makes checked connections. Cheap to clone; make one and share it.
#[derive(Clone)]
pub struct Outbound {
    resolver: Arc<dyn Resolver>,
    limits: Limits,
    tls: tls::Tls,
}

impl Outbound {
    /// With the system's resolver and the default limits.
    pub fn system() -> Self {
        Self::new(Arc::new(SystemResolver), Limits::default())
    }

    /// With a resolver and limits of the caller's.
    pub fn new(resolver: Arc<dyn Resolver>, limits: Limits) -> Self {
        Self { resolver, limits, tls: tls::Tls::default() }
    }

    /// Resolves and checks the host of `url` and returns a client that reaches this origin (scheme,
    /// host, port) at the checked addresses and nothing else. Keep it for one piece of work, not
    /// longer: it never resolves again.
    ///
    /// # Errors
    /// [`Fault::Url`], [`Fault::Dns`], [`Fault::TimedOut`], [`Fault::Address`],
    /// [`Fault::Cleartext`] or [`Fault::Client`]; no connection is made.
    pub async fn origin(&self, url: &Url, allowed: &AllowedHosts) -> Result<Origin, Fault> {
        let host = host_of(url)?;
        let leave = match allowed.contains(url) {
            true => Leave::Given,
            false => Leave::None,
        };
        let addresses = match literal(host) {
            Some(_) if leave == Leave::None => return Err(Fault::Address),
            Some(address) => vec![address],
            None => self.lookup(host).await?,
        };
        check(url, &addresses, leave)?;
        let pinned = Pinned { host: host.to_owned(), addresses };
        Origin::new(url, pinned, self.limits, &self.tls)
    }

    /// Checks, connects, sends one call and reads its answer to the end.
    ///
    /// # Errors
    /// As [`Self::origin`] and [`Origin::send`].
    pub async fn send(&self, call: Call, allowed: &AllowedHosts) -> Result<Answer, Fault> {
        self.origin(&call.url, allowed).await?.send(call).await
    }

    async fn lookup(&self, host: &str) -> Result<Vec<IpAddr>, Fault> {
        let lookup = tokio::time::timeout(self.limits.connect, self.resolver.lookup(host));
        let found = lookup.await.map_err(|_| Fault::TimedOut)?;
        let addresses = found.map_err(|_| Fault::Dns)?;
        if addresses.is_empty() { Err(Fault::Dns) } else { Ok(addresses) }
    }
}

/// Whether an admin allowed this host and port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leave {
    None,
    Given,
}

fn host_of(url: &Url) -> Result<&str, Fault> {
    let plain = url.username().is_empty() && url.password().is_none();
    if !plain || !matches!(url.scheme(), "http" | "https") {
        return Err(Fault::Url);
    }
    url.host_str().ok_or(Fault::Url)
}

/// The address that `host` is, when it is one: a parsed URL writes those in one form only.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn check(url: &Url, addresses: &[IpAddr], leave: Leave) -> Result<(), Fault> {
    for address in addresses {
        match (reach(*address), leave) {
            (Reach::Public, _) | (Reach::Private, Leave::Given) => {}
            (Reach::Private, Leave::None) | (Reach::Never, _) => return Err(Fault::Address),
        }
    }
    let stays_inside = addresses.iter().all(|address| reach(*address) == Reach::Private);
    match url.scheme() {
        "http" if !stays_inside => Err(Fault::Cleartext),
        _ => Ok(()),
    }
}
