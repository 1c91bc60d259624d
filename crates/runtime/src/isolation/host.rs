//! Ports of the host, as containers would reach them: at the gateway addresses of their own networks.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, TcpListener},
};

/// Why nothing can be shown of the host's ports.
pub(super) const ELSEWHERE: &str =
    "this worker does not run on the host's network, so it cannot place a listener there";

/// Listeners on the host that last as long as this lives. Nobody accepts: that the kernel takes the connection is
/// the answer.
pub(super) struct Host {
    listeners: Vec<TcpListener>,
    /// A port that is nothing else.
    spare: Option<u16>,
}

impl Host {
    /// Places a listener at each address for each port on which nobody listens yet, and on a spare one.
    pub(super) fn at(addresses: &[Ipv4Addr], ports: impl Iterator<Item = u16> + Clone) -> Self {
        let mut host = Self { listeners: Vec::new(), spare: None };
        for address in addresses {
            for port in ports.clone() {
                host.place(*address, port);
            }
            host.spare = host.place(*address, host.spare.unwrap_or(0)).or(host.spare);
        }
        host
    }

    /// Whether the addresses are this process's own.
    pub(super) const fn is_here(&self) -> bool {
        self.spare.is_some()
    }

    /// A port of the host on which nothing but a listener of ours is.
    pub(super) const fn spare(&self) -> Option<u16> {
        self.spare
    }

    fn place(&mut self, address: Ipv4Addr, port: u16) -> Option<u16> {
        match TcpListener::bind((address, port)) {
            Ok(listener) => {
                let port = listener.local_addr().ok()?.port();
                self.listeners.push(listener);
                Some(port)
            }
            // The real thing is there, and is what the proof will meet.
            Err(error) if error.kind() == ErrorKind::AddrInUse => Some(port),
            Err(_) => None,
        }
    }
}
