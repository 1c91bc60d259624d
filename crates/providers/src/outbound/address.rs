//! Classifies IP addresses: public, private, or forbidden.
//!
//! Owns the tables of special ranges (IANA's special-purpose registries, and the metadata addresses that clouds place
//! elsewhere). It must not resolve names or know which hosts an admin allowed.

use ipnet::{Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a connection to an address would reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressClass {
    /// A host on the internet.
    Public,
    /// A host in a local network, or this machine. Needs an admin's permission.
    Private,
    /// Metadata services, and the link-local, multicast, reserved and documentation ranges.
    Forbidden,
}

use AddressClass::{Forbidden, Private, Public};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(head: [u16; 4], tail: u16, prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = head;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, tail), prefix)
}

/// The first match counts. An address in no row is public.
const V4: [(Ipv4Net, AddressClass); 18] = [
    (v4(168, 63, 129, 16, 32), Forbidden), // Azure's platform address, public by its number
    (v4(100, 100, 100, 200, 32), Forbidden), // Alibaba's metadata, inside the CGNAT range
    (v4(0, 0, 0, 0, 8), Forbidden),        // "this network": Linux treats it as loopback
    (v4(10, 0, 0, 0, 8), Private),
    (v4(100, 64, 0, 0, 10), Private),    // carrier-grade NAT, also Tailscale
    (v4(127, 0, 0, 0, 8), Private),      // loopback
    (v4(169, 254, 0, 0, 16), Forbidden), // link-local, most clouds' metadata
    (v4(172, 16, 0, 0, 12), Private),
    (v4(192, 0, 0, 0, 24), Forbidden), // protocol assignments, Oracle's metadata
    (v4(192, 0, 2, 0, 24), Forbidden), // documentation
    (v4(192, 88, 99, 0, 24), Forbidden), // 6to4 relays
    (v4(192, 168, 0, 0, 16), Private),
    (v4(198, 18, 0, 0, 15), Private), // benchmarking; some company proxies answer every name with it
    (v4(198, 51, 100, 0, 24), Forbidden), // documentation
    (v4(203, 0, 113, 0, 24), Forbidden), // documentation
    (v4(224, 0, 0, 0, 4), Forbidden), // multicast
    (v4(240, 0, 0, 0, 4), Forbidden), // reserved
    (v4(255, 255, 255, 255, 32), Forbidden),
];

/// The first match counts. An address in no row is not routed on the internet.
const V6: [(Ipv6Net, AddressClass); 9] = [
    (v6([0, 0, 0, 0], 1, 128), Private),                // loopback
    (v6([0xfd00, 0xec2, 0, 0], 0x254, 128), Forbidden), // AWS's metadata, inside ULA
    (v6([0xfd20, 0xce, 0, 0], 0x254, 128), Forbidden),  // Google's metadata, inside ULA
    (v6([0xfc00, 0, 0, 0], 0, 7), Private),             // unique local (ULA)
    (v6([0x2001, 0, 0, 0], 0, 23), Forbidden),          // protocol assignments: Teredo, ORCHID, benchmarking
    (v6([0x2001, 0xdb8, 0, 0], 0, 32), Forbidden),      // documentation
    (v6([0x2002, 0, 0, 0], 0, 16), Forbidden),          // 6to4: embeds an IPv4 address, long deprecated
    (v6([0x3fff, 0, 0, 0], 0, 20), Forbidden),          // documentation
    (v6([0x2000, 0, 0, 0], 0, 3), Public),
];

/// The NAT64 prefix. In networks without IPv4 a DNS64 resolver returns such addresses for IPv4 hosts.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0], 0, 96);

