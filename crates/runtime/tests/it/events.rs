//! Docker's events.

use crate::harness::{TestInstance, inside, shell};
use domain::containers::{ContainerError, Containers, Event, EventKind, NetworkPolicy, RunState};
use futures_util::{StreamExt, stream::BoxStream};
use runtime::{DockerContainers, DockerSettings};
use std::time::Duration;
use tokio::{
    io::copy_bidirectional,
    net::{UnixListener, UnixStream},
    task::JoinSet,
    time::timeout,
};

type Events = BoxStream<'static, Result<Event, ContainerError>>;

/// The next events up to and including `last`.
async fn until(events: &mut Events, last: EventKind) -> Vec<Event> {
    let mut seen = Vec::new();
    let reading = async {
        while seen.last().is_none_or(|event: &Event| event.kind != last) {
            seen.push(events.next().await.expect("the stream goes on").unwrap());
        }
    };
    timeout(Duration::from_secs(15), reading).await.unwrap_or_else(|_| panic!("waiting for {last:?}"));
    seen
}

fn what(events: &[Event]) -> Vec<EventKind> {
    events.iter().map(|event| event.kind).collect()
}

#[tokio::test]
async fn start_crash_and_removal_arrive_with_owner_and_generation() {
    let instance = TestInstance::new("10.125.0.0/24");
    let elsewhere = TestInstance::new("10.125.1.0/24");
    let mut events = instance.docker.watch(instance.id).await.unwrap();
    // Before the first poll, and with another instance at the same time.
    elsewhere.up(&elsewhere.spec(elsewhere.owner(), 1), NetworkPolicy::Open).await;
    let owner = instance.owner();
    let seen = instance.up(&instance.spec(owner, 5), NetworkPolicy::Open).await;
    shell(&format!("docker kill {}", seen.docker_id));
    instance.docker.remove(&owner).await.unwrap();

    let received = until(&mut events, EventKind::Removed).await;
    assert_eq!(what(&received), [EventKind::Started, EventKind::Died, EventKind::Removed]);
    assert!(received.iter().all(|event| event.owner == owner && event.generation == 5));
}

#[tokio::test]
async fn an_out_of_memory_kill_is_told_and_seen() {
    let instance = TestInstance::new("10.125.2.0/24");
    let owner = instance.owner();
    let seen = instance.up(&instance.spec(owner, 1), NetworkPolicy::Open).await;
    inside(&seen, "echo oom > /data/mode");
    instance.docker.stop(&owner, Duration::from_secs(5)).await.unwrap();

    let mut events = instance.docker.watch(instance.id).await.unwrap();
    instance.docker.start(&owner).await.unwrap();
    let received = until(&mut events, EventKind::Died).await;
    assert!(what(&received).contains(&EventKind::OutOfMemory), "{received:?}");
    let ended = instance.docker.inspect(&owner).await.unwrap().unwrap();
    assert_eq!(ended.state, RunState::Exited { code: 137, oom_killed: true });
}

#[tokio::test]
async fn the_stream_ends_when_the_engine_goes_away() {
    let instance = TestInstance::new("10.125.3.0/24");
    let socket = std::env::temp_dir().join(format!("mosaic-test-relay-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&socket).unwrap();
    let relay = tokio::spawn(async move {
        let mut links = JoinSet::new();
        while let Ok((mut client, _)) = listener.accept().await {
            links.spawn(async move {
                let mut engine = UnixStream::connect("/var/run/docker.sock").await?;
                copy_bidirectional(&mut client, &mut engine).await
            });
        }
    });
    let through =
        DockerContainers::new(DockerSettings { socket: socket.clone(), ..DockerSettings::default() });
    let mut events = through.watch(instance.id).await.unwrap();
    let owner = instance.owner();
    instance.up(&instance.spec(owner, 1), NetworkPolicy::Open).await;
    until(&mut events, EventKind::Started).await;
    relay.abort();
    std::fs::remove_file(socket).unwrap();

    let rest: Vec<_> = timeout(Duration::from_secs(5), events.collect()).await.expect("the stream ends");
    assert!(rest.iter().all(|last| matches!(last, Err(ContainerError::EngineAway(_)))), "{rest:?}");
    assert!(matches!(through.inspect(&owner).await, Err(ContainerError::EngineAway(_))));
}
