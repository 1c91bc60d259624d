//! The network isolation of agents, checked by Mosaic's self-test and from inside a user's container.

use serde_json::{Value, json};
use std::net::{TcpListener, ToSocketAddrs};
use tests::{Mosaic, Person, docker, eventually, prepared};

/// Runs the self-test; returns its report.
async fn run_self_test(admin: &Person) -> Value {
    let asked = admin.post("/api/fleet/self-test", &json!({})).await;
    assert_eq!(asked.status, 202, "{:?}", asked.body);
    wait_for_report(admin, asked.body["jobId"].as_str().unwrap()).await
}

async fn wait_for_report(admin: &Person, job: &str) -> Value {
    eventually("the self-test has a result", || async {
        let report = admin.get("/api/fleet/self-test").await.body;
        assert_eq!(report["jobId"], job);
        assert_ne!(report["state"], "failed", "{report}");
        (report["state"] == "done").then_some(report)
    })
    .await
}

/// The outcomes of one check, from the open network and from the closed one.
fn outcomes(report: &Value, name: &str) -> Vec<(String, bool)> {
    let checks = report["checks"].as_array().unwrap().iter().filter(|check| check["name"] == name);
    let found: Vec<_> = checks
        .map(|check| (check["outcome"].as_str().unwrap().to_owned(), check["passed"].as_bool().unwrap()))
        .collect();
    assert!(found.len() >= 2, "{name} is checked from both networks: {report}");
    found
}

/// A name that this host can resolve: one of its package sources.
fn resolvable_name() -> Option<String> {
    let list = "cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -oE 'https?://[^/ ]+'";
    let found = std::process::Command::new("sh").args(["-c", list]).output().unwrap().stdout;
    let found = String::from_utf8(found).unwrap();
    let names = found.lines().filter_map(|line| line.rsplit('/').next());
    names.map(str::to_owned).find(|name| (name.as_str(), 80).to_socket_addrs().is_ok())
}

/// Adds a name to the allowed hosts, so that the self-test has one that resolves here.
async fn allow_host(admin: &Person, name: &str) {
    let settings = admin.get("/api/settings").await;
    let mut hosts = settings.body["allowedHosts"].clone();
    hosts.as_array_mut().unwrap().push(json!({ "host": name, "port": 80 }));
    let version = settings.headers["etag"].to_str().unwrap();
    let done =
        admin.patch_with("/api/settings", &json!({ "allowedHosts": hosts }), &[("If-Match", version)]).await;
    assert_eq!(done.status, 200, "{:?}", done.body);
}

/// Which targets respond to a probe as root inside a container.
fn probe_targets(container: &str, targets: &[&str]) -> Vec<bool> {
    let probe = ["exec", "-u", "0", container, "/mosaic-entrypoint", "probe", "reach"];
    let lines = docker(&[&probe, targets].concat());
    let answered = |target: &&str| {
        let line = lines.lines().find(|line| line.contains(&format!("\"{target}\""))).unwrap();
        line.contains("\"answered\":true")
    };
    targets.iter().map(answered).collect()
}

fn address(container: &str, template: &str) -> String {
    docker(&[
        "inspect",
        "-f",
        &format!("{{{{range .NetworkSettings.Networks}}}}{template}{{{{end}}}}"),
        container,
    ])
}

