//! Which IP addresses are the internet, which are somebody's own network, and which are nobody's.
//!
//! Owns the tables of special ranges (IANA special-purpose registries, plus the metadata addresses
//! that clouds place elsewhere). It must not resolve names or know which hosts an admin allowed.

use ipnet::{Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a connection to an address would reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A host on the internet.
    Public,
    /// A host of a local network or this very machine: only where an admin allowed it.
    Private,
    /// Metadata services, link-local, multicast, reserved and documentation ranges: never.
    Never,
}

use Reach::{Never, Private, Public};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(head: [u16; 4], tail: u16, prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = head;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, tail), prefix)
}

/// First match wins; what is in no row is public.
const V4: [(Ipv4Net, Reach); 18] = [
    (v4(168, 63, 129, 16, 32), Never), // Azure's platform address, public by its number
    (v4(100, 100, 100, 200, 32), Never), // Alibaba's metadata, inside the CGNAT range
    (v4(0, 0, 0, 0, 8), Never),        // "this network": Linux takes it for loopback
    (v4(10, 0, 0, 0, 8), Private),
    (v4(100, 64, 0, 0, 10), Private), // carrier-grade NAT, also Tailscale
    (v4(127, 0, 0, 0, 8), Private),   // loopback
    (v4(169, 254, 0, 0, 16), Never),  // link-local, most clouds' metadata
    (v4(172, 16, 0, 0, 12), Private),
    (v4(192, 0, 0, 0, 24), Never),   // protocol assignments, Oracle's metadata
    (v4(192, 0, 2, 0, 24), Never),   // documentation
    (v4(192, 88, 99, 0, 24), Never), // 6to4 relays
    (v4(192, 168, 0, 0, 16), Private),
    (v4(198, 18, 0, 0, 15), Private), // benchmarking; some company proxies answer every name with it
    (v4(198, 51, 100, 0, 24), Never), // documentation
    (v4(203, 0, 113, 0, 24), Never),  // documentation
    (v4(224, 0, 0, 0, 4), Never),     // multicast
    (v4(240, 0, 0, 0, 4), Never),     // reserved
    (v4(255, 255, 255, 255, 32), Never),
];

/// First match wins; what is in no row is not routed on the internet.
const V6: [(Ipv6Net, Reach); 9] = [
    (v6([0, 0, 0, 0], 1, 128), Private),            // loopback
    (v6([0xfd00, 0xec2, 0, 0], 0x254, 128), Never), // AWS's metadata, inside ULA
    (v6([0xfd20, 0xce, 0, 0], 0x254, 128), Never),  // Google's metadata, inside ULA
    (v6([0xfc00, 0, 0, 0], 0, 7), Private),         // unique local (ULA)
    (v6([0x2001, 0, 0, 0], 0, 23), Never),          // protocol assignments: Teredo, ORCHID, benchmarking
    (v6([0x2001, 0xdb8, 0, 0], 0, 32), Never),      // documentation
    (v6([0x2002, 0, 0, 0], 0, 16), Never),          // 6to4: an IPv4 address in disguise, long deprecated
    (v6([0x3fff, 0, 0, 0], 0, 20), Never),          // documentation
    (v6([0x2000, 0, 0, 0], 0, 3), Public),
];

/// The NAT64 prefix: on networks without IPv4, a DNS64 resolver answers with it for every IPv4 host.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0], 0, 96);

