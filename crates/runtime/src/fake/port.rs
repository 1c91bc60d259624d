//! The port's methods on the fake.

use super::{FakeContainers, PortMethod, find, key};
use async_trait::async_trait;
use domain::{
    InstanceId, UserId,
    containers::{
        ContainerError, ContainerSpec, ContainerState, Containers, EngineInfo, Event, EventKind, Network,
        NetworkPolicy, OwnedResource, OwnedResourceKind, Owner, RunState,
    },
    image::PinnedImage,
};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use ipnet::Ipv4Net;
use std::{net::Ipv4Addr, time::Duration};

/// The /28 of the pool with this index.
fn subnet(pool: Ipv4Net, index: usize) -> Result<Network, ContainerError> {
    let exhausted = ContainerError::NetworkPoolExhausted(pool);
    let Ok(mut subnets) = pool.subnets(28) else { return Err(exhausted) };
    let subnet = subnets.nth(index).ok_or(exhausted)?;
    Ok(Network { subnet, gateway: subnet.hosts().next().unwrap_or(Ipv4Addr::UNSPECIFIED) })
}

#[async_trait]
impl Containers for FakeContainers {
    async fn engine(&self) -> Result<EngineInfo, ContainerError> {
        self.call(PortMethod::Engine, |_| {
            Ok(EngineInfo { version: "fake".into(), memory_bytes: 16 << 30, runtimes: vec!["runc".into()] })
        })
    }

    async fn image(&self, name: &str) -> Result<Option<PinnedImage>, ContainerError> {
        self.call(PortMethod::Image, |state| {
            let there = !state.missing_images.contains(name);
            Ok(there.then(|| PinnedImage { name: name.to_owned(), id: Some(format!("fake:{name}")) }))
        })
    }

    async fn supports_disk_limits(&self, _instance: InstanceId) -> Result<bool, ContainerError> {
        self.call(PortMethod::SupportsDiskLimits, |_| Ok(false))
    }

    async fn ensure_network(
        &self,
        owner: &Owner,
        policy: NetworkPolicy,
        pool: Ipv4Net,
    ) -> Result<Network, ContainerError> {
        self.call(PortMethod::EnsureNetwork, |state| {
            if let Some((_, network)) = state.networks.get(&key(owner)).filter(|(found, _)| *found == policy)
            {
                return Ok(*network);
            }
            let network = subnet(pool, state.networks.len())?;
            state.networks.insert(key(owner), (policy, network));
            Ok(network)
        })
    }

    async fn ensure_volume(&self, owner: &Owner, _disk_mib: u32) -> Result<(), ContainerError> {
        self.call(PortMethod::EnsureVolume, |state| {
            state.volumes.insert(key(owner));
            Ok(())
        })
    }

    async fn create(
        &self,
        spec: &ContainerSpec,
        _network: &Network,
    ) -> Result<ContainerState, ContainerError> {
        self.call(PortMethod::Create, |state| match find(state, &spec.owner)?.cloned() {
            Some(seen) if seen.generation > spec.generation => {
                Err(ContainerError::Other("a newer generation of the container exists".into()))
            }
            Some(seen) if seen.generation == spec.generation => Ok(seen),
            _ => {
                self.delete(state, &spec.owner)?;
                self.create_new(state, spec)
            }
        })
    }

    async fn start(&self, owner: &Owner) -> Result<ContainerState, ContainerError> {
        self.call(PortMethod::Start, |state| {
            let Some(seen) = find(state, owner)? else { return Err(ContainerError::Missing) };
            if seen.state != RunState::Running {
                seen.state = RunState::Running;
                seen.address = Some(self.address);
                seen.started_at = Some(self.clock.now());
                self.send(seen, EventKind::Started);
            }
            Ok(seen.clone())
        })
    }

    async fn pause(&self, owner: &Owner) -> Result<(), ContainerError> {
        self.call(PortMethod::Pause, |state| {
            if let Some(seen) = find(state, owner)?.filter(|seen| seen.state == RunState::Running) {
                seen.state = RunState::Paused;
            }
            Ok(())
        })
    }

    async fn stop(&self, owner: &Owner, _grace: Duration) -> Result<(), ContainerError> {
        self.call(PortMethod::Stop, |state| {
            if let Some(seen) = find(state, owner)? {
                self.stop_with(seen, RunState::Exited { code: 0, oom_killed: false });
            }
            Ok(())
        })
    }

    async fn remove(&self, owner: &Owner) -> Result<(), ContainerError> {
        self.call(PortMethod::Remove, |state| self.delete(state, owner))
    }

    async fn remove_network(&self, owner: &Owner) -> Result<(), ContainerError> {
        self.call(PortMethod::RemoveNetwork, |state| {
            state.networks.remove(&key(owner));
            Ok(())
        })
    }

    async fn remove_volume(&self, owner: &Owner) -> Result<(), ContainerError> {
        self.call(PortMethod::RemoveVolume, |state| {
            state.volumes.remove(&key(owner));
            Ok(())
        })
    }

    /// The volume is always empty.
    async fn read_volume(
        &self,
        owner: &Owner,
        _image: &str,
        _folder: Option<&str>,
    ) -> Result<Option<BoxStream<'static, Result<Vec<u8>, ContainerError>>>, ContainerError> {
        self.call(PortMethod::Inspect, |state| {
            Ok(state.volumes.contains(&key(owner)).then(|| stream::iter([Ok(vec![0; 1024])]).boxed()))
        })
    }

    async fn inspect(&self, owner: &Owner) -> Result<Option<ContainerState>, ContainerError> {
        self.call(PortMethod::Inspect, |state| Ok(find(state, owner)?.cloned()))
    }

    async fn memory(&self, owner: &Owner) -> Result<Option<u64>, ContainerError> {
        self.call(PortMethod::Inspect, |state| {
            let running = find(state, owner)?.filter(|seen| seen.state == RunState::Running);
            Ok(running.map(|_| 64 << 20))
        })
    }

    async fn list(&self, instance: InstanceId) -> Result<Vec<ContainerState>, ContainerError> {
        self.call(PortMethod::List, |state| {
            let mine = state.containers.values().filter(|seen| seen.owner.instance == instance);
            Ok(mine.cloned().collect())
        })
    }

    async fn owned_resources(&self, instance: InstanceId) -> Result<Vec<OwnedResource>, ContainerError> {
        self.call(PortMethod::OwnedResources, |state| {
            let of = |kind| {
                move |key: &(InstanceId, UserId)| {
                    (key.0 == instance).then_some(OwnedResource { user: key.1, kind, created_at: None })
                }
            };
            let networks = state.networks.keys().filter_map(of(OwnedResourceKind::Network));
            Ok(networks.chain(state.volumes.iter().filter_map(of(OwnedResourceKind::Volume))).collect())
        })
    }

    async fn watch(
        &self,
        instance: InstanceId,
    ) -> Result<BoxStream<'static, Result<Event, ContainerError>>, ContainerError> {
        self.call(PortMethod::Watch, |_| Ok(()))?;
        let events = stream::unfold(self.events.subscribe(), |mut events| async {
            // The stream of a watcher that is too far behind ends, as if the engine was lost.
            events.recv().await.ok().map(|event| (event, events))
        });
        let mine = events.filter(move |event| std::future::ready(event.owner.instance == instance));
        Ok(mine.map(Ok).boxed())
    }
}
