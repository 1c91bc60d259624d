//! The steps of a container's life: repeated, raced, interrupted.

use crate::harness::{TestInstance, inside, shell};
use domain::containers::{ContainerError, ContainerState, Containers, NetworkPolicy, RunState};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{io::AsyncReadExt, io::AsyncWriteExt, net::TcpStream, task::JoinSet, time::timeout};

const NO_GRACE_PERIOD: Duration = Duration::ZERO;

async fn ask(seen: &ContainerState) -> Option<String> {
    let mut stream = TcpStream::connect(seen.address?).await.ok()?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    Some(answer)
}

/// The process inside needs a moment after Docker's start.
async fn answers(seen: &ContainerState) -> bool {
    for _ in 0..30 {
        let answer = timeout(Duration::from_secs(1), ask(seen)).await;
        if answer.is_ok_and(|answer| answer.is_some_and(|text| text.ends_with("agent"))) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_racing_starts_end_in_one_container() {
    let instance = Arc::new(TestInstance::new("10.122.0.0/24"));
    let spec = Arc::new(instance.spec(instance.owner(), 1));
    let mut starts = JoinSet::new();
    for _ in 0..10 {
        let (instance, spec) = (instance.clone(), spec.clone());
        starts.spawn(async move { instance.up(&spec, NetworkPolicy::Open).await });
    }
    let seen = starts.join_all().await;
    assert!(
        seen.iter().all(|other| other.docker_id == seen[0].docker_id && other.state == RunState::Running)
    );
    assert!(answers(&seen[0]).await);
    assert_eq!(instance.ids(&["ps", "-aq"]).len(), 1);
    assert_eq!(instance.ids(&["network", "ls", "-q"]).len(), 1);
    assert_eq!(instance.ids(&["volume", "ls", "-q"]).len(), 1);
}

#[tokio::test]
async fn an_older_generation_makes_room_and_a_newer_one_is_left_alone() {
    let instance = TestInstance::new("10.122.1.0/24");
    let owner = instance.owner();
    let first = instance.up(&instance.spec(owner, 1), NetworkPolicy::Open).await;
    inside(&first, "echo remembered > /data/memory");

    let second = instance.up(&instance.spec(owner, 2), NetworkPolicy::Open).await;
    assert_ne!(first.docker_id, second.docker_id);
    assert_eq!(second.generation, 2);
    assert_eq!(inside(&second, "cat /data/memory"), "remembered");

    let network = instance.network(&owner, NetworkPolicy::Open).await;
    let late = instance.docker.create(&instance.spec(owner, 1), &network).await;
    assert!(matches!(late, Err(ContainerError::Other(_))), "{late:?}");
    assert_eq!(instance.docker.inspect(&owner).await.unwrap().unwrap().docker_id, second.docker_id);
}

#[tokio::test]
async fn every_step_can_be_repeated() {
    let instance = TestInstance::new("10.122.2.0/24");
    let owner = instance.owner();
    let docker = &instance.docker;
    assert_eq!(docker.inspect(&owner).await, Ok(None));
    assert_eq!(docker.start(&owner).await, Err(ContainerError::Missing));
    let seen = instance.up(&instance.spec(owner, 1), NetworkPolicy::Open).await;
    assert_eq!(docker.start(&owner).await.unwrap(), seen);
    for _ in 0..2 {
        docker.stop(&owner, Duration::from_secs(5)).await.unwrap();
    }
    let stopped = docker.inspect(&owner).await.unwrap().unwrap();
    assert_eq!(stopped.state, RunState::Exited { code: 0, oom_killed: false });
    assert_eq!(stopped.address, None);
    assert_eq!(docker.start(&owner).await.unwrap().docker_id, seen.docker_id);
    for _ in 0..2 {
        docker.remove(&owner).await.unwrap();
        docker.remove_network(&owner).await.unwrap();
        docker.remove_volume(&owner).await.unwrap();
    }
    docker.stop(&owner, NO_GRACE_PERIOD).await.unwrap();
    assert!(
        instance.ids(&["network", "ls", "-q"]).is_empty() && instance.ids(&["volume", "ls", "-q"]).is_empty()
    );
}

#[tokio::test]
async fn a_stop_waits_for_the_grace_and_not_longer() {
    let instance = TestInstance::new("10.122.3.0/24");
    let owner = instance.owner();
    let seen = instance.up(&instance.spec(owner, 1), NetworkPolicy::Open).await;
    inside(&seen, "echo stubborn > /data/mode");
    instance.docker.stop(&owner, Duration::from_secs(5)).await.unwrap();
    let seen = instance.docker.start(&owner).await.unwrap();
    assert!(answers(&seen).await);

    let begun = Instant::now();
    instance.docker.stop(&owner, Duration::from_secs(2)).await.unwrap();
    assert!((2..8).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    let killed = instance.docker.inspect(&owner).await.unwrap().unwrap();
    assert_eq!(killed.state, RunState::Exited { code: 137, oom_killed: false });
}

#[tokio::test]
async fn a_paused_container_is_resumed_and_can_be_stopped() {
    let instance = TestInstance::new("10.122.4.0/24");
    let owner = instance.owner();
    let seen = instance.up(&instance.spec(owner, 1), NetworkPolicy::Open).await;
    shell(&format!("docker pause {}", seen.docker_id));
    assert_eq!(instance.docker.inspect(&owner).await.unwrap().unwrap().state, RunState::Paused);
    assert_eq!(instance.docker.start(&owner).await.unwrap().state, RunState::Running);
    assert!(answers(&seen).await);
    shell(&format!("docker pause {}", seen.docker_id));
    instance.docker.stop(&owner, Duration::from_secs(2)).await.unwrap();
    let stopped = instance.docker.inspect(&owner).await.unwrap().unwrap();
    assert!(matches!(stopped.state, RunState::Exited { .. }), "{stopped:?}");
}

#[tokio::test]
async fn a_lost_network_costs_the_container_but_not_its_memory() {
    let instance = TestInstance::new("10.122.5.0/24");
    let owner = instance.owner();
    let seen = instance.up(&instance.spec(owner, 1), NetworkPolicy::Open).await;
    inside(&seen, "echo remembered > /data/memory");
    instance.docker.stop(&owner, NO_GRACE_PERIOD).await.unwrap();
    instance.docker.remove_network(&owner).await.unwrap();

    assert_eq!(instance.docker.start(&owner).await, Err(ContainerError::Missing));
    assert_eq!(instance.docker.inspect(&owner).await, Ok(None));
    let again = instance.up(&instance.spec(owner, 2), NetworkPolicy::Open).await;
    assert_eq!(inside(&again, "cat /data/memory"), "remembered");
}

#[tokio::test]
async fn the_list_shows_how_each_one_ended() {
    let instance = TestInstance::new("10.122.6.0/24");
    let (runs, crashed) = (instance.owner(), instance.owner());
    instance.up(&instance.spec(runs, 1), NetworkPolicy::Open).await;
    let seen = instance.up(&instance.spec(crashed, 4), NetworkPolicy::Open).await;
    inside(&seen, "echo crash > /data/mode");
    instance.docker.stop(&crashed, Duration::from_secs(5)).await.unwrap();
    instance.docker.start(&crashed).await.unwrap();
    shell(&format!("docker wait {}", seen.docker_id));

    let mut list = instance.docker.list(instance.id).await.unwrap();
    list.sort_by_key(|seen| seen.generation);
    assert_eq!(list.len(), 2);
    assert_eq!((list[0].owner, list[0].state), (runs, RunState::Running));
    assert_eq!((list[1].owner, list[1].state), (crashed, RunState::Exited { code: 3, oom_killed: false }));
}
