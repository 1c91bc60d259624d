//! The /28 of a new network. Pure.

use ipnet::Ipv4Net;
use std::net::Ipv4Addr;

/// Of a user's subnet: enough for the host, the container, and some helpers.
const USER_PREFIX_LENGTH: u8 = 28;

/// The free /28s of `pool`, each once. The first one depends on `seed`, so that users who sign up at the same time rarely
/// try the same subnet.
pub(super) fn free(pool: Ipv4Net, taken: &[Ipv4Net], seed: u128) -> impl Iterator<Item = Ipv4Net> {
    let count = 1u64 << USER_PREFIX_LENGTH.saturating_sub(pool.prefix_len());
    let first = u64::try_from(seed % u128::from(count)).unwrap_or_default();
    (0..count)
        .filter_map(move |step| nth(pool, (first + step) % count))
        .filter(|subnet| !taken.iter().any(|other| overlaps(subnet, other)))
}

/// The host's address on the subnet, which is the first.
pub(super) fn gateway(subnet: Ipv4Net) -> Ipv4Addr {
    subnet.hosts().next().unwrap_or_else(|| subnet.network())
}

fn nth(pool: Ipv4Net, index: u64) -> Option<Ipv4Net> {
    let offset = u32::try_from(index << (32 - USER_PREFIX_LENGTH)).ok()?;
    let base = u32::from(pool.network()).checked_add(offset)?;
    Ipv4Net::new(Ipv4Addr::from(base), USER_PREFIX_LENGTH).ok().filter(|subnet| pool.contains(subnet))
}

fn overlaps(one: &Ipv4Net, other: &Ipv4Net) -> bool {
    one.contains(other) || other.contains(one)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::HashSet;

    fn net(text: &str) -> Ipv4Net {
        text.parse().unwrap()
    }

    #[test]
    fn a_sixteen_gives_4096_different_subnets_inside_it() {
        let pool = net("10.77.0.0/16");
        let all: HashSet<_> = free(pool, &[], u128::MAX).collect();
        assert_eq!(all.len(), 4096);
        assert!(all.iter().all(|subnet| pool.contains(subnet) && subnet.prefix_len() == 28));
    }

    #[test]
    fn taken_ranges_of_any_size_are_passed_over() {
        let taken = [net("10.77.0.0/25"), net("10.77.0.160/30"), net("172.17.0.0/16")];
        let left: Vec<_> = free(net("10.77.0.0/24"), &taken, 0).collect();
        assert_eq!(left.len(), 7);
        assert_eq!(left[0], net("10.77.0.128/28"));
        assert!(!left.contains(&net("10.77.0.160/28")));
        assert_eq!(free(net("10.77.0.0/28"), &[net("10.0.0.0/8")], 5).count(), 0);
    }

    #[test]
    fn the_gateway_is_the_first_address() {
        assert_eq!(gateway(net("10.77.3.16/28")), Ipv4Addr::new(10, 77, 3, 17));
    }
}