/// What a connection to `address` would reach. An IPv6 address that systems translate to an IPv4 one (mapped, NAT64) has
/// the class of the IPv4 address.
pub fn classify(address: IpAddr) -> AddressClass {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> AddressClass {
    let row = V4.iter().find(|(net, _)| net.contains(&address));
    row.map_or(Public, |(_, class)| *class)
}

fn classify_v6(address: Ipv6Addr) -> AddressClass {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return classify_v4(mapped);
    }
    if NAT64.contains(&address) {
        let [.., a, b, c, d] = address.octets();
        return classify_v4(Ipv4Addr::new(a, b, c, d));
    }
    let row = V6.iter().find(|(net, _)| net.contains(&address));
    row.map_or(Forbidden, |(_, class)| *class)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Every range with its first and last address, and the neighbours just outside.
    const MATRIX: &[(&str, AddressClass)] = &[
        ("8.8.8.8", Public),
        ("1.1.1.1", Public),
        ("0.0.0.0", Forbidden),
        ("0.255.255.255", Forbidden),
        ("1.0.0.0", Public),
        ("9.255.255.255", Public),
        ("10.0.0.0", Private),
        ("10.255.255.255", Private),
        ("11.0.0.0", Public),
        ("100.63.255.255", Public),
        ("100.64.0.0", Private),
        ("100.100.100.200", Forbidden),
        ("100.127.255.255", Private),
        ("100.128.0.0", Public),
        ("126.255.255.255", Public),
        ("127.0.0.1", Private),
        ("127.255.255.255", Private),
        ("128.0.0.0", Public),
        ("168.63.129.16", Forbidden),
        ("168.63.129.17", Public),
        ("169.253.255.255", Public),
        ("169.254.0.0", Forbidden),
        ("169.254.169.254", Forbidden),
        ("169.254.170.2", Forbidden),
        ("169.255.0.0", Public),
        ("172.15.255.255", Public),
        ("172.16.0.0", Private),
        ("172.31.255.255", Private),
        ("172.32.0.0", Public),
        ("192.0.0.192", Forbidden),
        ("192.0.1.0", Public),
        ("192.0.2.1", Forbidden),
        ("192.88.99.1", Forbidden),
        ("192.167.255.255", Public),
        ("192.168.0.0", Private),
        ("192.168.255.255", Private),
        ("192.169.0.0", Public),
        ("198.17.255.255", Public),
        ("198.18.0.0", Private),
        ("198.19.255.255", Private),
        ("198.20.0.0", Public),
        ("198.51.100.7", Forbidden),
        ("203.0.113.7", Forbidden),
        ("223.255.255.255", Public),
        ("224.0.0.1", Forbidden),
        ("239.255.255.255", Forbidden),
        ("240.0.0.1", Forbidden),
        ("255.255.255.255", Forbidden),
        ("::", Forbidden),
        ("::1", Private),
        ("::2", Forbidden),
        ("::127.0.0.1", Forbidden),
        ("::8.8.8.8", Forbidden),
        ("::ffff:8.8.8.8", Public),
        ("::ffff:127.0.0.1", Private),
        ("::ffff:10.1.2.3", Private),
        ("::ffff:169.254.169.254", Forbidden),
        ("::ffff:0:127.0.0.1", Forbidden),
        ("64:ff9b::8.8.8.8", Public),
        ("64:ff9b::10.0.0.1", Private),
        ("64:ff9b::169.254.169.254", Forbidden),
        ("64:ff9b:1::8.8.8.8", Forbidden),
        ("100::1", Forbidden),
        ("2001::1", Forbidden),
        ("2001:0:53aa:64c:0:7c23:f5ff:fffe", Forbidden),
        ("2001:2::1", Forbidden),
        ("2001:20::1", Forbidden),
        ("2001:1ff:ffff::1", Forbidden),
        ("2001:200::1", Public),
        ("2001:db8::1", Forbidden),
        ("2001:4860:4860::8888", Public),
        ("2002:7f00:1::", Forbidden),
        ("2002:808:808::1", Forbidden),
        ("2606:4700:4700::1111", Public),
        ("3ffe::1", Public),
        ("3fff::1", Forbidden),
        ("3fff:fff::1", Forbidden),
        ("4000::1", Forbidden),
        ("5f00::1", Forbidden),
        ("fbff::1", Forbidden),
        ("fc00::1", Private),
        ("fd00:ec2::254", Forbidden),
        ("fd20:ce::254", Forbidden),
        ("fd12:3456::1", Private),
        ("fe80::1", Forbidden),
        ("fec0::1", Forbidden),
        ("ff02::1", Forbidden),
    ];

    #[test]
    fn every_special_range_is_distinguished_from_its_neighbours() {
        for (text, expected) in MATRIX {
            assert_eq!(classify(text.parse().unwrap()), *expected, "{text}");
        }
    }
}
