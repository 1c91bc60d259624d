//! One Mosaic instance per test, with its own id and pool. It is removed at the end, also after a panic.

use crate::image::TestImage;
use domain::{
    Clock, ContainerId, InstanceId, SystemClock, UserId,
    containers::{
        ContainerSpec, ContainerState, Containers, InternalEndpoint, Network, NetworkPolicy, Owner,
    },
    image::PinnedImage,
    limits::Limits,
};
use ipnet::Ipv4Net;
use runtime::{DockerContainers, DockerSettings};
use secrecy::SecretString;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddrV4},
    process::Command,
    sync::Arc,
};

/// The gateway token of every container here.
pub const TOKEN: &str = "mgt_test";

pub struct TestInstance {
    pub id: InstanceId,
    pub docker: Arc<DockerContainers>,
    pub pool: Ipv4Net,
    pub image: Arc<TestImage>,
}

impl TestInstance {
    /// Each test needs another `pool`, because tests run in parallel.
    pub fn new(pool: &str) -> Self {
        let engine = Command::new("docker").arg("info").output().is_ok_and(|output| output.status.success());
        assert!(engine, "no Docker engine answers: run `make test`, which brings one up");
        let label = std::env::var("MOSAIC_TEST_RUN").unwrap_or_else(|_| "by-hand".into());
        let settings = DockerSettings {
            extra_labels: HashMap::from([("mosaic.test".to_owned(), label)]),
            ..DockerSettings::default()
        };
        Self {
            id: InstanceId::new(SystemClock.now()),
            docker: Arc::new(DockerContainers::new(settings)),
            pool: pool.parse().unwrap(),
            image: TestImage::shared(),
        }
    }

    /// A new user.
    pub fn owner(&self) -> Owner {
        let now = SystemClock.now();
        Owner { instance: self.id, user: UserId::new(now), container: ContainerId::new(now) }
    }

    pub fn spec(&self, owner: Owner, generation: i64) -> ContainerSpec {
        ContainerSpec {
            owner,
            generation,
            image: PinnedImage::named(&self.image.name),
            runtime: "runc".into(),
            limits: Limits { memory_mib: 64, cpu_millis: 500, pids: 64, disk_mib: 0 },
            gateway_token: SecretString::from(TOKEN),
            internal: InternalEndpoint { host: None, port: 8081 },
            config_path: "/api/internal/agent-config/x".into(),
            publish_on: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    pub async fn network(&self, owner: &Owner, policy: NetworkPolicy) -> Network {
        self.docker.ensure_network(owner, policy, self.pool).await.unwrap()
    }

    /// All steps of a start.
    pub async fn up(&self, spec: &ContainerSpec, policy: NetworkPolicy) -> ContainerState {
        let network = self.network(&spec.owner, policy).await;
        self.docker.ensure_volume(&spec.owner, 0).await.unwrap();
        self.docker.create(spec, &network).await.unwrap();
        self.docker.start(&spec.owner).await.unwrap()
    }

    /// Ids of this instance's objects: `ps -aq`, `network ls -q`, `volume ls -q`.
    pub fn ids(&self, listing: &[&str]) -> Vec<String> {
        let filter = format!("label=mosaic.instance={}", self.id);
        let listed = run("docker", &[listing, &["--filter", &filter]].concat());
        listed.lines().map(str::to_owned).collect()
    }
}

impl Drop for TestInstance {
    fn drop(&mut self) {
        for id in self.ids(&["ps", "-aq"]) {
            run("docker", &["rm", "-f", "-v", &id]);
        }
        for id in self.ids(&["network", "ls", "-q"]) {
            run("docker", &["network", "rm", &id]);
        }
        for id in self.ids(&["volume", "ls", "-q"]) {
            run("docker", &["volume", "rm", &id]);
        }
    }
}

/// Runs a program, which may fail. Returns its output.
pub fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Runs a command line that must succeed.
pub fn shell(line: &str) -> String {
    let output = Command::new("sh").args(["-c", line]).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}\n{errors}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Runs a command line inside the container as the agent's user. Returns its output with errors.
pub fn inside(seen: &ContainerState, line: &str) -> String {
    run("docker", &["exec", &seen.docker_id, "sh", "-c", &format!("{{ {line}\n}} 2>&1")])
}

/// A property of the container by a Go template of Docker's command line.
pub fn inspect(seen: &ContainerState, template: &str) -> String {
    run("docker", &["inspect", "--format", template, &seen.docker_id])
}

/// A shell command line that requests a page from `target`. (The `wget` of a static busybox fails in the
/// system's name service, also for an address.)
pub fn request(nc: &str, target: SocketAddrV4) -> String {
    format!("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | timeout 4 {nc} -w 2 {} {}", target.ip(), target.port())
}
