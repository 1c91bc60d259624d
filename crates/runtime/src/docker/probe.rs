//! The self-test's hands on the engine: networks, a neighbour that listens, and probes that try things.
//!
//! They are made as a user's are (names, bridges, profile), so that what is shown of them holds for users. They bear
//! the instance's label and the run's, and no user's: nothing takes them for somebody's container.

use super::{
    Link, container,
    error::translate,
    network,
    profile::{self, GATEWAY_PORT, Surroundings},
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

/// A probe tries everything in a fraction of this.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long the neighbour listens, should nobody take it away (seconds).
const LISTENS_FOR: u32 = 300;
/// What another run made is let alone for so long.
const FOREIGN_RUN: TimeDelta = TimeDelta::minutes(10);

/// A network of the trial.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    owner: Owner,
    pub(crate) policy: NetworkPolicy,
    pub(crate) network: Network,
}

/// Another user's container, as far as the trial is concerned.
pub(crate) struct Neighbour {
    /// Its own address.
    pub(crate) address: SocketAddr,
    /// Where its port is published.
    pub(crate) published: Vec<SocketAddr>,
}

/// One run on one engine. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Probes {
    link: Link,
    trial: SelfTestPlan,
}

impl Probes {
    pub(super) const fn new(link: Link, trial: SelfTestPlan) -> Self {
        Self { link, trial }
    }

    /// A network as a new user would get it; `at` makes its name.
    pub(crate) async fn network(
        &self,
        policy: NetworkPolicy,
        at: DateTime<Utc>,
    ) -> Result<Place, ContainerError> {
        let owner =
            Owner { instance: self.trial.instance, user: UserId::new(at), container: ContainerId::new(at) };
        let made = network::make(&self.link, &owner, policy, self.trial.pool, self.labels()).await?;
        let network =
            made.ok_or_else(|| ContainerError::Other("a network of the trial is there already".into()))?;
        Ok(Place { owner, policy, network })
    }

    /// A container that listens where an agent would, published as an agent's port is, and at `also` besides.
    pub(crate) async fn neighbour(
        &self,
        place: &Place,
        also: &[Ipv4Addr],
    ) -> Result<Neighbour, ContainerError> {
        let mut body = self.body(place, vec!["probe".into(), "listen".into(), LISTENS_FOR.to_string()]);
        if let Some(host) = &mut body.host_config {
            let on = [self.trial.publish_on].into_iter().chain(also.iter().copied().map(IpAddr::V4));
            let bound =
                on.map(|ip| PortBinding { host_ip: Some(ip.to_string()), host_port: Some(String::new()) });
            host.port_bindings = Some(HashMap::from([(GATEWAY_PORT.to_owned(), Some(bound.collect()))]));
        }
        let id = self.run(place, body).await?;
        let seen = self.link.docker.inspect_container(&id, None).await.map_err(translate)?;
        let settings = seen.network_settings.unwrap_or_default();
        let own =
            settings.networks.unwrap_or_default().into_values().find_map(|net| net.ip_address?.parse().ok());
        let bound = settings.ports.and_then(|mut ports| ports.remove(GATEWAY_PORT)?).unwrap_or_default();
        let published = bound
            .into_iter()
            .filter_map(|at| Some(SocketAddr::new(at.host_ip?.parse().ok()?, at.host_port?.parse().ok()?)));
        let port = GATEWAY_PORT.split('/').next().and_then(|port| port.parse().ok()).unwrap_or_default();
        let own = own.ok_or_else(|| ContainerError::Other("the neighbour of the trial has ended".into()))?;
        Ok(Neighbour { address: SocketAddr::new(own, port), published: published.collect() })
    }

    /// Tries the targets from inside a container in that place; what it met, by target.
    pub(crate) async fn reach(
        &self,
        place: &Place,
        targets: &[String],
    ) -> Result<HashMap<String, ObservedReach>, ContainerError> {
        let duty = ["probe", "reach"].map(str::to_owned).into_iter().chain(targets.iter().cloned());
        let mut body = self.body(place, duty.collect());
        if let Some(host) = &mut body.host_config {
            host.port_bindings = None;
        }
        let id = self.run(place, body).await?;
        self.ended(&id).await?;
        let options = LogsOptionsBuilder::new().stdout(true).stderr(false).build();
        let printed: Vec<LogOutput> =
            self.link.docker.logs(&id, Some(options)).try_collect().await.map_err(translate)?;
        let text: Vec<u8> = printed.into_iter().flat_map(LogOutput::into_bytes).collect();
        Ok(String::from_utf8_lossy(&text).lines().filter_map(read).collect())
    }

