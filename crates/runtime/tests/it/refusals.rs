//! What the runtime must not touch, and its errors.

use crate::harness::{TestInstance, run, shell};
use domain::{
    containers::{ContainerError, Containers, NetworkPolicy},
    image::PinnedImage,
};
use runtime::{DockerContainers, DockerSettings};
use std::{path::PathBuf, time::Duration};

fn is_not_ours<T: std::fmt::Debug>(result: Result<T, ContainerError>) {
    assert!(matches!(result, Err(ContainerError::NotOurs(_))), "{result:?}");
}

#[tokio::test]
async fn a_stranger_s_container_network_and_volume_of_the_same_name_are_left_alone() {
    let instance = TestInstance::new("10.123.0.0/24");
    let owner = instance.owner();
    let spec = instance.spec(owner, 1);
    // Find the names with objects of our own, and then replace these by a stranger's.
    let seen = instance.up(&spec, NetworkPolicy::Open).await;
    let name = run("docker", &["inspect", "--format", "{{.Config.Hostname}}", &seen.docker_id]);
    let network = instance.network(&owner, NetworkPolicy::Open).await;
    instance.docker.remove(&owner).await.unwrap();
    instance.docker.remove_network(&owner).await.unwrap();
    instance.docker.remove_volume(&owner).await.unwrap();
    // The stranger is another instance, with other labels.
    let stranger = "mosaic.instance=ins_0198f3c2000070008000000000000000";
    let image = &instance.image.name;
    let _gone_at_the_end = Stranger(name.clone());
    shell(&format!("docker create --name {name} --label {stranger} --label mosaic.generation=1 {image}"));
    shell(&format!("docker network create --label {stranger} --subnet 10.123.0.64/28 {name}"));
    shell(&format!("docker volume create --label {stranger} {name}"));

    is_not_ours(instance.docker.create(&spec, &network).await);
    is_not_ours(instance.docker.start(&owner).await);
    is_not_ours(instance.docker.stop(&owner, Duration::ZERO).await);
    is_not_ours(instance.docker.remove(&owner).await);
    is_not_ours(instance.docker.inspect(&owner).await);
    is_not_ours(instance.docker.ensure_network(&owner, NetworkPolicy::Open, instance.pool).await);
    is_not_ours(instance.docker.remove_network(&owner).await);
    is_not_ours(instance.docker.ensure_volume(&owner, 0).await);
    is_not_ours(instance.docker.remove_volume(&owner).await);
    assert_eq!(instance.docker.list(instance.id).await, Ok(vec![]));
    for kind in ["container", "network", "volume"] {
        shell(&format!("docker {kind} inspect {name}"));
    }
}

struct Stranger(String);

impl Drop for Stranger {
    fn drop(&mut self) {
        run("docker", &["rm", "-f", &self.0]);
        run("docker", &["network", "rm", &self.0]);
        run("docker", &["volume", "rm", &self.0]);
    }
}

#[tokio::test]
async fn another_row_s_container_of_the_same_user_is_not_touched() {
    let instance = TestInstance::new("10.123.1.0/24");
    let owner = instance.owner();
    instance.up(&instance.spec(owner, 1), NetworkPolicy::Open).await;
    let other = domain::containers::Owner { container: instance.owner().container, ..owner };
    is_not_ours(instance.docker.stop(&other, Duration::ZERO).await);
    is_not_ours(instance.docker.remove(&other).await);
    // Network and volume belong to the user, independently of the container's row.
    assert_eq!(instance.docker.ensure_volume(&other, 0).await, Ok(()));
}

/// The engine's storage does what `supports_disk_limits` reported.
async fn a_disk_is_limited_or_refused(instance: &TestInstance) {
    let can = instance.docker.supports_disk_limits(instance.owner().instance).await.unwrap();
    let made = instance.docker.ensure_volume(&instance.owner(), 256).await;
    assert_eq!(made, if can { Ok(()) } else { Err(ContainerError::NoDiskLimits) });
}

#[tokio::test]
async fn a_missing_image_and_an_unknown_runtime_are_named() {
    let instance = TestInstance::new("10.123.2.0/24");
    let owner = instance.owner();
    let network = instance.network(&owner, NetworkPolicy::Open).await;
    instance.docker.ensure_volume(&owner, 0).await.unwrap();
    let mut spec = instance.spec(owner, 1);
    spec.image = PinnedImage::named("mosaic-test-nowhere:1");
    assert_eq!(
        instance.docker.create(&spec, &network).await,
        Err(ContainerError::ImageMissing("mosaic-test-nowhere:1".into()))
    );
    assert_eq!(instance.docker.image(&spec.image.name).await, Ok(None));
    let found = instance.docker.image(&instance.image.name).await.unwrap().unwrap();
    assert!(found.name == instance.image.name && found.id.unwrap().starts_with("sha256:"));

    a_disk_is_limited_or_refused(&instance).await;
    let mut spec = instance.spec(owner, 1);
    spec.runtime = "nowhere".into();
    let refused = instance.docker.create(&spec, &network).await;
    assert!(matches!(&refused, Err(ContainerError::Other(text)) if text.contains("nowhere")), "{refused:?}");
}

#[tokio::test]
async fn an_engine_that_is_away_is_said_so_and_found_when_it_is_back() {
    let instance = TestInstance::new("10.123.3.0/24");
    let socket = std::env::temp_dir().join(format!("mosaic-test-{}.sock", std::process::id()));
    let settings = DockerSettings { socket: socket.clone(), ..DockerSettings::default() };
    let docker = DockerContainers::new(settings);
    assert!(matches!(docker.engine().await, Err(ContainerError::EngineAway(_))));
    // A socket file without a listener, as after a crash of the engine.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let refused = docker.engine().await;
    assert!(
        matches!(&refused, Err(ContainerError::EngineAway(why)) if why.contains("refused")),
        "{refused:?}"
    );
    std::fs::remove_file(&socket).unwrap();
    std::os::unix::fs::symlink(PathBuf::from("/var/run/docker.sock"), &socket).unwrap();
    let engine = docker.engine().await;
    std::fs::remove_file(&socket).unwrap();
    let engine = engine.unwrap();
    assert!(engine.memory_bytes > 0 && engine.runtimes.contains(&"runc".to_owned()), "{engine:?}");
    drop(instance);
}
