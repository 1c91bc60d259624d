//! The walls tried out: probes on two networks as users have them, everything that must not answer shown to answer
//! others first, then tried from inside.
//!
//! Owns what is set up for a run and that it goes again. It must not judge: `domain::isolation` does.

mod host;
mod lan;
mod targets;

use crate::{
    DockerContainers,
    docker::{Place, Probes},
    guard::{Guard, GuardConfig, GuardStatus, NotEnforced},
};
use async_trait::async_trait;
use domain::{
    Clock, SystemClock,
    containers::{ContainerError, NetworkPolicy},
    isolation::{About, Check, Findings, IsolationProber, SelfTestPlan},
};
use host::Host;
use lan::Lan;
use std::path::Path;
use targets::{Stage, Target};

#[async_trait]
impl IsolationProber for DockerContainers {
    async fn try_out(&self, trial: &SelfTestPlan) -> Result<Findings, ContainerError> {
        let probes = self.probes(trial).await?;
        // A run that was cut short is repeated under the same name.
        probes.clear().await?;
        let mut tidy = Tidy(Some(probes.clone()));
        let checks = tried(&probes, trial, self.socket()).await;
        probes.clear().await?;
        tidy.0 = None;
        Ok(Findings { checks: checks?, guard: guard(trial).await })
    }
}

/// Clears away also when nobody waits for the run any more.
struct Tidy(Option<Probes>);

impl Drop for Tidy {
    fn drop(&mut self) {
        let (Some(probes), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            if let Err(error) = probes.clear().await {
                tracing::warn!(%error, "what the self-test made is left behind; the next one takes it away");
            }
        });
    }
}

async fn tried(probes: &Probes, trial: &SelfTestPlan, socket: &Path) -> Result<Vec<Check>, ContainerError> {
    let network = |policy| probes.network(policy, SystemClock.now());
    let (open, closed, beside) = tokio::try_join!(
        network(NetworkPolicy::Open),
        network(NetworkPolicy::Closed),
        network(NetworkPolicy::Open)
    )?;
    let gateways = [open.network.gateway, closed.network.gateway];
    let neighbour = probes.neighbour(&beside, &gateways).await?;
    let host =
        Host::at(&gateways, trial.host_ports.iter().map(|(port, _)| *port).chain([trial.internal.port]));
    let lan = match host.is_here() {
        true => lan().await,
        false => Err(host::ELSEWHERE.to_owned()),
    };
    let stage = Stage { trial, neighbour: &neighbour, host: &host, lan: &lan, socket };
    let (of_open, of_closed) = tokio::join!(stage.targets(&open), stage.targets(&closed));
    let (seen_open, seen_closed) =
        tokio::try_join!(checks(probes, &open, &of_open), checks(probes, &closed, &of_closed))?;
    // Only now: whatever stands in for a target has to answer until the last try.
    drop((host, lan));
    Ok(seen_open.into_iter().chain(seen_closed).collect())
}

async fn lan() -> Result<Lan, String> {
    tokio::task::spawn_blocking(Lan::up).await.unwrap_or_else(|error| Err(error.to_string()))
}

async fn checks(probes: &Probes, place: &Place, targets: &[Target]) -> Result<Vec<Check>, ContainerError> {
    let addresses: Vec<String> = targets.iter().map(|target| target.address.clone()).collect();
    let met = probes.reach(place, &addresses).await?;
    let checks = targets.iter().map(|Target { name, address, expected, proof }| {
        let about = About { name, policy: place.policy, target: address, expected: *expected };
        Check::judge(about, met.get(address), proof)
    });
    Ok(checks.collect())
}

/// What is wrong with the packet filter; `None` also where this process may not look.
async fn guard(trial: &SelfTestPlan) -> Option<String> {
    let wanted = GuardConfig::read(trial.internal.port, &trial.allowed).await;
    match Guard::new(trial.instance).status(&wanted).await {
        Ok(GuardStatus::Enforced) | Err(NotEnforced::NotPermitted) => None,
        Ok(GuardStatus::Missing) => {
            Some("it is missing; run `mosaic up` or `mosaic guard` as root".to_owned())
        }
        Ok(GuardStatus::Differs) => {
            Some("its rules differ from the settings; is `mosaic guard` running?".to_owned())
        }
        Err(error) => Some(error.to_string()),
    }
}
