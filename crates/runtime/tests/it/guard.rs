//! The guard: each target answers without it, and is then tried with it.

use crate::{
    harness::{TestInstance, inside, request, run, shell},
    lan::{CARRIER, CLOUD, INTERNET, LINK_LOCAL, Lan},
};
use domain::{
    InstanceId,
    containers::{ContainerSpec, ContainerState, NetworkPolicy},
};
use runtime::guard::{Guard, GuardConfig, GuardStatus, read_host_resolvers};
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, SocketAddrV4, ToSocketAddrs},
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    net::TcpListener,
    sync::{Mutex, MutexGuard},
    task::JoinHandle,
};
use uuid::Uuid;

/// Whether the target answers, asked from inside the container.
fn reaches(seen: &ContainerState, target: SocketAddrV4) -> bool {
    inside(seen, &request("nc", target)).contains("200 OK")
}

fn host_reaches(target: SocketAddrV4) -> bool {
    run("sh", &["-c", &request("busybox nc", target)]).contains("200 OK")
}

fn at(address: Ipv4Addr, port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(address, port)
}

/// A listener on all addresses of the host, on a free port.
async fn listen() -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nhost").await;
            // Closed later, because closing with an unread request resets the connection before the response is read.
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(500)).await;
                drop(stream)
            });
        }
    };
    (port, tokio::spawn(serving))
}

/// The container's own address on its bridge.
fn own_address(seen: &ContainerState) -> Ipv4Addr {
    let template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    run("docker", &["inspect", "--format", template, &seen.docker_id]).parse().unwrap()
}

/// Asks Docker's embedded DNS.
fn resolves(seen: &ContainerState, name: &str) -> bool {
    inside(seen, &format!("timeout 4 nslookup -type=a {name} && echo resolved")).ends_with("resolved")
}

/// A name that this host's resolvers know: one of those it installs packages from.
fn known_name() -> Option<String> {
    let sources =
        "cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -oE 'https?://[^/ ]+'";
    let found = run("sh", &["-c", sources]);
    let names = found.lines().filter_map(|line| line.rsplit('/').next());
    names.map(str::to_owned).find(|name| (name.as_str(), 80).to_socket_addrs().is_ok())
}

/// Two users with open networks, one with a closed one, a LAN, two listeners on the host.
struct Scene {
    instance: TestInstance,
    lan: Lan,
    guard: Guard,
    open: ContainerState,
    closed: ContainerState,
    other: ContainerState,
    open_gateway: Ipv4Addr,
    closed_gateway: Ipv4Addr,
    internal_port: u16,
    host_port: u16,
    listeners: [JoinHandle<()>; 2],
    /// The LAN's addresses exist only once, so there is one scene at a time.
    _turn: MutexGuard<'static, ()>,
}

impl Scene {
    async fn new(pool: &str) -> Self {
        static TURN: Mutex<()> = Mutex::const_new(());
        let turn = TURN.lock().await;
        let (instance, lan) = (TestInstance::new(pool), Lan::new());
        let [(internal_port, internal), (host_port, host)] = [listen().await, listen().await];
        let spec = |generation| instance.spec(instance.owner(), generation);
        let (open, closed) = (spec(1), spec(1));
        // Published where containers could reach it without the guard.
        let other = ContainerSpec { publish_on: IpAddr::V4(lan.host), ..spec(1) };
        Self {
            guard: Guard::new(instance.id),
            open_gateway: instance.network(&open.owner, NetworkPolicy::Open).await.gateway,
            closed_gateway: instance.network(&closed.owner, NetworkPolicy::Closed).await.gateway,
            open: instance.up(&open, NetworkPolicy::Open).await,
            closed: instance.up(&closed, NetworkPolicy::Closed).await,
            other: instance.up(&other, NetworkPolicy::Open).await,
            internal_port,
            host_port,
            listeners: [internal, host],
            _turn: turn,
            instance,
            lan,
        }
    }

    fn config(&self, allowed: impl IntoIterator<Item = SocketAddrV4>) -> GuardConfig {
        GuardConfig {
            internal_port: self.internal_port,
            resolvers: BTreeSet::from([self.lan.private]),
            allowed: allowed.into_iter().collect(),
        }
    }

