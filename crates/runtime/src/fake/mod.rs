//! The port in memory, for tests of other crates: the same results as with Docker, without Docker.
//!
//! It keeps the port's guarantees (idempotent steps, generations, owners). A test can make a call fail before or after
//! its work, as if the worker had died there.

mod port;

use crate::names;
use domain::{
    Clock, InstanceId, UserId,
    containers::{
        ContainerError, ContainerSpec, ContainerState, Event, EventKind, Network, NetworkPolicy, Owner,
        RunState,
    },
};
use parking_lot::{Mutex, MutexGuard};
use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::Arc,
};
use tokio::sync::broadcast;

/// Events that a slow watcher may be behind.
const EVENT_BUFFER: usize = 1024;

/// A method of the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum PortMethod {
    Engine,
    Image,
    SupportsDiskLimits,
    EnsureNetwork,
    EnsureVolume,
    Create,
    Start,
    Pause,
    Stop,
    Remove,
    RemoveNetwork,
    RemoveVolume,
    Inspect,
    List,
    OwnedResources,
    Watch,
}

/// Whether a call fails before or after its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailurePoint {
    /// Nothing is done.
    Before,
    /// The work is done, but the caller gets an error.
    After,
}

type User = (InstanceId, UserId);

#[derive(Default)]
struct State {
    containers: HashMap<User, ContainerState>,
    networks: HashMap<User, (NetworkPolicy, Network)>,
    volumes: HashSet<User>,
    missing_images: HashSet<String>,
    failures: Vec<(PortMethod, FailurePoint, ContainerError)>,
    calls: Vec<PortMethod>,
    created_count: usize,
}

/// Containers that exist only in memory.
pub struct FakeContainers {
    clock: Arc<dyn Clock>,
    address: SocketAddr,
    state: Mutex<State>,
    events: broadcast::Sender<Event>,
}

impl FakeContainers {
    /// Without containers. Every running container has this address.
    pub fn new(clock: Arc<dyn Clock>, address: SocketAddr) -> Self {
        let (events, _) = broadcast::channel(EVENT_BUFFER);
        Self { clock, address, state: Mutex::default(), events }
    }

    /// Makes the next call of `method` fail. Several failures of a method are used in their order.
    pub fn fail_next(&self, method: PortMethod, point: FailurePoint, error: ContainerError) {
        self.state().failures.push((method, point, error));
    }

    /// Removes the image from the host.
    pub fn remove_image(&self, image: &str) {
        self.state().missing_images.insert(image.to_owned());
    }

    /// Ends the container's process.
    pub fn crash(&self, owner: &Owner, code: i64) {
        self.end(owner, RunState::Exited { code, oom_killed: false });
    }

    /// Kills the container's process because it is out of memory.
    pub fn run_out_of_memory(&self, owner: &Owner) {
        self.send_event(owner, EventKind::OutOfMemory);
        self.end(owner, RunState::Exited { code: 137, oom_killed: true });
    }

    /// Removes the container without Mosaic.
    pub fn remove_externally(&self, owner: &Owner) {
        self.end(owner, RunState::Dead);
        self.send_event(owner, EventKind::Removed);
        self.state().containers.remove(&key(owner));
    }

    #[allow(missing_docs)]
    pub fn containers(&self) -> Vec<ContainerState> {
        self.state().containers.values().cloned().collect()
    }

    /// The numbers of networks and volumes.
    pub fn resource_counts(&self) -> (usize, usize) {
        let state = self.state();
        (state.networks.len(), state.volumes.len())
    }

    /// How often a method was called, with failed calls.
    pub fn call_count(&self, method: PortMethod) -> usize {
        self.state().calls.iter().filter(|call| **call == method).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Counts a call, and makes it fail if a test wants that.
    fn call<T>(
        &self,
        method: PortMethod,
        work: impl FnOnce(&mut State) -> Result<T, ContainerError>,
    ) -> Result<T, ContainerError> {
        let mut state = self.state();
        state.calls.push(method);
        let failure = state.failures.iter().position(|(failing, ..)| *failing == method);
        let Some((_, point, error)) = failure.map(|at| state.failures.remove(at)) else {
            return work(&mut state);
        };
        if point == FailurePoint::After {
            work(&mut state)?;
        }
        Err(error)
    }

    fn end(&self, owner: &Owner, ended: RunState) {
        if let Some(seen) = self.state().containers.get_mut(&key(owner)) {
            self.stop_with(seen, ended);
        }
    }

    fn stop_with(&self, seen: &mut ContainerState, ended: RunState) {
        if matches!(seen.state, RunState::Running | RunState::Paused) {
            (seen.state, seen.address) = (ended, None);
            self.send(seen, EventKind::Died);
        }
    }

    fn send_event(&self, owner: &Owner, kind: EventKind) {
        if let Some(seen) = self.state().containers.get(&key(owner)) {
            self.send(seen, kind);
        }
    }

    /// An error means that there is no watcher.
    fn send(&self, seen: &ContainerState, kind: EventKind) {
        let _ = self.events.send(Event { owner: seen.owner, generation: seen.generation, kind });
    }

    fn create_new(&self, state: &mut State, spec: &ContainerSpec) -> Result<ContainerState, ContainerError> {
        if state.missing_images.contains(&spec.image.name) {
            return Err(ContainerError::ImageMissing(spec.image.name.clone()));
        }
        state.created_count += 1;
        let seen = ContainerState {
            owner: spec.owner,
            generation: spec.generation,
            docker_id: format!("fake-{}", state.created_count),
            image: spec.image.clone(),
            state: RunState::Created,
            address: None,
            created_at: Some(self.clock.now()),
            started_at: None,
        };
        state.containers.insert(key(&spec.owner), seen.clone());
        Ok(seen)
    }

    fn delete(&self, state: &mut State, owner: &Owner) -> Result<(), ContainerError> {
        if find(state, owner)?.is_none() {
            return Ok(());
        }
        if let Some(mut seen) = state.containers.remove(&key(owner)) {
            self.stop_with(&mut seen, RunState::Dead);
            self.send(&seen, EventKind::Removed);
        }
        Ok(())
    }
}

fn key(owner: &Owner) -> User {
    (owner.instance, owner.user)
}

/// As with Docker's labels, another row's container of the same name is an error.
fn find<'a>(state: &'a mut State, owner: &Owner) -> Result<Option<&'a mut ContainerState>, ContainerError> {
    match state.containers.get_mut(&key(owner)) {
        Some(seen) if seen.owner != *owner => Err(ContainerError::NotOurs(names::object_name(owner))),
        found => Ok(found),
    }
}

#[cfg(test)]
mod tests;
