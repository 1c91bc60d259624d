//! What the host's environment says about the guard's configuration: its resolvers, and the addresses
//! behind the names that an admin allowed.

use super::GuardConfig;
use domain::settings::AllowedHost;
use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
};
use tokio::{fs, net::lookup_host};

/// Where Docker looks for resolvers: its rule is the second file when the first one names only the
/// stub of systemd-resolved.
const RESOLV_CONF: &str = "/etc/resolv.conf";
const BEHIND_THE_STUB: &str = "/run/systemd/resolve/resolv.conf";

impl GuardConfig {
    /// What should be in force on this host now.
    pub async fn read(internal_port: u16, allowed: &[AllowedHost]) -> Self {
        Self { internal_port, resolvers: host_resolvers().await, allowed: allowed_addresses(allowed).await }
    }
}

/// The resolvers that Docker's embedded DNS asks from inside the containers' networks. Loopback ones are
/// left out: Docker does not hand them on.
pub async fn host_resolvers() -> BTreeSet<Ipv4Addr> {
    let mut found = BTreeSet::new();
    for file in [RESOLV_CONF, BEHIND_THE_STUB] {
        found.extend(nameservers(&fs::read_to_string(file).await.unwrap_or_default()));
    }
    found
}

/// The IPv4 addresses behind the allowed hosts, at this moment. A name that does not resolve is left out
/// with a warning; call again later.
pub async fn allowed_addresses(hosts: &[AllowedHost]) -> BTreeSet<SocketAddrV4> {
    let mut found = BTreeSet::new();
    for AllowedHost { host, port } in hosts {
        match lookup_host((host.as_str(), *port)).await {
            Ok(addresses) => found.extend(addresses.filter_map(version_4)),
            Err(error) => tracing::warn!(host, port, %error, "an allowed host does not resolve"),
        }
    }
    found
}

fn version_4(address: SocketAddr) -> Option<SocketAddrV4> {
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
    fn resolvers_are_read_and_loopback_ones_left_out() {
        let text = "# made by hand\nsearch lan\nnameserver 127.0.0.53\nnameserver\t192.168.1.1\nnameserver fe80::1\n";
        assert_eq!(nameservers(text).collect::<Vec<_>>(), [Ipv4Addr::new(192, 168, 1, 1)]);
    }

    #[tokio::test]
    async fn addresses_pass_as_they_are() {
        let hosts = [AllowedHost { host: "10.0.0.5".into(), port: 11434 }];
        let expected = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 5), 11434);
        assert_eq!(allowed_addresses(&hosts).await, BTreeSet::from([expected]));
    }
}
