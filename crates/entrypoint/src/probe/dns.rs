//! One query to the container's resolver, without the C library's name service, which a static program cannot use.

use super::{ProbeResult, describe_error};
use std::{
    fs,
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

const RESOLV_CONF: &str = "/etc/resolv.conf";
const DNS_PORT: u16 = 53;
/// Constant, because the socket receives only from the resolver.
const QUERY_ID: [u8; 2] = [0x6d, 0x6f];

/// Queries the container's first resolver for the name's IPv4 addresses.
pub(super) fn resolve(name: &str, timeout: Duration) -> ProbeResult {
    let Some(resolver) = parse_resolver(&fs::read_to_string(RESOLV_CONF).unwrap_or_default()) else {
        return ProbeResult::Denied("the container has no resolver".into());
    };
    let started = Instant::now();
    match query(SocketAddr::new(resolver, DNS_PORT), name, timeout) {
        Ok(reply) => result_of(&reply),
        Err(error) => ProbeResult::Denied(describe_error(&error, started.elapsed())),
    }
}

fn parse_resolver(text: &str) -> Option<IpAddr> {
    text.lines().find_map(|line| line.trim().strip_prefix("nameserver")?.trim().parse().ok())
}

fn query(resolver: SocketAddr, name: &str, timeout: Duration) -> io::Result<Vec<u8>> {
    let packet = query_packet(name).ok_or(ErrorKind::InvalidInput)?;
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect(resolver)?;
    socket.set_read_timeout(Some(timeout))?;
    socket.send(&packet)?;
    let mut reply = vec![0; 512];
    let length = socket.recv(&mut reply)?;
    reply.truncate(length);
    Ok(reply)
}

/// A standard query with recursion, type A, class IN.
fn query_packet(name: &str) -> Option<Vec<u8>> {
    let mut packet = Vec::from(QUERY_ID);
    packet.extend([0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        packet.push(length);
        packet.extend(label.as_bytes());
    }
    packet.extend([0, 0, 1, 0, 1]);
    Some(packet)
}

fn result_of(reply: &[u8]) -> ProbeResult {
    let &[a, b, _, flags, _, _, high, low, ..] = reply else {
        return ProbeResult::Denied("not an answer".into());
    };
    match ([a, b] == QUERY_ID, flags & 0x0f, u16::from_be_bytes([high, low])) {
        (true, 0, 1..) => ProbeResult::Answered,
        (true, 0, 0) => ProbeResult::Denied("the name has no address".into()),
        (true, code, _) => ProbeResult::Denied(format!("the resolver refused (code {code})")),
        (false, ..) => ProbeResult::Denied("not an answer".into()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_query_and_its_replies_are_read() {
        let packet = query_packet("a.example").unwrap();
        assert_eq!(&packet[12..], b"\x01a\x07example\x00\x00\x01\x00\x01");
        assert_eq!(query_packet("a..b"), None);
        let reply = |code, count| [QUERY_ID[0], QUERY_ID[1], 0x81, code, 0, 1, 0, count, 0, 0, 0, 0];
        assert_eq!(result_of(&reply(0x80, 2)), ProbeResult::Answered);
        assert!(matches!(result_of(&reply(0x83, 0)), ProbeResult::Denied(_)));
        assert!(matches!(result_of(&[0; 12]), ProbeResult::Denied(_)));
        assert_eq!(
            parse_resolver("search lan\nnameserver 127.0.0.11\n"),
            Some(Ipv4Addr::new(127, 0, 0, 11).into())
        );
    }
}
