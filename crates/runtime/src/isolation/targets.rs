//! The targets of the probes in one network, each with the proof that it answers from outside.

use super::{
    host::{self, HostListeners},
    lan::{FORBIDDEN_ADDRESSES, INTERNET_ADDRESS, LanStandIn},
};
use crate::{
    docker::{ListeningContainer, ProbeNetwork},
    guard::resolve_allowed_hosts,
};
use domain::{
    containers::NetworkPolicy,
    isolation::{Proof, Reach, SelfTestPlan},
};
use futures_util::future::join_all;
use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    path::Path,
    time::Duration,
};
use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, sleep, timeout},
};

/// The address of a cloud's metadata service, if there is one.
const METADATA_SERVICE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(169, 254, 169, 254), 80);
/// The path at which containers would find the engine's socket.
const ENGINE_SOCKET: &str = "/var/run/docker.sock";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A container that has just been started may need a moment.
const PROOF_TIMEOUT: Duration = Duration::from_secs(4);
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// A target of a probe.
pub(super) struct Target {
    pub(super) name: String,
    /// In the form of the probe's arguments.
    pub(super) address: String,
    pub(super) expected: Reach,
    pub(super) proof: Proof,
}

/// What was set up for the run.
pub(super) struct TargetSetup<'a> {
    pub(super) plan: &'a SelfTestPlan,
    pub(super) neighbour: &'a ListeningContainer,
    pub(super) host: &'a HostListeners,
    pub(super) lan: &'a Result<LanStandIn, String>,
    pub(super) socket: &'a Path,
}

