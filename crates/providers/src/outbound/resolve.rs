//! Names to addresses, once.
//!
//! Owns the resolver's seam for tests and the pin that keeps the HTTP stack from asking again. It
//! must not judge addresses.

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
    /// Whatever the system says when the name is unknown or its server does not answer.
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

/// Answers for one host with the addresses that were checked, and for any other with an error: the
/// HTTP stack has no way to a second lookup, so a name that changes between check and connection
/// (DNS rebinding) changes nothing.
pub(super) struct Pinned {
    pub host: String,
    pub addresses: Vec<IpAddr>,
}

impl Resolve for Pinned {
    fn resolve(&self, name: Name) -> Resolving {
        if name.as_str() != self.host {
            return Box::pin(async { Err("not the host this client was made for".into()) });
        }
        // Port 0 stands for "the URL's port".
        let addresses: Vec<_> = self.addresses.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
        Box::pin(async move { Ok(Box::new(addresses.into_iter()) as _) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_pin_knows_one_host_only() {
        let pinned = Pinned { host: "a.test".into(), addresses: vec!["192.0.2.1".parse().unwrap()] };
        let found = pinned.resolve("a.test".parse().unwrap()).await.unwrap();
        assert_eq!(found.collect::<Vec<_>>(), ["192.0.2.1:0".parse().unwrap()]);
        assert!(pinned.resolve("b.test".parse().unwrap()).await.is_err());
    }
}
