//! What Docker reports by itself.

use crate::harness::{Bench, inside, shell};
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
        while seen.last().is_none_or(|event: &Event| event.what != last) {
            seen.push(events.next().await.expect("the stream goes on").unwrap());
        }
    };
    timeout(Duration::from_secs(15), reading).await.unwrap_or_else(|_| panic!("waiting for {last:?}"));
    seen
}

fn what(events: &[Event]) -> Vec<EventKind> {
    events.iter().map(|event| event.what).collect()
}

#[tokio::test]
async fn start_crash_and_removal_arrive_with_owner_and_generation() {
    let bench = Bench::new("10.125.0.0/24");
    let elsewhere = Bench::new("10.125.1.0/24");
    let mut events = bench.docker.watch(bench.instance).await.unwrap();
    // Before the first poll, and beside another instance: neither may matter.
    elsewhere.up(&elsewhere.spec(elsewhere.owner(), 1), NetworkPolicy::Open).await;
    let owner = bench.owner();
    let seen = bench.up(&bench.spec(owner, 5), NetworkPolicy::Open).await;
    shell(&format!("docker kill {}", seen.docker_id));
    bench.docker.remove(&owner).await.unwrap();

    let told = until(&mut events, EventKind::Removed).await;
    assert_eq!(what(&told), [EventKind::Started, EventKind::Died, EventKind::Removed]);
    assert!(told.iter().all(|event| event.owner == owner && event.generation == 5));
}

#[tokio::test]
async fn an_out_of_memory_kill_is_told_and_seen() {
    let bench = Bench::new("10.125.2.0/24");
    let owner = bench.owner();
    let seen = bench.up(&bench.spec(owner, 1), NetworkPolicy::Open).await;
    inside(&seen, "echo oom > /data/mode");
    bench.docker.stop(&owner, Duration::from_secs(5)).await.unwrap();

    let mut events = bench.docker.watch(bench.instance).await.unwrap();
    bench.docker.start(&owner).await.unwrap();
    let told = until(&mut events, EventKind::Died).await;
    assert!(what(&told).contains(&EventKind::OutOfMemory), "{told:?}");
    let ended = bench.docker.inspect(&owner).await.unwrap().unwrap();
    assert_eq!(ended.state, RunState::Exited { code: 137, oom_killed: true });
}

#[tokio::test]
async fn the_stream_ends_when_the_engine_goes_away() {
    let bench = Bench::new("10.125.3.0/24");
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
    let mut events = through.watch(bench.instance).await.unwrap();
    let owner = bench.owner();
    bench.up(&bench.spec(owner, 1), NetworkPolicy::Open).await;
    until(&mut events, EventKind::Started).await;
    relay.abort();
    std::fs::remove_file(socket).unwrap();

    let rest: Vec<_> = timeout(Duration::from_secs(5), events.collect()).await.expect("the stream ends");
    assert!(rest.iter().all(|last| matches!(last, Err(ContainerError::EngineAway(_)))), "{rest:?}");
    assert!(matches!(through.inspect(&owner).await, Err(ContainerError::EngineAway(_))));
}
