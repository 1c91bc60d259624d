//! The port in memory, for tests of other crates: the same answers as Docker's, without Docker.
//!
//! It keeps the port's promises (idempotent steps, generations, labels' meaning) and can be told to
//! fail: before a step has done its work or after, as a worker that dies there would find it.

mod port;

use crate::names;
use domain::{
    Clock, InstanceId, UserId,
    containers::{
        ContainerError, ContainerSpec, ContainerState, Event, EventKind, Network, NetworkPolicy, Owner,
        RunState,
    },
};
use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::broadcast;

/// Events that a slow watcher may be behind.
const EVENTS_KEPT: usize = 1024;

/// A method of the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `engine`
    Engine,
    /// `image`
    Image,
    /// `limits_disks`
    LimitsDisks,
    /// `ensure_network`
    EnsureNetwork,
    /// `ensure_volume`
    EnsureVolume,
    /// `create`
    Create,
    /// `start`
    Start,
    /// `pause`
    Pause,
    /// `stop`
    Stop,
    /// `remove`
    Remove,
    /// `remove_network`
    RemoveNetwork,
    /// `remove_volume`
    RemoveVolume,
    /// `inspect`
    Inspect,
    /// `list`
    List,
    /// `belongings`
    Belongings,
    /// `watch`
    Watch,
}

/// On which side of its work a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Nothing was done.
    Before,
    /// The work was done, but the caller does not learn it.
    After,
}

type User = (InstanceId, UserId);

#[derive(Default)]
struct State {
    containers: HashMap<User, ContainerState>,
    networks: HashMap<User, (NetworkPolicy, Network)>,
    volumes: HashSet<User>,
    missing_images: HashSet<String>,
    failures: Vec<(Verb, When, ContainerError)>,
    calls: Vec<Verb>,
    created: usize,
}

/// Containers that exist only here.
pub struct FakeContainers {
    clock: Arc<dyn Clock>,
    address: SocketAddr,
    state: Mutex<State>,
    events: broadcast::Sender<Event>,
}

impl FakeContainers {
    /// No containers yet. Every one that runs is reached at `address`: a stub of the gateway, say.
    pub fn new(clock: Arc<dyn Clock>, address: SocketAddr) -> Self {
        let (events, _) = broadcast::channel(EVENTS_KEPT);
        Self { clock, address, state: Mutex::default(), events }
    }

    /// Makes the next call of `verb` fail. Several for the same verb are used up in order.
    pub fn fail_next(&self, verb: Verb, when: When, error: ContainerError) {
        self.state().failures.push((verb, when, error));
    }

    /// Takes the image off the host: creating from it fails.
    pub fn lose_image(&self, image: &str) {
        self.state().missing_images.insert(image.to_owned());
    }

    /// Ends the container's process by itself.
    pub fn crash(&self, owner: &Owner, code: i64) {
        self.end(owner, RunState::Exited { code, oom_killed: false });
    }

    /// Lets the kernel kill it for memory.
    pub fn run_out_of_memory(&self, owner: &Owner) {
        self.tell(owner, EventKind::OutOfMemory);
        self.end(owner, RunState::Exited { code: 137, oom_killed: true });
    }

    /// Removes it behind Mosaic's back.
    pub fn vanish(&self, owner: &Owner) {
        self.end(owner, RunState::Dead);
        self.tell(owner, EventKind::Removed);
        self.state().containers.remove(&key(owner));
    }

    /// Every container there is.
    pub fn containers(&self) -> Vec<ContainerState> {
        self.state().containers.values().cloned().collect()
    }

    /// How many networks and volumes there are.
    pub fn belongings(&self) -> (usize, usize) {
        let state = self.state();
        (state.networks.len(), state.volumes.len())
    }

    /// How often a method was called, failures included.
    pub fn calls(&self, verb: Verb) -> usize {
        self.state().calls.iter().filter(|call| **call == verb).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call: counted, failed before or after its work when that was asked for.
    fn step<T>(
        &self,
        verb: Verb,
        work: impl FnOnce(&mut State) -> Result<T, ContainerError>,
    ) -> Result<T, ContainerError> {
        let mut state = self.state();
        state.calls.push(verb);
        let failure = state.failures.iter().position(|(failing, ..)| *failing == verb);
        let Some((_, when, error)) = failure.map(|at| state.failures.remove(at)) else {
            return work(&mut state);
        };
        if when == When::After {
            work(&mut state)?;
        }
        Err(error)
    }

    fn end(&self, owner: &Owner, ended: RunState) {
        if let Some(seen) = self.state().containers.get_mut(&key(owner)) {
            self.stopped(seen, ended);
        }
    }

    fn stopped(&self, seen: &mut ContainerState, ended: RunState) {
        if matches!(seen.state, RunState::Running | RunState::Paused) {
            (seen.state, seen.address) = (ended, None);
            self.send(seen, EventKind::Died);
        }
    }

    fn tell(&self, owner: &Owner, what: EventKind) {
        if let Some(seen) = self.state().containers.get(&key(owner)) {
            self.send(seen, what);
        }
    }

    /// Nobody watching is fine.
    fn send(&self, seen: &ContainerState, what: EventKind) {
        let _ = self.events.send(Event { owner: seen.owner, generation: seen.generation, what });
    }

    fn make(&self, state: &mut State, spec: &ContainerSpec) -> Result<ContainerState, ContainerError> {
        if state.missing_images.contains(&spec.image.name) {
            return Err(ContainerError::ImageMissing(spec.image.name.clone()));
        }
        state.created += 1;
        let seen = ContainerState {
            owner: spec.owner,
            generation: spec.generation,
            docker_id: format!("fake-{}", state.created),
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
            self.stopped(&mut seen, RunState::Dead);
            self.send(&seen, EventKind::Removed);
        }
        Ok(())
    }
}

fn key(owner: &Owner) -> User {
    (owner.instance, owner.user)
}

/// As with Docker's labels: another row's container of the same name is not touched.
fn find<'a>(state: &'a mut State, owner: &Owner) -> Result<Option<&'a mut ContainerState>, ContainerError> {
    match state.containers.get_mut(&key(owner)) {
        Some(seen) if seen.owner != *owner => Err(ContainerError::NotOurs(names::object(owner))),
        found => Ok(found),
    }
}

#[cfg(test)]
mod tests;
