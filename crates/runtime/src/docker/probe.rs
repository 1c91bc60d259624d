//! The self-test's networks and containers: one that listens, and probes that connect to targets.
//!
//! They are created like a user's (names, bridges, profile), so that the results hold for users. They have the labels of
//! the instance and of the run, but no user's label, so that they are not taken for a user's container.

use super::{
    Connection, container,
    error::translate,
    network,
    profile::{self, GATEWAY_PORT, ProfileContext},
};
use crate::{labels, names};
use bollard::{
    container::LogOutput,
    models::{ContainerCreateBody, ContainerStateStatusEnum, PortBinding},
    query_parameters::{
        CreateContainerOptions, ListContainersOptionsBuilder, ListNetworksOptionsBuilder, LogsOptionsBuilder,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    ContainerId, UserId,
    containers::{ContainerError, ContainerSpec, Network, NetworkPolicy, Owner},
    image::PinnedImage,
    isolation::{ObservedReach, SelfTestPlan},
};
use futures_util::TryStreamExt;
use secrecy::SecretString;
use serde::Deserialize;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::time::Instant;

/// A probe needs a fraction of this.
const PROBE_TIMEOUT: Duration = Duration::from_secs(90);
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// Limits how long the listening container lives if it is not removed.
const LISTEN_SECONDS: u32 = 300;
/// Objects of another run are removed when they are this old.
const ABANDONED_AGE: TimeDelta = TimeDelta::minutes(10);

/// A network of the self-test.
#[derive(Debug, Clone)]
pub(crate) struct ProbeNetwork {
    owner: Owner,
    pub(crate) policy: NetworkPolicy,
    pub(crate) network: Network,
}

/// A container that stands for another user's.
pub(crate) struct ListeningContainer {
    /// In its own network.
    pub(crate) address: SocketAddr,
    /// Where its port is published.
    pub(crate) published: Vec<SocketAddr>,
}

/// One run of the self-test on one engine. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ProbeRun {
    connection: Connection,
    plan: SelfTestPlan,
}

impl ProbeRun {
    pub(super) const fn new(connection: Connection, plan: SelfTestPlan) -> Self {
        Self { connection, plan }
    }

    /// A network like that of a new user. `now` becomes a part of its name.
    pub(crate) async fn create_network(
        &self,
        policy: NetworkPolicy,
        now: DateTime<Utc>,
    ) -> Result<ProbeNetwork, ContainerError> {
        let owner =
            Owner { instance: self.plan.instance, user: UserId::new(now), container: ContainerId::new(now) };
        let created =
            network::try_create(&self.connection, &owner, policy, self.plan.pool, self.labels()).await?;
        let network = created
            .ok_or_else(|| ContainerError::Other("a network of the self-test exists already".into()))?;
        Ok(ProbeNetwork { owner, policy, network })
    }

    /// A container that listens on an agent's port, which is published as for an agent, and at `more_addresses`.
    pub(crate) async fn start_listener(
        &self,
        network: &ProbeNetwork,
        more_addresses: &[Ipv4Addr],
    ) -> Result<ListeningContainer, ContainerError> {
        let command = vec!["probe".into(), "listen".into(), LISTEN_SECONDS.to_string()];
        let mut body = self.create_body(network, command);
        if let Some(host) = &mut body.host_config {
            let addresses =
                [self.plan.publish_on].into_iter().chain(more_addresses.iter().copied().map(IpAddr::V4));
            let bindings = addresses
                .map(|ip| PortBinding { host_ip: Some(ip.to_string()), host_port: Some(String::new()) });
            host.port_bindings = Some(HashMap::from([(GATEWAY_PORT.to_owned(), Some(bindings.collect()))]));
        }
        let id = self.start(network, body).await?;
        let inspected = self.connection.docker.inspect_container(&id, None).await.map_err(translate)?;
        let settings = inspected.network_settings.unwrap_or_default();
        let own_ip =
            settings.networks.unwrap_or_default().into_values().find_map(|net| net.ip_address?.parse().ok());
        let bindings = settings.ports.and_then(|mut ports| ports.remove(GATEWAY_PORT)?).unwrap_or_default();
        let published = bindings.into_iter().filter_map(|binding| {
            Some(SocketAddr::new(binding.host_ip?.parse().ok()?, binding.host_port?.parse().ok()?))
        });
        let port = GATEWAY_PORT.split('/').next().and_then(|port| port.parse().ok()).unwrap_or_default();
        let own_ip = own_ip
            .ok_or_else(|| ContainerError::Other("the self-test's listening container has ended".into()))?;
        Ok(ListeningContainer { address: SocketAddr::new(own_ip, port), published: published.collect() })
    }

