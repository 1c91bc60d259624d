//! One question to the container's resolver. By hand: a static program cannot use the C library's name service.

use super::{Answer, said};
use std::{
    fs,
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

const RESOLV_CONF: &str = "/etc/resolv.conf";
const PORT: u16 = 53;
/// Any number: the socket takes answers from the resolver only.
const ID: [u8; 2] = [0x6d, 0x6f];

/// Asks the first resolver of the container for the name's IPv4 addresses.
pub(super) fn resolve(name: &str, patience: Duration) -> Answer {
    let Some(resolver) = resolver(&fs::read_to_string(RESOLV_CONF).unwrap_or_default()) else {
        return Answer::Denied("the container has no resolver".into());
    };
    let began = Instant::now();
    match ask(SocketAddr::new(resolver, PORT), name, patience) {
        Ok(reply) => judge(&reply),
        Err(error) => Answer::Denied(said(&error, began.elapsed())),
    }
}

fn resolver(text: &str) -> Option<IpAddr> {
    text.lines().find_map(|line| line.trim().strip_prefix("nameserver")?.trim().parse().ok())
}

fn ask(resolver: SocketAddr, name: &str, patience: Duration) -> io::Result<Vec<u8>> {
    let question = question(name).ok_or(ErrorKind::InvalidInput)?;
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect(resolver)?;
    socket.set_read_timeout(Some(patience))?;
    socket.send(&question)?;
    let mut reply = vec![0; 512];
    let length = socket.recv(&mut reply)?;
    reply.truncate(length);
    Ok(reply)
}

/// A standard query with recursion, type A, class IN.
fn question(name: &str) -> Option<Vec<u8>> {
    let mut packet = Vec::from(ID);
    packet.extend([0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        packet.push(length);
        packet.extend(label.as_bytes());
    }
    packet.extend([0, 0, 1, 0, 1]);
    Some(packet)
}

fn judge(reply: &[u8]) -> Answer {
    let &[a, b, _, flags, _, _, high, low, ..] = reply else { return Answer::Denied("not an answer".into()) };
    match ([a, b] == ID, flags & 0x0f, u16::from_be_bytes([high, low])) {
        (true, 0, 1..) => Answer::Answered,
        (true, 0, 0) => Answer::Denied("the name has no address".into()),
        (true, code, _) => Answer::Denied(format!("the resolver said no (code {code})")),
        (false, ..) => Answer::Denied("not an answer".into()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_question_and_its_answers_are_read() {
        let asked = question("a.example").unwrap();
        assert_eq!(&asked[12..], b"\x01a\x07example\x00\x00\x01\x00\x01");
        assert_eq!(question("a..b"), None);
        let reply = |code, count| [ID[0], ID[1], 0x81, code, 0, 1, 0, count, 0, 0, 0, 0];
        assert_eq!(judge(&reply(0x80, 2)), Answer::Answered);
        assert!(matches!(judge(&reply(0x83, 0)), Answer::Denied(_)));
        assert!(matches!(judge(&[0; 12]), Answer::Denied(_)));
        assert_eq!(
            resolver("search lan\nnameserver 127.0.0.11\n"),
            Some(Ipv4Addr::new(127, 0, 0, 11).into())
        );
    }
}
