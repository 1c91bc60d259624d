//! A stand-in for other machines: one network namespace that answers on a private, a link-local, a carrier-grade NAT and
//! a public address.
//!
//! Needs root on the host's network and the command `ip`. No packet leaves the host, and only these few addresses are
//! routed into the namespace.

use rustix::{
    fs::{FlockOperation, flock},
    thread::{LinkNameSpaceType, move_into_link_name_space},
};
use std::{
    fs::File,
    net::{Ipv4Addr, SocketAddrV4, TcpListener},
    os::fd::AsFd,
    process::{Command, Stdio},
    time::Duration,
};

/// The port of all addresses.
const PORT: u16 = 80;
/// Namespace and interface. There is only one on a host.
const NAME: &str = "mosaic-trial";
const LOCK_FILE: &str = "/run/mosaic-trial.lock";
const MAX_LOCK_ATTEMPTS: u32 = 300;
const RETRY_INTERVAL: Duration = Duration::from_millis(200);
/// The host's address on the link. Both are from the last four addresses of 10/8.
const HOST: Ipv4Addr = Ipv4Addr::new(10, 255, 255, 253);
const NEIGHBOUR: Ipv4Addr = Ipv4Addr::new(10, 255, 255, 254);
const LINK_LOCAL: Ipv4Addr = Ipv4Addr::new(169, 254, 78, 78);
const CARRIER: Ipv4Addr = Ipv4Addr::new(100, 64, 78, 78);
/// From a range for documentation, which no machine uses.
const INTERNET: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 78);

/// What no agent may reach.
pub(super) const FORBIDDEN_ADDRESSES: [(SocketAddrV4, &str); 3] = [
    (SocketAddrV4::new(NEIGHBOUR, PORT), "a neighbour on the local network"),
    (SocketAddrV4::new(LINK_LOCAL, PORT), "a link-local address, as of a cloud's metadata service"),
    (SocketAddrV4::new(CARRIER, PORT), "a carrier's inner address"),
];
/// What agents on open networks may reach, and agents on closed networks may not.
pub(super) const INTERNET_ADDRESS: SocketAddrV4 = SocketAddrV4::new(INTERNET, PORT);

/// The namespace. Dropping this removes it.
pub(super) struct LanStandIn {
    _listener: TcpListener,
    _lock: File,
}

impl LanStandIn {
    /// Blocks the thread. The error is a reason for the user.
    pub(super) fn start() -> Result<Self, String> {
        let lock = lock()?;
        remove();
        match create().and_then(|()| listen()) {
            Ok(listener) => Ok(Self { _listener: listener, _lock: lock }),
            Err(reason) => {
                remove();
                Err(format!("no stand-in for it could be created: {reason}"))
            }
        }
    }
}

impl Drop for LanStandIn {
    fn drop(&mut self) {
        remove();
    }
}

/// Waits until no other run on this host has a stand-in.
fn lock() -> Result<File, String> {
    let reason =
        |error: &dyn std::fmt::Display| format!("no stand-in for it could be created: {LOCK_FILE}: {error}");
    let file = File::create(LOCK_FILE).map_err(|error| reason(&error))?;
    for _ in 0..MAX_LOCK_ATTEMPTS {
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            return Ok(file);
        }
        std::thread::sleep(RETRY_INTERVAL);
    }
    Err(reason(&"another run holds it"))
}

fn create() -> Result<(), String> {
    let inside = format!("{NAME}n");
    let (host, neighbour) = (format!("{HOST}/30"), format!("{NEIGHBOUR}/30"));
    ip(&["netns", "add", NAME])?;
    ip(&["link", "add", NAME, "type", "veth", "peer", "name", &inside, "netns", NAME])?;
    ip(&["addr", "add", &host, "dev", NAME])?;
    ip(&["link", "set", NAME, "up"])?;
    ip(&["-n", NAME, "link", "set", "lo", "up"])?;
    ip(&["-n", NAME, "addr", "add", &neighbour, "dev", &inside])?;
    ip(&["-n", NAME, "link", "set", &inside, "up"])?;
    ip(&["-n", NAME, "route", "add", "default", "via", &HOST.to_string()])?;
    for address in [LINK_LOCAL, CARRIER, INTERNET] {
        let address = format!("{address}/32");
        ip(&["-n", NAME, "addr", "add", &address, "dev", "lo"])?;
        ip(&["route", "add", &address, "via", &NEIGHBOUR.to_string(), "dev", NAME])?;
    }
    Ok(())
}

/// A socket stays in the namespace in which it was created, also when another thread uses it.
fn listen() -> Result<TcpListener, String> {
    let namespace = File::open(format!("/run/netns/{NAME}")).map_err(|error| error.to_string())?;
    // This thread ends in the namespace, so that no other code runs there.
    let thread = std::thread::spawn(move || {
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT))
    });
    let listener = thread.join().map_err(|_| "the namespace could not be entered".to_owned())?;
    listener.map_err(|error| error.to_string())
}

fn remove() {
    for leftover in [["netns", "del", NAME], ["link", "del", NAME]] {
        // An error means that there is nothing to remove.
        drop(ip(&leftover));
    }
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    // Outside a login shell `PATH` often does not have `/usr/sbin`.
    for program in ["ip", "/usr/sbin/ip"] {
        match Command::new(program).args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).output() {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => {
                let message = String::from_utf8_lossy(&output.stderr);
                let first_line = message.lines().next().unwrap_or_default();
                return Err(format!("ip {}: {first_line}", arguments.join(" ")));
            }
            Err(_) => {}
        }
    }
    Err("the command `ip` is not on this host; install the package iproute2".to_owned())
}
