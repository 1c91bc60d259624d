//! A worker behind a proxy that permits only the endpoints it needs, and containers that it must not touch.

use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;
use tests::{Mosaic, Options, docker, eventually};

/// The filter of deploy/socket-proxy, run by haproxy.
struct Proxy {
    child: Child,
    folder: TempDir,
}

impl Proxy {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/socket-proxy/haproxy.cfg");
        let child = Command::new("/usr/sbin/haproxy")
            .arg("-f")
            .arg(config)
            .env("MOSAIC_PROXY_SOCKET", folder.path().join("docker.sock"))
            .env("MOSAIC_DOCKER_SOCKET", "/var/run/docker.sock")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let proxy = Self { child, folder };
        eventually("the proxy listens", || std::future::ready(proxy.socket().exists().then_some(()))).await;
        proxy
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    /// The status of a request.
    fn status(&self, method: &str, path: &str) -> String {
        let curl = Command::new("curl")
            .args([
                "-s",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code}",
                "--max-time",
                "20",
                "-X",
                method,
                "--unix-socket",
            ])
            .arg(self.socket())
            .args(["-H", "Content-Type: application/json", "-d", "{}"])
            .arg(format!("http://engine{path}"))
            .output()
            .unwrap();
        String::from_utf8(curl.stdout).unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn everything_works_behind_a_filtering_proxy_and_foreign_containers_are_left_alone() {
    let proxy = Proxy::start().await;
    let options = Options { engine: Some(proxy.socket()), ..Options::default() };
    let mosaic = Mosaic::start_with(options).await;
    let admin = mosaic.onboarded().await;
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    let name = mosaic.containers().await.remove(0);

    assert_eq!(proxy.status("GET", "/version"), "200");
    for (method, path) in [
        ("POST", format!("/containers/{name}/exec")),
        ("POST", format!("/containers/{name}/kill")),
        ("POST", format!("/containers/{name}/attach?stream=1")),
        ("POST", format!("/v1.41/containers/{name}/update")),
        ("PUT", format!("/containers/{name}/archive?path=/data")),
        ("GET", format!("/containers/{name}/export")),
        ("POST", "/images/create?fromImage=x".into()),
        ("DELETE", "/images/mosaic-agent".into()),
        ("POST", "/build".into()),
        ("POST", "/containers/prune".into()),
        ("POST", "/volumes/prune".into()),
        ("POST", "/swarm/init".into()),
        ("GET", "/secrets".into()),
        ("POST", "/plugins/pull?remote=x".into()),
        ("GET", "/containers/../images/json".into()),
    ] {
        assert_eq!(proxy.status(method, &path), "403", "{method} {path}");
    }

    // These jobs use every endpoint that the worker needs: stop, restart, measuring, the self-test, the archive.
    let assert_job_succeeds = async |asked: tests::Reply| {
        assert_eq!(asked.status, 202, "{:?}", asked.body);
        let path = format!("/api/jobs/{}", asked.body["jobId"].as_str().unwrap());
        eventually("the job is done", || async {
            let job = admin.get(&path).await.body;
            assert!(!["failed", "dead"].contains(&job["state"].as_str().unwrap()), "{job}");
            (job["state"] == "done").then_some(())
        })
        .await;
    };
    let nothing = json!({});
    for path in [
        "/api/container/restart",
        "/api/schedules/measure-containers/run",
        "/api/schedules/sweep-containers/run",
        "/api/fleet/self-test",
        "/api/me/export",
        "/api/container/stop",
    ] {
        assert_job_succeeds(admin.post(path, &nothing).await).await;
    }
    assert!(!admin.get("/api/fleet/self-test").await.body["checks"].as_array().unwrap().is_empty());

    // A foreign container with the name of the user's own.
    let image = mosaic.options.image.clone();
    docker(&["rm", "-f", &name]);
    let foreign = docker(&["create", "--name", &name, "--label", "mosaic.generation=1", &image]);
    let turn = admin.ask_in_new_chat("hello again").await;
    let state = docker(&["inspect", "-f", "{{.State.Status}} {{.Id}}", &name]);
    docker(&["rm", "-f", &name]);
    assert_eq!(state, format!("created {foreign}"), "it was neither started nor removed");
    assert_eq!(turn["status"], "failed", "{turn}");
    assert_eq!(turn["error"]["code"], "not_ours", "{turn}");
}
