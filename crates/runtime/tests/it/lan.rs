//! A stand-in for other machines: one network namespace that answers on a private, a
//! link-local, a carrier-grade NAT, a cloud-internal and a public address.

use crate::harness::{request, run, shell};
use std::{
    fs,
    net::{Ipv4Addr, SocketAddrV4},
    path::PathBuf,
    process::{Child, Command},
};

pub struct Lan {
    name: String,
    pages: PathBuf,
    servers: Vec<Child>,
    /// The host's own address on the link.
    pub host: Ipv4Addr,
    /// A neighbour on the LAN. It answers on the ports 80, 81 and 53.
    pub private: Ipv4Addr,
}

/// Addresses behind the link that are not private.
pub const LINK_LOCAL: Ipv4Addr = Ipv4Addr::new(169, 254, 77, 77);
pub const CARRIER: Ipv4Addr = Ipv4Addr::new(100, 64, 77, 77);
pub const CLOUD: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
/// From a range for documentation, which no machine uses.
pub const INTERNET: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 77);

impl Lan {
    /// Needs root.
    pub fn new() -> Self {
        assert_eq!(run("id", &["-u"]), "0", "the guard's tests need root: run `make test` as root");
        let number = std::process::id() % 256;
        let name = format!("mst{number}");
        let (host, private) = (format!("10.127.{number}.1"), format!("10.127.{number}.2"));
        let pages = std::env::temp_dir().join(&name);
        fs::create_dir_all(&pages).unwrap();
        fs::write(pages.join("index.html"), "lan").unwrap();
        let mut lan = Self {
            name: name.clone(),
            pages,
            servers: Vec::new(),
            host: host.parse().unwrap(),
            private: private.parse().unwrap(),
        };
        shell(&format!(
            "set -e
             ip netns add {name}
             ip link add {name}h type veth peer name {name}n netns {name}
             ip addr add {host}/24 dev {name}h
             ip link set {name}h up
             ip -n {name} link set lo up
             ip -n {name} addr add {private}/24 dev {name}n
             ip -n {name} link set {name}n up
             ip -n {name} route add default via {host}"
        ));
        for address in [LINK_LOCAL, CARRIER, CLOUD, INTERNET] {
            shell(&format!(
                "ip -n {name} addr add {address}/32 dev lo && ip route add {address}/32 via {private} dev {name}h"
            ));
        }
        for port in [80, 81, 53] {
            lan.serve(port);
        }
        lan
    }

    /// Whether `target` answers, asked from the LAN side.
    pub fn reaches(&self, target: SocketAddrV4) -> bool {
        let line = request("busybox nc", target);
        run("ip", &["netns", "exec", &self.name, "sh", "-c", &line]).contains("200 OK")
    }

    fn serve(&mut self, port: u16) {
        let pages = self.pages.to_string_lossy();
        let port = port.to_string();
        let httpd = ["netns", "exec", &self.name, "busybox", "httpd", "-f", "-p", &port, "-h", &pages];
        self.servers.push(Command::new("ip").args(httpd).spawn().unwrap());
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
        run("ip", &["netns", "del", &self.name]);
        run("ip", &["link", "del", &format!("{}h", self.name)]);
        let _ = fs::remove_dir_all(&self.pages);
    }
}