    /// The targets that no policy allows. All of them answer without the guard.
    fn forbidden(&self, gateway: Ipv4Addr) -> Vec<(&'static str, SocketAddrV4)> {
        let published = self.other.address.unwrap().port();
        vec![
            ("another port of the host, by the bridge", at(gateway, self.host_port)),
            ("another port of the host, by the LAN", at(self.lan.host, self.host_port)),
            ("another user's published port", at(self.lan.host, published)),
            ("a neighbour on the LAN", at(self.lan.private, 80)),
            ("a link-local address", at(LINK_LOCAL, 80)),
            ("a carrier's inner address", at(CARRIER, 80)),
            ("a cloud's inner address", at(CLOUD, 80)),
        ]
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.listeners.iter().for_each(JoinHandle::abort);
        delete_table(&table(&self.instance));
    }
}

/// The name of the instance's table, by the tag in its bridges' names.
fn table(instance: &TestInstance) -> String {
    let ids = instance.ids(&["network", "ls", "-q"]);
    let option = "{{index .Options \"com.docker.network.bridge.name\"}}";
    let bridge = run("docker", &["network", "inspect", "--format", option, &ids[0]]);
    format!("mosaic_guard_{}", &bridge[4..7])
}

fn delete_table(table: &str) {
    run("nft", &["delete", "table", "inet", table]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_matrix() {
    let scene = Scene::new("10.126.0.0/24").await;
    let internal =
        [at(scene.open_gateway, scene.internal_port), at(scene.closed_gateway, scene.internal_port)];
    let neighbour = at(own_address(&scene.other), 18789);
    let internet = at(INTERNET, 80);

    // Without the guard all targets answer. (Docker itself separates bridges, so the host connects to the neighbour.)
    for (what, target) in scene.forbidden(scene.open_gateway) {
        assert!(reaches(&scene.open, target), "{what} ({target}) does not answer in the first place");
    }
    for (what, target) in scene.forbidden(scene.closed_gateway) {
        assert!(reaches(&scene.closed, target), "{what} ({target}) does not answer in the first place");
    }
    assert!(reaches(&scene.closed, internet) && reaches(&scene.closed, at(scene.lan.private, 53)));
    assert!(host_reaches(neighbour));
    assert!(scene.lan.reaches(at(scene.lan.host, scene.host_port)), "the LAN reaches the host");

    scene.guard.apply(&scene.config([])).await.unwrap();
    assert!(reaches(&scene.open, internal[0]) && reaches(&scene.closed, internal[1]), "the internal port");
    assert!(reaches(&scene.open, internet), "the internet is open to an open network");
    assert!(!reaches(&scene.closed, internet), "and closed to a closed one");
    assert!(reaches(&scene.open, at(scene.lan.private, 53)), "the host's resolver");
    assert!(!reaches(&scene.closed, at(scene.lan.private, 53)), "names are a way out too");
    for (what, target) in scene.forbidden(scene.open_gateway) {
        assert!(!reaches(&scene.open, target), "open network reaches {what} ({target})");
    }
    for (what, target) in scene.forbidden(scene.closed_gateway) {
        assert!(!reaches(&scene.closed, target), "closed network reaches {what} ({target})");
    }
    assert!(
        !reaches(&scene.open, neighbour) && !reaches(&scene.closed, neighbour),
        "another user's container"
    );
    // Engines before 28 let a LAN host with a route reach a published port at the container's address.
    assert!(!scene.lan.reaches(neighbour), "the LAN reaches an agent");
    let published = at(scene.lan.host, scene.other.address.unwrap().port());
    assert!(host_reaches(published), "Mosaic itself still reaches the agent");
}

#[tokio::test(flavor = "multi_thread")]
async fn allowed_pairs_come_and_go() {
    let scene = Scene::new("10.126.1.0/24").await;
    let (allowed, beside) = (at(scene.lan.private, 80), at(scene.lan.private, 81));
    // A model server on the host, and a mistake: another agent's address can never be allowed.
    let on_host = at(scene.lan.host, scene.host_port);
    let neighbour = at(own_address(&scene.other), 18789);
    scene.guard.apply(&scene.config([allowed, on_host, neighbour])).await.unwrap();
    for seen in [&scene.open, &scene.closed] {
        assert!(reaches(seen, allowed) && reaches(seen, on_host));
        assert!(!reaches(seen, beside) && !reaches(seen, neighbour));
    }

    // An open connection is cut when its target is no longer allowed.
    let ask = |wait: u8| {
        let slowly = format!(
            "(echo -n 'GET / HTTP/1.0'; sleep {wait}; echo; echo) | timeout 6 nc {} 80",
            allowed.ip()
        );
        let seen = scene.open.clone();
        tokio::task::spawn_blocking(move || inside(&seen, &slowly))
    };
    assert!(ask(2).await.unwrap().ends_with("lan"), "a slow request is answered while it is allowed");
    let cut = ask(2);
    tokio::time::sleep(Duration::from_secs(1)).await;
    scene.guard.apply(&scene.config([])).await.unwrap();
    assert!(!cut.await.unwrap().contains("lan"), "it is cut with its next packet");
    assert!(!reaches(&scene.open, allowed) && !reaches(&scene.closed, on_host));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_resolve_on_an_open_network_only() {
    let scene = Scene::new("10.126.2.0/24").await;
    let config = GuardConfig { resolvers: read_host_resolvers().await, ..scene.config([]) };
    let Some(name) = known_name() else {
        eprintln!("this host resolves no name: not tried");
        return;
    };
    assert!(resolves(&scene.open, &name), "{name} does not resolve in the first place");
    scene.guard.apply(&config).await.unwrap();
    assert!(resolves(&scene.open, &name));
    assert!(!resolves(&scene.closed, &name));
    scene.guard.apply(&scene.config([])).await.unwrap();
    let private = config.resolvers.iter().all(Ipv4Addr::is_private);
    assert!(!private || !resolves(&scene.open, &name), "the resolvers' set makes the difference");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_on_one_host_keep_their_own_rules() {
    let scene = Scene::new("10.126.3.0/24").await;
    let product = TestInstance::new("10.126.4.0/24");
    let spec = product.spec(product.owner(), 1);
    let gateway = product.network(&spec.owner, NetworkPolicy::Closed).await.gateway;
    let theirs = product.up(&spec, NetworkPolicy::Closed).await;
    let guard = Guard::new(product.id);
    // The internal port of this instance is a forbidden host port of the other.
    let config = GuardConfig { internal_port: scene.host_port, ..scene.config([]) };
    guard.apply(&config).await.unwrap();
    scene.guard.apply(&scene.config([])).await.unwrap();
    let table = table(&product);

    let own = reaches(&theirs, at(gateway, scene.host_port));
    let foreign = reaches(&theirs, at(gateway, scene.internal_port));
    let ours = reaches(&scene.closed, at(scene.closed_gateway, scene.internal_port));
    scene.guard.remove().await.unwrap();
    let still = guard.status(&config).await;
    delete_table(&table);
    assert!(own && !foreign && ours);
    assert_eq!(still, Ok(GuardStatus::Enforced));
}

#[tokio::test]
async fn the_status_tells_missing_from_changed() {
    /// The first three of the last eight base-32 digits of the instance's id.
    const TAG: &str = "zzy";
    let guard = Guard::new(InstanceId::from(Uuid::from_u128(0b11111_11111_11110 << 25)));
    let config = GuardConfig {
        internal_port: 8081,
        resolvers: BTreeSet::from([Ipv4Addr::new(192, 168, 1, 1)]),
        allowed: (1..200).map(|n| at(Ipv4Addr::new(10, 0, 0, n), 11434)).collect(),
    };
    assert_eq!(guard.status(&config).await, Ok(GuardStatus::Missing));
    for _ in 0..2 {
        guard.apply(&config).await.unwrap();
        assert_eq!(guard.status(&config).await, Ok(GuardStatus::Enforced));
    }
    let other = GuardConfig { internal_port: 8082, ..config.clone() };
    let with_other_port = guard.status(&other).await;
    // An admin adds a rule by hand.
    let table = format!("mosaic_guard_{TAG}");
    shell(&format!("nft insert rule inet {table} open_out ip daddr 10.0.0.0/8 accept"));
    let with_a_hole = guard.status(&config).await;
    guard.remove().await.unwrap();
    guard.remove().await.unwrap();
    assert_eq!([with_other_port, with_a_hole], [Ok(GuardStatus::Differs), Ok(GuardStatus::Differs)]);
    assert!(!run("nft", &["list", "tables"]).contains(&table), "nothing is left behind, no model either");
    assert_eq!(guard.status(&config).await, Ok(GuardStatus::Missing));
}