    /// Removes what this run has made, and what long gone runs have left behind.
    pub(crate) async fn clear(&self) -> Result<(), ContainerError> {
        let mine = HashMap::from([(
            "label",
            vec![
                format!("{}={}", labels::INSTANCE_LABEL, self.trial.instance),
                labels::PROBE_LABEL.to_owned(),
            ],
        )]);
        let info = self.link.docker.info().await.map_err(translate)?;
        let now = info.system_time.as_deref().and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        let over = |run: Option<&HashMap<String, String>>, made: Option<DateTime<Utc>>| {
            let ours = run.and_then(|labels| labels.get(labels::PROBE_LABEL)) == Some(&self.trial.run);
            ours || matches!((now, made), (Some(now), Some(made)) if now.to_utc() - made > FOREIGN_RUN)
        };
        let options = ListContainersOptionsBuilder::new().all(true).filters(&mine).build();
        for found in self.link.docker.list_containers(Some(options)).await.map_err(translate)? {
            let made = found.created.and_then(|at| DateTime::from_timestamp(at, 0));
            if let (true, Some(id)) = (over(found.labels.as_ref(), made), found.id) {
                container::delete(&self.link, &id).await?;
            }
        }
        let options = ListNetworksOptionsBuilder::new().filters(&mine).build();
        for found in self.link.docker.list_networks(Some(options)).await.map_err(translate)? {
            let made = found.created.as_deref().and_then(|at| at.parse().ok());
            if let (true, Some(id)) = (over(found.labels.as_ref(), made), found.id) {
                network::delete(&self.link, &id).await?;
            }
        }
        Ok(())
    }

    fn labels(&self) -> HashMap<String, String> {
        labels::of_probe(self.trial.instance, &self.trial.run)
    }

    /// An agent's container in all but this: root inside, no state volume, no token, another duty.
    fn body(&self, place: &Place, duty: Vec<String>) -> ContainerCreateBody {
        let SelfTestPlan { image, runtime, limits, internal, publish_on, .. } = &self.trial;
        let spec = ContainerSpec {
            owner: place.owner,
            generation: 0,
            image: PinnedImage::named(image),
            runtime: runtime.clone(),
            limits: *limits,
            gateway_token: SecretString::default(),
            internal: *internal,
            config_path: String::new(),
            publish_on: *publish_on,
        };
        let name = names::object(&place.owner);
        let around = Surroundings {
            network_id: &name,
            network: &place.network,
            policy: place.policy,
            cores: self.link.cores,
        };
        let mut body = profile::body(&spec, &around);
        body.user = Some("0:0".into());
        body.cmd = Some(duty);
        body.env = None;
        body.labels = Some(self.link.with_extra(self.labels()));
        if let Some(host) = &mut body.host_config {
            host.mounts = None;
        }
        body
    }

    async fn run(&self, place: &Place, body: ContainerCreateBody) -> Result<String, ContainerError> {
        let options =
            CreateContainerOptions { name: Some(names::object(&place.owner)), ..Default::default() };
        let docker = &self.link.docker;
        let image = body.image.clone().unwrap_or_default();
        let made =
            docker.create_container(Some(options), body).await.map_err(|error| match translate(error) {
                ContainerError::Missing => ContainerError::ImageMissing(image),
                other => other,
            })?;
        docker.start_container(&made.id, None).await.map_err(translate)?;
        Ok(made.id)
    }

    async fn ended(&self, id: &str) -> Result<(), ContainerError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = self.link.docker.inspect_container(id, None).await.map_err(translate)?;
            let state = seen.state.and_then(|state| state.status);
            if matches!(state, Some(ContainerStateStatusEnum::EXITED | ContainerStateStatusEnum::DEAD)) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(ContainerError::Other("a probe of the self-test does not end".into()));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// What `mosaic-entrypoint probe reach` prints.
#[derive(Deserialize)]
struct Line {
    target: String,
    answered: bool,
    how: String,
}

/// An image whose entry process knows no probes prints something else.
fn read(line: &str) -> Option<(String, ObservedReach)> {
    let Line { target, answered, how } = serde_json::from_str(line).ok()?;
    Some((target, ObservedReach { answered, how }))
}
