//! A stand-in for what lies beyond the host: one network namespace that answers on a private, a link-local, a
//! carrier-grade NAT and a public address.
//!
//! Needs root on the host's network and the command `ip`. No packet leaves the host, and no address that could be in
//! use is taken over: the routes to these addresses go into the namespace only.

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

/// Port on which all of it answers.
const PORT: u16 = 80;
/// Namespace and interface. One on a host: runs take turns.
const NAME: &str = "mosaic-trial";
const LOCK: &str = "/run/mosaic-trial.lock";
const TURN_TRIES: u32 = 300;
const BETWEEN_TRIES: Duration = Duration::from_millis(200);
/// The host's address on the link, and the neighbour's: the last four addresses of 10/8.
const HOST: Ipv4Addr = Ipv4Addr::new(10, 255, 255, 253);
const NEIGHBOUR: Ipv4Addr = Ipv4Addr::new(10, 255, 255, 254);
const LINK_LOCAL: Ipv4Addr = Ipv4Addr::new(169, 254, 78, 78);
const CARRIER: Ipv4Addr = Ipv4Addr::new(100, 64, 78, 78);
/// From a range for documentation: nobody's.
const INTERNET: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 78);

/// What the namespace stands in for and agents must never reach.
pub(super) const INNER: [(SocketAddrV4, &str); 3] = [
    (SocketAddrV4::new(NEIGHBOUR, PORT), "a neighbour on the local network"),
    (SocketAddrV4::new(LINK_LOCAL, PORT), "a link-local address, as of a cloud's metadata service"),
    (SocketAddrV4::new(CARRIER, PORT), "a carrier's inner address"),
];
/// What open networks may reach and closed ones not.
pub(super) const OUTER: SocketAddrV4 = SocketAddrV4::new(INTERNET, PORT);

/// The namespace, for as long as this lives.
pub(super) struct Lan {
    _listener: TcpListener,
    _turn: File,
}

impl Lan {
    /// Sets it up; blocks. The error says why it cannot be.
    pub(super) fn up() -> Result<Self, String> {
        let turn = turn()?;
        remove();
        let made = make().and_then(|()| listen());
        match made {
            Ok(listener) => Ok(Self { _listener: listener, _turn: turn }),
            Err(why) => {
                remove();
                Err(format!("no stand-in for it could be made: {why}"))
            }
        }
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        remove();
    }
}

/// Waits until no other run on this host has one.
fn turn() -> Result<File, String> {
    let why = |error: &dyn std::fmt::Display| format!("no stand-in for it could be made: {LOCK}: {error}");
    let file = File::create(LOCK).map_err(|error| why(&error))?;
    for _ in 0..TURN_TRIES {
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            return Ok(file);
        }
        std::thread::sleep(BETWEEN_TRIES);
    }
    Err(why(&"another run keeps it"))
}

fn make() -> Result<(), String> {
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

/// A socket stays in the namespace in which it was made, whoever uses it later.
fn listen() -> Result<TcpListener, String> {
    let namespace = File::open(format!("/run/netns/{NAME}")).map_err(|error| error.to_string())?;
    // The thread ends in there: no other code ever runs in it.
    let thread = std::thread::spawn(move || {
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT))
    });
    let listener = thread.join().map_err(|_| "the namespace could not be entered".to_owned())?;
    listener.map_err(|error| error.to_string())
}

fn remove() {
    for leftover in [["netns", "del", NAME], ["link", "del", NAME]] {
        // Mostly there is nothing to remove.
        drop(ip(&leftover));
    }
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    // Outside a login shell the path often lacks the second place.
    for program in ["ip", "/usr/sbin/ip"] {
        let run = Command::new(program).args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).output();
        match run {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                return Err(format!(
                    "ip {}: {}",
                    arguments.join(" "),
                    said.lines().next().unwrap_or_default()
                ));
            }
            Err(_) => {}
        }
    }
    Err("the command `ip` is not on this host; install the package iproute2".to_owned())
}
