//! The only HTTP client for requests to the outside.
//!
//! Owns the guard against server-side request forgery: it resolves the host itself, checks every address, and pins the
//! connection to the checked addresses. It follows no redirects, ignores proxies in the environment, uses no plain http to
//! the internet, and limits time and size. It must not know what is requested or why.
//!
//! The guard checks in this order:
//! 1. The URL's form: http or https, a host, no user name.
//! 2. The host: a literal address needs an admin's permission. The URL parser has already normalized decimal, octal,
//!    hexadecimal and full-width forms.
//! 3. Every resolved address: one bad address refuses the host, because the connection could go there.
//! 4. The scheme: plain http only to allowed hosts whose addresses are all private.
//! 5. The pin: the connection goes to these addresses, whatever DNS answers later.
//!
//! A company that can only use an egress proxy would need a setting for it: [`Origin::new`] would set a `reqwest::Proxy`
//! instead of `no_proxy()`, and the guard could only check names, because the proxy resolves them. Therefore `HTTPS_PROXY`
//! in the environment is ignored.

mod address;
mod allowed;
mod error;
mod origin;
mod request;
mod resolve;
mod tls;

pub use address::{AddressClass, classify};
pub use allowed::AllowedHosts;
pub use error::OutboundError;
pub use origin::{Origin, ResponseStream};
pub use request::{Request, RequestLimits, Response};
pub use reqwest::{Method, StatusCode, Url, header};
pub use resolve::{Resolver, SystemResolver};

use resolve::PinnedResolver;
use std::{net::IpAddr, sync::Arc};

/// The outbound client. Cheap to clone: create one and share it.
#[derive(Clone)]
pub struct Outbound {
    resolver: Arc<dyn Resolver>,
    limits: RequestLimits,
    tls: tls::Tls,
}

impl Outbound {
    /// With the system's resolver and the default limits.
    pub fn system() -> Self {
        Self::new(Arc::new(SystemResolver), RequestLimits::default())
    }

    /// With a resolver and limits of the caller's.
    pub fn new(resolver: Arc<dyn Resolver>, limits: RequestLimits) -> Self {
        Self { resolver, limits, tls: tls::Tls::default() }
    }

    /// Resolves and checks the host of `url`. Returns a client for this origin (scheme, host, port) that connects only to
    /// the checked addresses. Keep it for one task only: it never resolves again.
    ///
    /// # Errors
    /// [`OutboundError::BadUrl`], [`OutboundError::DnsFailed`], [`OutboundError::TimedOut`], [`OutboundError::AddressNotAllowed`],
    /// [`OutboundError::CleartextNotAllowed`] or [`OutboundError::ClientSetup`]; no connection is made.
    pub async fn origin(&self, url: &Url, allowed: &AllowedHosts) -> Result<Origin, OutboundError> {
        let host = host_of(url)?;
        let is_allowed = allowed.contains(url);
        let addresses = match literal(host) {
            Some(_) if !is_allowed => return Err(OutboundError::AddressNotAllowed),
            Some(address) => vec![address],
            None => self.lookup(host).await?,
        };
        check(url, &addresses, is_allowed)?;
        let pinned = PinnedResolver { host: host.to_owned(), addresses };
        Origin::new(url, pinned, self.limits, &self.tls)
    }

    /// Checks the host, connects, sends one request and reads the whole response.
    ///
    /// # Errors
    /// As [`Self::origin`] and [`Origin::send`].
    pub async fn send(&self, request: Request, allowed: &AllowedHosts) -> Result<Response, OutboundError> {
        self.origin(&request.url, allowed).await?.send(request).await
    }

    async fn lookup(&self, host: &str) -> Result<Vec<IpAddr>, OutboundError> {
        let lookup = tokio::time::timeout(self.limits.connect, self.resolver.lookup(host));
        let found = lookup.await.map_err(|_| OutboundError::TimedOut)?;
        let addresses = found.map_err(|_| OutboundError::DnsFailed)?;
        if addresses.is_empty() { Err(OutboundError::DnsFailed) } else { Ok(addresses) }
    }
}

fn host_of(url: &Url) -> Result<&str, OutboundError> {
    let plain = url.username().is_empty() && url.password().is_none();
    if !plain || !matches!(url.scheme(), "http" | "https") {
        return Err(OutboundError::BadUrl);
    }
    url.host_str().ok_or(OutboundError::BadUrl)
}

/// The address, if `host` is one. The URL parser has normalized it.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn check(url: &Url, addresses: &[IpAddr], is_allowed: bool) -> Result<(), OutboundError> {
    for address in addresses {
        match classify(*address) {
            AddressClass::Public => {}
            AddressClass::Private if is_allowed => {}
            AddressClass::Private | AddressClass::Forbidden => return Err(OutboundError::AddressNotAllowed),
        }
    }
    let all_private = addresses.iter().all(|address| classify(*address) == AddressClass::Private);
    match url.scheme() {
        "http" if !all_private => Err(OutboundError::CleartextNotAllowed),
        _ => Ok(()),
    }
}