impl TargetSetup<'_> {
    /// All targets of the probes in `network`.
    pub(super) async fn targets(&self, network: &ProbeNetwork) -> Vec<Target> {
        let gateway = network.network.gateway;
        let mut targets = self.neighbour_targets(gateway).await;
        targets.extend(self.host_targets(gateway).await);
        targets.extend(self.remote_targets(network.policy).await);
        targets.extend(self.allowed_targets(gateway).await);
        targets.extend(self.dns_target(network.policy).await);
        targets
    }

    async fn neighbour_targets(&self, gateway: Ipv4Addr) -> Vec<Target> {
        let ListeningContainer { address, published } = self.neighbour;
        // At the address through which Mosaic itself connects to agents.
        let for_mosaic = published.iter().find(|at| at.ip() == self.plan.publish_on);
        let proof = match for_mosaic {
            Some(at) => prove(*at, &format!("it answered Mosaic at its published address {at}")).await,
            None => Proof::Missing("its port was not published".to_owned()),
        };
        let mut targets = vec![denied("another user's container", tcp(*address), proof)];
        if let Some(at) = published.iter().find(|at| at.ip() == gateway) {
            let proof = prove(*at, "it answered Mosaic there").await;
            targets.push(denied("another user's published port", tcp(*at), proof));
        }
        targets
    }

    async fn host_targets(&self, gateway: Ipv4Addr) -> Vec<Target> {
        let spare = self.host.spare_port().map(|port| (port, "another port of the host"));
        let ports = spare.into_iter().chain(self.plan.host_ports.iter().copied());
        let mut targets: Vec<Target> = join_all(ports.map(async |(port, name)| {
            let at = SocketAddr::from((gateway, port));
            let proof = match self.host.is_on_host() {
                true => prove(at, "it answered Mosaic on the host").await,
                false => Proof::Missing(host::NOT_ON_HOST.to_owned()),
            };
            denied(name, tcp(at), proof)
        }))
        .await;
        let proof = match self.socket.exists() {
            true => Proof::Shown(format!("the worker uses it at {}", self.socket.display())),
            false => Proof::Missing("the worker has none".to_owned()),
        };
        targets.push(denied("the Docker engine's socket", format!("path:{ENGINE_SOCKET}"), proof));
        targets
    }

    /// Other machines, and the internet, which the policy may allow.
    async fn remote_targets(&self, policy: NetworkPolicy) -> Vec<Target> {
        let other_hosts = self.plan.other_hosts.iter().copied();
        let mut targets = join_all(other_hosts.map(async |(at, name)| {
            denied(name, tcp(at.into()), prove(at.into(), "it answered Mosaic").await)
        }))
        .await;
        if answers(METADATA_SERVICE.into()).await {
            let proof = Proof::Shown("it answered Mosaic on the host".to_owned());
            targets.push(denied("the cloud's metadata service", tcp(METADATA_SERVICE.into()), proof));
        }
        for (at, name) in FORBIDDEN_ADDRESSES {
            targets.push(denied(name, tcp(at.into()), self.prove_stand_in(at).await));
        }
        let at = INTERNET_ADDRESS;
        let internet = denied("the internet", tcp(at.into()), self.prove_stand_in(at).await);
        targets.push(Target { expected: expected_by_policy(policy), ..internet });
        targets
    }

    async fn prove_stand_in(&self, at: SocketAddrV4) -> Proof {
        match self.lan {
            Ok(_) => prove(at.into(), "a stand-in in a network of its own answered Mosaic on the host").await,
            Err(reason) => Proof::Missing(reason.clone()),
        }
    }

    async fn allowed_targets(&self, gateway: Ipv4Addr) -> Vec<Target> {
        let internal = SocketAddr::from(self.plan.internal.address_via(gateway));
        let allowed = resolve_allowed_hosts(&self.plan.allowed).await;
        let allowed =
            allowed.into_iter().map(|at| (SocketAddr::from(at), "a host and port that an admin allowed"));
        join_all([(internal, "Mosaic's internal port")].into_iter().chain(allowed).map(async |(at, name)| {
            let proof = prove(at, "it answered Mosaic").await;
            Target { name: name.to_owned(), address: tcp(at), expected: Reach::Allowed, proof }
        }))
        .await
    }

    /// A DNS query, because on a closed network DNS would be a way out.
    async fn dns_target(&self, policy: NetworkPolicy) -> Option<Target> {
        let lookups = self.plan.resolvable_names.iter().map(async |name| {
            let found = timeout(CONNECT_TIMEOUT, lookup_host((name.as_str(), 80))).await;
            found.is_ok_and(|found| found.is_ok_and(|mut found| found.any(|at| at.is_ipv4()))).then_some(name)
        });
        let resolved = join_all(lookups).await.into_iter().flatten().next();
        let name = resolved.or(self.plan.resolvable_names.first())?;
        let proof = match resolved {
            Some(_) => Proof::Shown("Mosaic resolved it on the host".to_owned()),
            None => Proof::Missing("this host resolves none of the names that were tried".to_owned()),
        };
        let target = denied("names (DNS)", format!("name:{name}"), proof);
        Some(Target { expected: expected_by_policy(policy), ..target })
    }
}

fn tcp(at: SocketAddr) -> String {
    format!("tcp:{at}")
}

fn denied(name: &str, address: String, proof: Proof) -> Target {
    Target { name: name.to_owned(), address, expected: Reach::Denied, proof }
}

const fn expected_by_policy(policy: NetworkPolicy) -> Reach {
    match policy {
        NetworkPolicy::Open => Reach::Allowed,
        NetworkPolicy::Closed => Reach::Denied,
    }
}

/// Connects from this process, as the proof that the target answers.
async fn prove(at: SocketAddr, text: &str) -> Proof {
    let deadline = Instant::now() + PROOF_TIMEOUT;
    while !answers(at).await {
        if Instant::now() >= deadline {
            return Proof::Missing(format!("nothing answered Mosaic at {at}"));
        }
        sleep(RETRY_INTERVAL).await;
    }
    Proof::Shown(text.to_owned())
}

async fn answers(at: SocketAddr) -> bool {
    matches!(timeout(CONNECT_TIMEOUT, TcpStream::connect(at)).await, Ok(Ok(_)))
}
