//! Resolves host names, once per connection.
//!
//! Owns the resolver trait, and the pinned resolver that keeps the HTTP stack from resolving again. It must not judge
//! addresses.

use async_trait::async_trait;
use reqwest::dns::{Name, Resolve, Resolving};
use std::{
    io,
    net::{IpAddr, SocketAddr},
};

/// Looks up the addresses of a host name.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// All addresses of `host`, IPv4 and IPv6.
    ///
    /// # Errors
    /// The system's error when the name is unknown or the name server does not answer.
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver (`getaddrinfo`), hosts file included.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// Returns the checked addresses for one host, and an error for any other. The HTTP stack cannot look the name up a second
/// time, so that a change between check and connection (DNS rebinding) has no effect.
pub(super) struct PinnedResolver {
    pub host: String,
    pub addresses: Vec<IpAddr>,
}

impl Resolve for PinnedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        if name.as_str() != self.host {
            return Box::pin(async { Err("not the host this client was made for".into()) });
        }
        // Port 0 means the URL's port.
        let addresses: Vec<_> = self.addresses.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
        Box::pin(async move { Ok(Box::new(addresses.into_iter()) as _) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_pinned_resolver_knows_one_host_only() {
        let pinned = PinnedResolver { host: "a.test".into(), addresses: vec!["192.0.2.1".parse().unwrap()] };
        let found = pinned.resolve("a.test".parse().unwrap()).await.unwrap();
        assert_eq!(found.collect::<Vec<_>>(), ["192.0.2.1:0".parse().unwrap()]);
        assert!(pinned.resolve("b.test".parse().unwrap()).await.is_err());
    }
}
