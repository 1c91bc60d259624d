//! Listeners on the host, at the addresses at which containers would reach it: the gateways of their networks.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, TcpListener},
};

/// The reason why there is no proof for the host's ports.
pub(super) const NOT_ON_HOST: &str =
    "this worker does not run on the host's network, so it cannot place a listener there";

/// Listeners on the host, until this is dropped. They accept no connections, because the kernel completes the handshake.
pub(super) struct HostListeners {
    listeners: Vec<TcpListener>,
    /// A port without another listener.
    spare_port: Option<u16>,
}

impl HostListeners {
    /// Listens at each address on each port that is free, and on a spare port.
    pub(super) fn bind(addresses: &[Ipv4Addr], ports: impl Iterator<Item = u16> + Clone) -> Self {
        let mut host = Self { listeners: Vec::new(), spare_port: None };
        for address in addresses {
            for port in ports.clone() {
                host.listen(*address, port);
            }
            host.spare_port = host.listen(*address, host.spare_port.unwrap_or(0)).or(host.spare_port);
        }
        host
    }

    /// Whether this process can listen at the addresses.
    pub(super) const fn is_on_host(&self) -> bool {
        self.spare_port.is_some()
    }

    pub(super) const fn spare_port(&self) -> Option<u16> {
        self.spare_port
    }

    fn listen(&mut self, address: Ipv4Addr, port: u16) -> Option<u16> {
        match TcpListener::bind((address, port)) {
            Ok(listener) => {
                let port = listener.local_addr().ok()?.port();
                self.listeners.push(listener);
                Some(port)
            }
            // The real service listens there, and the proof connects to it.
            Err(error) if error.kind() == ErrorKind::AddrInUse => Some(port),
            Err(_) => None,
        }
    }
}
