//! The fake keeps the same guarantees as the implementation for Docker.
#![allow(clippy::unwrap_used)]
use super::*;
use chrono::{DateTime, Utc};
use domain::{
    ContainerId,
    containers::{Containers, InternalEndpoint},
    image::PinnedImage,
    limits::Limits,
};
use futures_util::StreamExt;
use secrecy::SecretString;
use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }
}

fn fake() -> FakeContainers {
    FakeContainers::new(Arc::new(Noon), SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9))
}

fn spec(generation: i64) -> ContainerSpec {
    let nil = uuid::Uuid::nil();
    ContainerSpec {
        owner: Owner {
            instance: InstanceId::from(nil),
            user: UserId::from(nil),
            container: ContainerId::from(nil),
        },
        generation,
        image: PinnedImage::named("agent:1"),
        runtime: "runc".into(),
        limits: Limits::default(),
        gateway_token: SecretString::from("t"),
        internal: InternalEndpoint { host: None, port: 8081 },
        config_path: "/c".into(),
        publish_on: IpAddr::V4(Ipv4Addr::LOCALHOST),
    }
}

async fn up(fake: &FakeContainers, generation: i64) -> Result<ContainerState, ContainerError> {
    let spec = spec(generation);
    let pool = "10.77.0.0/24".parse().unwrap();
    let network = fake.ensure_network(&spec.owner, NetworkPolicy::Open, pool).await?;
    fake.ensure_volume(&spec.owner, 0).await?;
    fake.create(&spec, &network).await?;
    fake.start(&spec.owner).await
}

#[tokio::test]
async fn a_failure_after_the_work_leaves_the_work_done() {
    let fake = fake();
    let lost = ContainerError::EngineAway("gone".into());
    fake.fail_next(PortMethod::Create, FailurePoint::Before, lost.clone());
    assert_eq!(up(&fake, 1).await, Err(lost.clone()));
    assert!(fake.containers().is_empty());
    fake.fail_next(PortMethod::Create, FailurePoint::After, lost.clone());
    assert_eq!(up(&fake, 1).await, Err(lost));
    assert_eq!(fake.containers().len(), 1);
    assert_eq!(up(&fake, 1).await.unwrap().state, RunState::Running);
    assert_eq!(
        (fake.containers().len(), fake.resource_counts(), fake.call_count(PortMethod::Create)),
        (1, (1, 1), 3)
    );
}

#[tokio::test]
async fn generations_are_kept_as_docker_s_implementation_keeps_them() {
    let fake = fake();
    let first = up(&fake, 1).await.unwrap();
    let second = up(&fake, 2).await.unwrap();
    assert_ne!(first.docker_id, second.docker_id);
    assert!(matches!(up(&fake, 1).await, Err(ContainerError::Other(_))));
    let other = Owner { container: ContainerId::from(uuid::Uuid::max()), ..first.owner };
    let stopped = fake.stop(&other, Duration::ZERO).await;
    assert!(matches!(stopped, Err(ContainerError::NotOurs(_))));
    fake.remove_image("agent:1");
    assert_eq!(up(&fake, 3).await, Err(ContainerError::ImageMissing("agent:1".into())));
}

#[tokio::test]
async fn what_happens_is_told() {
    let fake = fake();
    let owner = spec(1).owner;
    let events = fake.watch(owner.instance).await.unwrap();
    up(&fake, 1).await.unwrap();
    fake.run_out_of_memory(&owner);
    let ended = fake.inspect(&owner).await.unwrap().unwrap().state;
    assert_eq!(ended, RunState::Exited { code: 137, oom_killed: true });
    fake.remove_externally(&owner);
    assert_eq!(fake.inspect(&owner).await, Ok(None));
    let seen: Vec<_> = events.take(4).map(|event| event.unwrap().kind).collect().await;
    assert_eq!(seen, [EventKind::Started, EventKind::OutOfMemory, EventKind::Died, EventKind::Removed]);
}
