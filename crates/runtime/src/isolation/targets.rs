//! What is tried from one network, each with the proof that it answers others.

use super::{
    host::{self, Host},
    lan::{INNER, Lan, OUTER},
};
use crate::{
    docker::{Neighbour, Place},
    guard::allowed_addresses,
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

/// Where every cloud's metadata service is, if there is one.
const METADATA: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(169, 254, 169, 254), 80);
/// The engine's socket where containers would find it.
const SOCKET: &str = "/var/run/docker.sock";
const CONNECT: Duration = Duration::from_secs(2);
/// A neighbour that has just been started may need a moment.
const PATIENCE: Duration = Duration::from_secs(4);
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// Something to try.
pub(super) struct Target {
    pub(super) name: String,
    /// As the probe takes it.
    pub(super) address: String,
    pub(super) expected: Reach,
    pub(super) proof: Proof,
}

/// What was set up for the run.
pub(super) struct Stage<'a> {
    pub(super) trial: &'a SelfTestPlan,
    pub(super) neighbour: &'a Neighbour,
    pub(super) host: &'a Host,
    pub(super) lan: &'a Result<Lan, String>,
    pub(super) socket: &'a Path,
}

impl Stage<'_> {
    /// Everything that is tried from `place`.
    pub(super) async fn targets(&self, place: &Place) -> Vec<Target> {
        let gateway = place.network.gateway;
        let mut targets = self.of_neighbour(gateway).await;
        targets.extend(self.of_host(gateway).await);
        targets.extend(self.beyond(place.policy).await);
        targets.extend(self.permitted(gateway).await);
        targets.extend(self.name(place.policy).await);
        targets
    }

    async fn of_neighbour(&self, gateway: Ipv4Addr) -> Vec<Target> {
        let Neighbour { address, published } = self.neighbour;
        // By the address at which Mosaic itself speaks to agents.
        let by_mosaic = published.iter().find(|at| at.ip() == self.trial.publish_on);
        let proof = match by_mosaic {
            Some(at) => shown(*at, &format!("it answered Mosaic at its published address {at}")).await,
            None => Proof::Missing("its port was not published".to_owned()),
        };
        let mut targets = vec![denied("another user's container", tcp(*address), proof)];
        if let Some(at) = published.iter().find(|at| at.ip() == gateway) {
            let proof = shown(*at, "it answered Mosaic there").await;
            targets.push(denied("another user's published port", tcp(*at), proof));
        }
        targets
    }

    async fn of_host(&self, gateway: Ipv4Addr) -> Vec<Target> {
        let spare = self.host.spare().map(|port| (port, "another port of the host"));
        let ports = spare.into_iter().chain(self.trial.host_ports.iter().copied());
        let mut targets: Vec<Target> = join_all(ports.map(async |(port, name)| {
            let at = SocketAddr::from((gateway, port));
            let proof = match self.host.is_here() {
                true => shown(at, "it answered Mosaic on the host").await,
                false => Proof::Missing(host::ELSEWHERE.to_owned()),
            };
            denied(name, tcp(at), proof)
        }))
        .await;
        let proof = match self.socket.exists() {
            true => Proof::Shown(format!("the worker uses it at {}", self.socket.display())),
            false => Proof::Missing("the worker has none".to_owned()),
        };
        targets.push(denied("the Docker engine's socket", format!("path:{SOCKET}"), proof));
        targets
    }

    /// Beyond the host: other machines, and the internet by policy.
    async fn beyond(&self, policy: NetworkPolicy) -> Vec<Target> {
        let elsewhere = self.trial.elsewhere.iter().copied();
        let mut targets = join_all(elsewhere.map(async |(at, name)| {
            denied(name, tcp(at.into()), shown(at.into(), "it answered Mosaic").await)
        }))
        .await;
        if answers(METADATA.into()).await {
            let proof = Proof::Shown("it answered Mosaic on the host".to_owned());
            targets.push(denied("the cloud's metadata service", tcp(METADATA.into()), proof));
        }
        for (at, name) in INNER {
            targets.push(denied(name, tcp(at.into()), self.stand_in(at).await));
        }
        let internet = denied("the internet", tcp(OUTER.into()), self.stand_in(OUTER).await);
        targets.push(Target { expected: by_policy(policy), ..internet });
        targets
    }

    async fn stand_in(&self, at: SocketAddrV4) -> Proof {
        match self.lan {
            Ok(_) => shown(at.into(), "a stand-in in a network of its own answered Mosaic on the host").await,
            Err(why) => Proof::Missing(why.clone()),
        }
    }

    async fn permitted(&self, gateway: Ipv4Addr) -> Vec<Target> {
        let internal = SocketAddr::from(self.trial.internal.behind(gateway));
        let allowed = allowed_addresses(&self.trial.allowed).await;
        let allowed =
            allowed.into_iter().map(|at| (SocketAddr::from(at), "a host and port that an admin allowed"));
        join_all([(internal, "Mosaic's internal port")].into_iter().chain(allowed).map(async |(at, name)| {
            let proof = shown(at, "it answered Mosaic").await;
            Target { name: name.to_owned(), address: tcp(at), expected: Reach::Allowed, proof }
        }))
        .await
    }

    /// One question to the resolver: on a closed network names would be a way out.
    async fn name(&self, policy: NetworkPolicy) -> Option<Target> {
        let tried = self.trial.names.iter().map(async |name| {
            let found = timeout(CONNECT, lookup_host((name.as_str(), 80))).await;
            found.is_ok_and(|found| found.is_ok_and(|mut found| found.any(|at| at.is_ipv4()))).then_some(name)
        });
        let known = join_all(tried).await.into_iter().flatten().next();
        let name = known.or(self.trial.names.first())?;
        let proof = match known {
            Some(_) => Proof::Shown("Mosaic resolved it on the host".to_owned()),
            None => Proof::Missing("this host resolves none of the names that were tried".to_owned()),
        };
        let target = denied("names (DNS)", format!("name:{name}"), proof);
        Some(Target { expected: by_policy(policy), ..target })
    }
}

fn tcp(at: SocketAddr) -> String {
    format!("tcp:{at}")
}

fn denied(name: &str, address: String, proof: Proof) -> Target {
    Target { name: name.to_owned(), address, expected: Reach::Denied, proof }
}

const fn by_policy(policy: NetworkPolicy) -> Reach {
    match policy {
        NetworkPolicy::Open => Reach::Allowed,
        NetworkPolicy::Closed => Reach::Denied,
    }
}

async fn shown(at: SocketAddr, how: &str) -> Proof {
    let deadline = Instant::now() + PATIENCE;
    while !answers(at).await {
        if Instant::now() >= deadline {
            return Proof::Missing(format!("nobody answered at {at}, not even Mosaic"));
        }
        sleep(BETWEEN_TRIES).await;
    }
    Proof::Shown(how.to_owned())
}

async fn answers(at: SocketAddr) -> bool {
    matches!(timeout(CONNECT, TcpStream::connect(at)).await, Ok(Ok(_)))
}
