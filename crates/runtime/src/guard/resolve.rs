//! The parts of the guard's configuration that come from the host: its resolvers, and the addresses of the hosts that an
//! admin allowed.

use super::GuardConfig;
use domain::settings::AllowedHost;
use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
};
use tokio::{fs, net::lookup_host};

/// Docker reads the resolvers from the second file if the first has only the stub of systemd-resolved.
const RESOLV_CONF: &str = "/etc/resolv.conf";
const SYSTEMD_RESOLV_CONF: &str = "/run/systemd/resolve/resolv.conf";

impl GuardConfig {
    /// The configuration that should be in force on this host now.
    pub async fn read(internal_port: u16, allowed: &[AllowedHost]) -> Self {
        Self {
            internal_port,
            resolvers: read_host_resolvers().await,
            allowed: resolve_allowed_hosts(allowed).await,
        }
    }
}

/// The resolvers that Docker's embedded DNS asks from inside the containers' networks. Without loopback addresses, which
/// Docker does not use there.
pub async fn read_host_resolvers() -> BTreeSet<Ipv4Addr> {
    let mut found = BTreeSet::new();
    for file in [RESOLV_CONF, SYSTEMD_RESOLV_CONF] {
        found.extend(nameservers(&fs::read_to_string(file).await.unwrap_or_default()));
    }
    found
}

/// The present IPv4 addresses of the allowed hosts. A name that does not resolve is left out with a warning; call this
/// again later.
pub async fn resolve_allowed_hosts(hosts: &[AllowedHost]) -> BTreeSet<SocketAddrV4> {
    let mut found = BTreeSet::new();
    for AllowedHost { host, port } in hosts {
        match lookup_host((host.as_str(), *port)).await {
            Ok(addresses) => found.extend(addresses.filter_map(ipv4)),
            Err(error) => tracing::warn!(host, port, %error, "an allowed host does not resolve"),
        }
    }
    found
}

fn ipv4(address: SocketAddr) -> Option<SocketAddrV4> {
    match address {
        SocketAddr::V4(address) => Some(address),
        SocketAddr::V6(_) => None,
    }
}

fn nameservers(text: &str) -> impl Iterator<Item = Ipv4Addr> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver")?.trim().parse::<Ipv4Addr>().ok())
        .filter(|address| !address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolvers_are_read_without_loopback_addresses() {
        let text = "# made by hand\nsearch lan\nnameserver 127.0.0.53\nnameserver\t192.168.1.1\nnameserver fe80::1\n";
        assert_eq!(nameservers(text).collect::<Vec<_>>(), [Ipv4Addr::new(192, 168, 1, 1)]);
    }

    #[tokio::test]
    async fn addresses_need_no_lookup() {
        let hosts = [AllowedHost { host: "10.0.0.5".into(), port: 11434 }];
        let expected = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 5), 11434);
        assert_eq!(resolve_allowed_hosts(&hosts).await, BTreeSet::from([expected]));
    }
}
