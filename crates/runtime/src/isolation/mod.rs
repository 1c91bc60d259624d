//! The isolation self-test: probes on an open and a closed network like users'. Each target is first reached from outside,
//! as the proof that it answers, and then tried from inside.
//!
//! Owns the setup of a run and its cleanup. It must not judge the results: `domain::isolation` does.

mod host;
mod lan;
mod targets;

use crate::{
    DockerContainers,
    docker::{ProbeNetwork, ProbeRun},
    guard::{Guard, GuardConfig, GuardError, GuardStatus},
};
use async_trait::async_trait;
use domain::{
    Clock, SystemClock,
    containers::{ContainerError, NetworkPolicy},
    isolation::{Check, CheckSubject, IsolationProber, ProbeResults, SelfTestPlan},
};
use host::HostListeners;
use lan::LanStandIn;
use std::path::Path;
use targets::{Target, TargetSetup};

#[async_trait]
impl IsolationProber for DockerContainers {
    async fn probe(&self, plan: &SelfTestPlan) -> Result<ProbeResults, ContainerError> {
        let run = self.probe_run(plan).await?;
        // A run that was cut off is repeated under the same name.
        run.clean_up().await?;
        let mut cleanup = Cleanup(Some(run.clone()));
        let checks = run_checks(&run, plan, self.socket()).await;
        run.clean_up().await?;
        cleanup.0 = None;
        Ok(ProbeResults { checks: checks?, guard: guard_problem(plan).await })
    }
}

/// Removes the run's objects when the run's future is dropped.
struct Cleanup(Option<ProbeRun>);

impl Drop for Cleanup {
    fn drop(&mut self) {
        let (Some(run), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            if let Err(error) = run.clean_up().await {
                tracing::warn!(%error, "objects of the self-test are left behind; the next self-test removes them");
            }
        });
    }
}

async fn run_checks(
    run: &ProbeRun,
    plan: &SelfTestPlan,
    socket: &Path,
) -> Result<Vec<Check>, ContainerError> {
    let network = |policy| run.create_network(policy, SystemClock.now());
    let (open, closed, other_user) = tokio::try_join!(
        network(NetworkPolicy::Open),
        network(NetworkPolicy::Closed),
        network(NetworkPolicy::Open)
    )?;
    let gateways = [open.network.gateway, closed.network.gateway];
    let neighbour = run.start_listener(&other_user, &gateways).await?;
    let host_ports = plan.host_ports.iter().map(|(port, _)| *port).chain([plan.internal.port]);
    let host = HostListeners::bind(&gateways, host_ports);
    let lan = match host.is_on_host() {
        true => start_lan().await,
        false => Err(host::NOT_ON_HOST.to_owned()),
    };
    let setup = TargetSetup { plan, neighbour: &neighbour, host: &host, lan: &lan, socket };
    let (open_targets, closed_targets) = tokio::join!(setup.targets(&open), setup.targets(&closed));
    let (open_checks, closed_checks) =
        tokio::try_join!(check(run, &open, &open_targets), check(run, &closed, &closed_targets))?;
    // Not earlier, because the stand-ins of targets must answer until the last check.
    drop((host, lan));
    Ok(open_checks.into_iter().chain(closed_checks).collect())
}

async fn start_lan() -> Result<LanStandIn, String> {
    tokio::task::spawn_blocking(LanStandIn::start).await.unwrap_or_else(|error| Err(error.to_string()))
}

async fn check(
    run: &ProbeRun,
    network: &ProbeNetwork,
    targets: &[Target],
) -> Result<Vec<Check>, ContainerError> {
    let addresses: Vec<String> = targets.iter().map(|target| target.address.clone()).collect();
    let observed = run.reach(network, &addresses).await?;
    let checks = targets.iter().map(|Target { name, address, expected, proof }| {
        let subject = CheckSubject { name, policy: network.policy, target: address, expected: *expected };
        Check::evaluate(subject, observed.get(address), proof)
    });
    Ok(checks.collect())
}

/// What is wrong with the packet filter. `None` also if this process may not read it.
async fn guard_problem(plan: &SelfTestPlan) -> Option<String> {
    let config = GuardConfig::read(plan.internal.port, &plan.allowed).await;
    match Guard::new(plan.instance).status(&config).await {
        Ok(GuardStatus::Enforced) | Err(GuardError::NotPermitted) => None,
        Ok(GuardStatus::Missing) => {
            Some("it is missing; run `mosaic up` or `mosaic guard` as root".to_owned())
        }
        Ok(GuardStatus::Differs) => {
            Some("its rules differ from the settings; is `mosaic guard` running?".to_owned())
        }
        Err(error) => Some(error.to_string()),
    }
}