    /// Tries to reach the targets from a container in `network`. Returns the results by target.
    pub(crate) async fn reach(
        &self,
        network: &ProbeNetwork,
        targets: &[String],
    ) -> Result<HashMap<String, ObservedReach>, ContainerError> {
        let command = ["probe", "reach"].map(str::to_owned).into_iter().chain(targets.iter().cloned());
        let mut body = self.create_body(network, command.collect());
        if let Some(host) = &mut body.host_config {
            host.port_bindings = None;
        }
        let id = self.start(network, body).await?;
        self.await_exit(&id).await?;
        let options = LogsOptionsBuilder::new().stdout(true).stderr(false).build();
        let output: Vec<LogOutput> =
            self.connection.docker.logs(&id, Some(options)).try_collect().await.map_err(translate)?;
        let text: Vec<u8> = output.into_iter().flat_map(LogOutput::into_bytes).collect();
        Ok(String::from_utf8_lossy(&text).lines().filter_map(parse_line).collect())
    }

    /// Removes the objects of this run, and those that earlier runs left behind.
    pub(crate) async fn clean_up(&self) -> Result<(), ContainerError> {
        let filter = HashMap::from([(
            "label",
            vec![
                format!("{}={}", labels::INSTANCE_LABEL, self.plan.instance),
                labels::PROBE_LABEL.to_owned(),
            ],
        )]);
        let info = self.connection.docker.info().await.map_err(translate)?;
        let now = info.system_time.as_deref().and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        let is_removable = |labels: Option<&HashMap<String, String>>, created_at: Option<DateTime<Utc>>| {
            let is_own = labels.and_then(|labels| labels.get(labels::PROBE_LABEL)) == Some(&self.plan.run);
            let age = now.zip(created_at).map(|(now, created_at)| now.to_utc() - created_at);
            is_own || age.is_some_and(|age| age > ABANDONED_AGE)
        };
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filter).build();
        for found in self.connection.docker.list_containers(Some(options)).await.map_err(translate)? {
            let created_at = found.created.and_then(|at| DateTime::from_timestamp(at, 0));
            if let (true, Some(id)) = (is_removable(found.labels.as_ref(), created_at), found.id) {
                container::delete(&self.connection, &id).await?;
            }
        }
        let options = ListNetworksOptionsBuilder::new().filters(&filter).build();
        for found in self.connection.docker.list_networks(Some(options)).await.map_err(translate)? {
            let created_at = found.created.as_deref().and_then(|at| at.parse().ok());
            if let (true, Some(id)) = (is_removable(found.labels.as_ref(), created_at), found.id) {
                network::delete(&self.connection, &id).await?;
            }
        }
        Ok(())
    }

    fn labels(&self) -> HashMap<String, String> {
        labels::for_probe(self.plan.instance, &self.plan.run)
    }

    /// Like an agent's container, but with root inside, without state volume and token, and with another command.
    fn create_body(&self, probe_network: &ProbeNetwork, command: Vec<String>) -> ContainerCreateBody {
        let SelfTestPlan { image, runtime, limits, internal, publish_on, .. } = &self.plan;
        let spec = ContainerSpec {
            owner: probe_network.owner,
            generation: 0,
            image: PinnedImage::named(image),
            runtime: runtime.clone(),
            limits: *limits,
            gateway_token: SecretString::default(),
            internal: *internal,
            config_path: String::new(),
            publish_on: *publish_on,
        };
        let name = names::object_name(&probe_network.owner);
        let context = ProfileContext {
            network_id: &name,
            network: &probe_network.network,
            policy: probe_network.policy,
            cores: self.connection.cores,
        };
        let mut body = profile::create_body(&spec, &context);
        body.user = Some("0:0".into());
        body.cmd = Some(command);
        body.env = None;
        body.labels = Some(self.connection.add_extra_labels(self.labels()));
        if let Some(host) = &mut body.host_config {
            host.mounts = None;
        }
        body
    }

    /// Returns Docker's id.
    async fn start(
        &self,
        network: &ProbeNetwork,
        body: ContainerCreateBody,
    ) -> Result<String, ContainerError> {
        let options =
            CreateContainerOptions { name: Some(names::object_name(&network.owner)), ..Default::default() };
        let docker = &self.connection.docker;
        let image = body.image.clone().unwrap_or_default();
        let created =
            docker.create_container(Some(options), body).await.map_err(|error| match translate(error) {
                ContainerError::Missing => ContainerError::ImageMissing(image),
                other => other,
            })?;
        docker.start_container(&created.id, None).await.map_err(translate)?;
        Ok(created.id)
    }

    async fn await_exit(&self, id: &str) -> Result<(), ContainerError> {
        let deadline = Instant::now() + PROBE_TIMEOUT;
        loop {
            let inspected = self.connection.docker.inspect_container(id, None).await.map_err(translate)?;
            let status = inspected.state.and_then(|state| state.status);
            if matches!(status, Some(ContainerStateStatusEnum::EXITED | ContainerStateStatusEnum::DEAD)) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(ContainerError::Other("a probe of the self-test did not end in time".into()));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

/// A line of the output of `mosaic-entrypoint probe reach`.
#[derive(Deserialize)]
struct Line {
    target: String,
    answered: bool,
    how: String,
}

/// `None` for the output of an image whose entry process has no probes.
fn parse_line(line: &str) -> Option<(String, ObservedReach)> {
    let Line { target, answered, how } = serde_json::from_str(line).ok()?;
    Some((target, ObservedReach { answered, how }))
}