#[tokio::test]
async fn the_self_test_finds_missing_isolation_and_with_the_guard_only_permitted_targets_are_reachable() {
    let mut mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let known = resolvable_name();
    if let Some(name) = &known {
        allow_host(&admin, name).await;
    }
    assert_eq!(admin.get("/api/fleet/self-test").await.status, 204, "no self-test has run yet");
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    let admin_containers = mosaic.containers().await;
    let bob = mosaic.user_with_agent("bob").await;
    assert_eq!(bob.ask_in_new_chat("hello").await["status"], "done");
    let bobs = mosaic.containers().await.into_iter().find(|name| !admin_containers.contains(name)).unwrap();
    let before = mosaic.count_objects().await;

    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let gateway = address(&bobs, "{{.Gateway}}");
    let host_port = format!("tcp:{gateway}:{}", listener.local_addr().unwrap().port());
    let neighbour = format!("tcp:{}:18789", address(&admin_containers[0], "{{.IPAddress}}"));
    let internal = format!("tcp:{gateway}:{}", mosaic.internal_port());
    let model = format!("tcp:{}", mosaic.llm.url().trim_start_matches("http://"));
    let targets = [host_port.as_str(), &neighbour, &internal, &model];
    assert_eq!(
        probe_targets(&bobs, &targets),
        [true, false, true, true],
        "without the guard the host is reachable"
    );

    let open = run_self_test(&admin).await;
    assert_eq!(open["enforced"], false, "{open}");
    assert!(open["summary"].as_str().unwrap().starts_with("NOT ENFORCED"), "{open}");
    assert!(
        outcomes(&open, "another port of the host").iter().all(|seen| *seen == ("allowed".into(), false))
    );

    mosaic.start_guard().await;
    let closed = run_self_test(&admin).await;
    assert_eq!(closed["enforced"], true, "{closed}");
    for name in [
        "another user's container",
        "another user's published port",
        "another port of the host",
        "the public API's port",
        "the database's port",
        "the Docker engine's port",
        "the Docker engine's socket",
        "a neighbour on the local network",
        "a link-local address, as of a cloud's metadata service",
        "a carrier's inner address",
    ] {
        assert!(
            outcomes(&closed, name).iter().all(|seen| *seen == ("denied".into(), true)),
            "{name}: {closed}"
        );
    }
    for name in ["Mosaic's internal port", "a host and port that an admin allowed"] {
        let seen = outcomes(&closed, name);
        assert!(seen.iter().any(|seen| *seen == ("allowed".into(), true)), "{name}: {closed}");
        assert!(seen.iter().all(|(outcome, _)| outcome != "denied"), "{name}: {closed}");
    }
    let by_policy = [("allowed".to_owned(), true), ("denied".to_owned(), true)];
    assert_eq!(outcomes(&closed, "the internet"), by_policy, "{closed}");
    if known.is_some() {
        assert_eq!(outcomes(&closed, "names (DNS)"), by_policy, "{closed}");
    }

    assert_eq!(
        probe_targets(&bobs, &targets),
        [false, false, true, true],
        "as root inside a user's own container"
    );
    assert_eq!(bob.ask_in_new_chat("still there?").await["status"], "done");
    // The same check with `mosaic doctor` on the server.
    let port = mosaic.internal_port().to_string();
    let label = format!("mosaic.test={}", prepared("MOSAIC_TEST_RUN"));
    let (_, report) =
        mosaic.run_command(&["doctor", "--isolation", "--internal-port", &port, "--docker-label", &label]);
    assert!(report.contains("pass  isolation") && report.contains("another user's container"), "{report}");
    assert_eq!(mosaic.count_objects().await, before, "nothing is left behind");

    assert_killed_worker_leaves_no_probes(&mut mosaic, &admin).await;
    assert_eq!(mosaic.count_objects().await, before);
}

async fn assert_killed_worker_leaves_no_probes(mosaic: &mut Mosaic, admin: &Person) {
    let asked = admin.post("/api/fleet/self-test", &json!({})).await;
    let filters =
        [format!("label=mosaic.instance={}", mosaic.instance().await), "label=mosaic.probe".to_owned()];
    eventually("the probes are running", || {
        let found = docker(&["ps", "-q", "--filter", &filters[0], "--filter", &filters[1]]);
        std::future::ready((!found.is_empty()).then_some(()))
    })
    .await;
    mosaic.kill_worker(0);
    mosaic.start_worker();
    let again = wait_for_report(admin, asked.body["jobId"].as_str().unwrap()).await;
    assert_eq!(again["enforced"], true, "{again}");
}
