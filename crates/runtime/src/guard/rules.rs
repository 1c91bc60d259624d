//! The table as text. Pure.
//!
//! Every packet that an agent sends is checked; only replies to connections from outside pass without a check. So the
//! rules also hold for connections that are older than the table. Forbidden packets are rejected and not dropped, so that
//! an agent gets the error at once and not after a timeout of two minutes. TCP is rejected by a reset: the sender ignores
//! an ICMP answer to its first packet while the kernel holds the socket, which would cost a second.

use super::GuardConfig;
use crate::names;
use domain::{InstanceId, containers::NetworkPolicy};
use std::fmt::Display;

/// Ranges that open networks do not reach: "this" network, private, carrier-grade NAT, loopback, link-local (with the
/// clouds' metadata services), protocol assignments, benchmarking, multicast, reserved with broadcast; and a public
/// address on which a large cloud answers only its own machines.
const NON_PUBLIC_RANGES: &str = "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 168.63.129.16, 169.254.0.0/16, \
                     172.16.0.0/12, 192.0.0.0/24, 192.168.0.0/16, 198.18.0.0/15, 224.0.0.0/4, 240.0.0.0/4";

/// The name of the instance's table.
pub(super) fn table_name(instance: InstanceId) -> String {
    format!("mosaic_guard_{}", names::instance_tag(instance))
}

/// One transaction that replaces the table, or creates it.
pub(super) fn replace_script(table: &str, body: &str) -> String {
    format!("{}table inet {table} {{\n{body}}}\n", remove_script(table))
}

/// One transaction that removes the table. It first creates it, because older versions of `nft` fail for a missing table.
pub(super) fn remove_script(table: &str) -> String {
    format!("table inet {table} {{ }}\ndelete table inet {table}\n")
}

/// The body of a table without effect, for comparison.
pub(super) fn dormant_body(instance: InstanceId, config: &GuardConfig) -> String {
    format!("  flags dormant\n{}", body(instance, config))
}

/// The output of `nft`, without the differences between two loads of the same body.
pub(super) fn normalize(printed: &str) -> Vec<String> {
    // Without the first line, which has the name.
    let lines = printed.lines().skip(1);
    lines
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty() && line != "flags dormant")
        .collect()
}

/// Sets and chains.
pub(super) fn body(instance: InstanceId, config: &GuardConfig) -> String {
    let open = names::bridge_prefix(instance, NetworkPolicy::Open);
    let closed = names::bridge_prefix(instance, NetworkPolicy::Closed);
    let allowed = elements(config.allowed.iter().map(|pair| format!("{} . {}", pair.ip(), pair.port())));
    let resolvers = elements(&config.resolvers);
    let internal_port = config.internal_port;
    format!(
        r#"  set allowed {{
    type ipv4_addr . inet_service
    {allowed}
  }}
  set resolvers {{
    type ipv4_addr
    {resolvers}
  }}
  set inner {{
    type ipv4_addr
    flags interval
    elements = {{ {NON_PUBLIC_RANGES} }}
  }}
  chain refuse {{
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }}
  chain input {{
    type filter hook input priority filter - 10; policy accept;
    iifname "{open}*" goto open_to_host
    iifname "{closed}*" goto to_host
  }}
  chain open_to_host {{
    ip daddr @resolvers meta l4proto {{ tcp, udp }} th dport 53 accept
    goto to_host
  }}
  chain to_host {{
    meta nfproto ipv6 drop
    ct direction reply ct state established,related accept
    tcp dport {internal_port} accept
    ip daddr . tcp dport @allowed accept
    goto refuse
  }}
  chain forward {{
    type filter hook forward priority filter - 10; policy accept;
    oifname {{ "{open}*", "{closed}*" }} goto to_agent
    iifname "{open}*" goto open_out
    iifname "{closed}*" goto closed_out
  }}
  chain to_agent {{
    meta nfproto ipv6 drop
    ct direction reply ct state established,related accept
    drop
  }}
  chain open_out {{
    meta nfproto ipv6 drop
    ip daddr . tcp dport @allowed accept
    ip daddr @resolvers meta l4proto {{ tcp, udp }} th dport 53 accept
    ip daddr @inner goto refuse
    accept
  }}
  chain closed_out {{
    meta nfproto ipv6 drop
    ip daddr . tcp dport @allowed accept
    goto refuse
  }}
"#
    )
}

/// Empty for a set without members, which must not have an `elements` line.
fn elements<T: Display>(members: impl IntoIterator<Item = T>) -> String {
    let members: Vec<String> = members.into_iter().map(|member| member.to_string()).collect();
    if members.is_empty() { String::new() } else { format!("elements = {{ {} }}", members.join(", ")) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::{
        collections::BTreeSet,
        net::{Ipv4Addr, SocketAddrV4},
    };
    use uuid::Uuid;

    fn config() -> GuardConfig {
        GuardConfig {
            internal_port: 8081,
            resolvers: BTreeSet::from([Ipv4Addr::new(192, 168, 1, 1)]),
            allowed: BTreeSet::from([SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 5), 11434)]),
        }
    }

    #[test]
    fn the_table_names_the_instance_s_bridges_and_the_allowed_pairs() {
        let text = body(InstanceId::from(Uuid::from_u128(0)), &config());
        assert!(text.contains(r#"iifname "msc-000*" goto open_out"#));
        assert!(text.contains(r#"iifname "msn-000*" goto closed_out"#));
        assert!(text.contains("elements = { 10.0.0.5 . 11434 }"));
        assert!(text.contains("elements = { 192.168.1.1 }"));
        assert!(text.contains("tcp dport 8081 accept"));
    }

    #[test]
    fn instances_do_not_share_a_table() {
        let (one, other) =
            (InstanceId::from(Uuid::from_u128(1 << 30)), InstanceId::from(Uuid::from_u128(2 << 30)));
        assert_ne!(table_name(one), table_name(other));
        assert_ne!(body(one, &config()), body(other, &config()));
    }

    #[test]
    fn nothing_allowed_leaves_no_empty_list() {
        let nothing = GuardConfig { resolvers: BTreeSet::new(), allowed: BTreeSet::new(), ..config() };
        assert_eq!(body(InstanceId::from(Uuid::nil()), &nothing).matches("elements").count(), 1);
    }

    #[test]
    fn a_dormant_table_equals_an_active_one_and_any_other_difference_counts() {
        let live = "table inet t {\n\tset a {\n\t}\n}\n";
        let dormant = "table inet t_model {\n\tflags dormant\n\n\tset a {\n\t}\n}\n";
        assert_eq!(normalize(live), normalize(dormant));
        assert_ne!(normalize(live), normalize("table inet t {\n\tset b {\n\t}\n}\n"));
    }
}