/// What a connection to `address` would reach. An IPv6 address that carries an IPv4 one in a way
/// that systems still translate (mapped, NAT64) is what that one is.
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let row = V4.iter().find(|(net, _)| net.contains(&address));
    row.map_or(Public, |(_, reach)| *reach)
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return reach_v4(mapped);
    }
    if NAT64.contains(&address) {
        let [.., a, b, c, d] = address.octets();
        return reach_v4(Ipv4Addr::new(a, b, c, d));
    }
    let row = V6.iter().find(|(net, _)| net.contains(&address));
    row.map_or(Never, |(_, reach)| *reach)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Every range with its first and last address, and the neighbours just outside.
    const MATRIX: &[(&str, Reach)] = &[
        ("8.8.8.8", Public),
        ("1.1.1.1", Public),
        ("0.0.0.0", Never),
        ("0.255.255.255", Never),
        ("1.0.0.0", Public),
        ("9.255.255.255", Public),
        ("10.0.0.0", Private),
        ("10.255.255.255", Private),
        ("11.0.0.0", Public),
        ("100.63.255.255", Public),
        ("100.64.0.0", Private),
        ("100.100.100.200", Never),
        ("100.127.255.255", Private),
        ("100.128.0.0", Public),
        ("126.255.255.255", Public),
        ("127.0.0.1", Private),
        ("127.255.255.255", Private),
        ("128.0.0.0", Public),
        ("168.63.129.16", Never),
        ("168.63.129.17", Public),
        ("169.253.255.255", Public),
        ("169.254.0.0", Never),
        ("169.254.169.254", Never),
        ("169.254.170.2", Never),
        ("169.255.0.0", Public),
        ("172.15.255.255", Public),
        ("172.16.0.0", Private),
        ("172.31.255.255", Private),
        ("172.32.0.0", Public),
        ("192.0.0.192", Never),
        ("192.0.1.0", Public),
        ("192.0.2.1", Never),
        ("192.88.99.1", Never),
        ("192.167.255.255", Public),
        ("192.168.0.0", Private),
        ("192.168.255.255", Private),
        ("192.169.0.0", Public),
        ("198.17.255.255", Public),
        ("198.18.0.0", Private),
        ("198.19.255.255", Private),
        ("198.20.0.0", Public),
        ("198.51.100.7", Never),
        ("203.0.113.7", Never),
        ("223.255.255.255", Public),
        ("224.0.0.1", Never),
        ("239.255.255.255", Never),
        ("240.0.0.1", Never),
        ("255.255.255.255", Never),
        ("::", Never),
        ("::1", Private),
        ("::2", Never),
        ("::127.0.0.1", Never),
        ("::8.8.8.8", Never),
        ("::ffff:8.8.8.8", Public),
        ("::ffff:127.0.0.1", Private),
        ("::ffff:10.1.2.3", Private),
        ("::ffff:169.254.169.254", Never),
        ("::ffff:0:127.0.0.1", Never),
        ("64:ff9b::8.8.8.8", Public),
        ("64:ff9b::10.0.0.1", Private),
        ("64:ff9b::169.254.169.254", Never),
        ("64:ff9b:1::8.8.8.8", Never),
        ("100::1", Never),
        ("2001::1", Never),
        ("2001:0:53aa:64c:0:7c23:f5ff:fffe", Never),
        ("2001:2::1", Never),
        ("2001:20::1", Never),
        ("2001:1ff:ffff::1", Never),
        ("2001:200::1", Public),
        ("2001:db8::1", Never),
        ("2001:4860:4860::8888", Public),
        ("2002:7f00:1::", Never),
        ("2002:808:808::1", Never),
        ("2606:4700:4700::1111", Public),
        ("3ffe::1", Public),
        ("3fff::1", Never),
        ("3fff:fff::1", Never),
        ("4000::1", Never),
        ("5f00::1", Never),
        ("fbff::1", Never),
        ("fc00::1", Private),
        ("fd00:ec2::254", Never),
        ("fd20:ce::254", Never),
        ("fd12:3456::1", Private),
        ("fe80::1", Never),
        ("fec0::1", Never),
        ("ff02::1", Never),
    ];

    #[test]
    fn every_special_range_is_told_from_its_neighbours() {
        for (text, expected) in MATRIX {
            assert_eq!(reach(text.parse().unwrap()), *expected, "{text}");
        }
    }
}
