//! A Docker engine of a test's own, beside the machine's: one that may be restarted.

use crate::{eventually, prepared};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// Address of its default bridge, on which nothing runs.
const BRIDGE: &str = "10.79.255.1/28";

/// The engine. Its default bridge is one of its own (an engine that is to have none removes the machine's `docker0`), and
/// it leaves the packet filter alone; ports are published by its own proxy.
pub struct OwnEngine {
    daemon: Option<Child>,
    bridge: String,
    socket: PathBuf,
    folder: TempDir,
}

impl OwnEngine {
    /// Starts it with one image of the machine's engine.
    pub async fn start_with(image: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("docker.sock");
        fs::write(folder.path().join("daemon.json"), "{}").unwrap();
        let bridge = format!("mst-{}", &uuid::Uuid::now_v7().simple().to_string()[24..]);
        ip(&["link", "add", &bridge, "type", "bridge"]);
        ip(&["addr", "add", BRIDGE, "dev", &bridge]);
        let mut engine = Self { daemon: None, bridge, socket, folder };
        engine.start().await;
        let mut save = Command::new("docker").args(["save", image]).stdout(Stdio::piped()).spawn().unwrap();
        let load = engine.command(&["load"]).stdin(save.stdout.take().unwrap()).output().unwrap();
        assert!(save.wait().unwrap().success() && load.status.success(), "{load:?}");
        engine
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Runs `docker` against it; a failure is the test's.
    pub fn docker(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Starts its daemon (again) and waits until it answers.
    pub async fn start(&mut self) {
        assert!(self.daemon.is_none(), "it runs");
        let at = |name: &str| self.folder.path().join(name).to_string_lossy().into_owned();
        let log = fs::File::options().create(true).append(true).open(at("log")).unwrap();
        let daemon = Command::new("dockerd")
            .args(["--config-file", &at("daemon.json"), "--pidfile", &at("pid"), "--data-root", &at("data")])
            .args(["--exec-root", &at("exec"), "-H", &format!("unix://{}", self.socket.display())])
            .args(["--bridge", &self.bridge, "--iptables=false", "--ip-masq=false"])
            .args([
                "--containerd-namespace",
                "mosaic-test",
                "--containerd-plugins-namespace",
                "mosaic-test-plugins",
            ])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("dockerd is installed");
        self.daemon = Some(daemon);
        eventually("the engine answers", || async {
            self.command(&["info"]).output().unwrap().status.success().then_some(())
        })
        .await;
    }

    /// SIGTERM, as an update of its package sends it: it ends the containers first.
    pub fn stop(&mut self) {
        let mut daemon = self.daemon.take().expect("it runs");
        let ended = Command::new("kill").arg(daemon.id().to_string()).status().unwrap();
        assert!(ended.success());
        daemon.wait().unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.arg("-H").arg(format!("unix://{}", self.socket.display())).args(args);
        command
    }

    fn clear(&self) {
        let run = format!("label=mosaic.test={}", prepared("MOSAIC_TEST_RUN"));
        let containers: (&[&str], &[&str]) = (&["ps", "-a"], &["rm", "-f"]);
        let networks: (&[&str], &[&str]) = (&["network", "ls"], &["network", "rm"]);
        for (list, remove) in [containers, networks] {
            let listed = self.command(list).args(["--filter", &run, "--format", "{{.ID}}"]).output().unwrap();
            for id in String::from_utf8_lossy(&listed.stdout).lines() {
                let _ = self.command(remove).arg(id).output();
            }
        }
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        if self.daemon.is_some() {
            self.clear();
            self.stop();
        }
        let _ = Command::new("ip").args(["link", "del", &self.bridge]).output();
    }
}

fn ip(args: &[&str]) {
    let done = Command::new("ip").args(args).output().unwrap();
    assert!(done.status.success(), "ip {args:?}: {}", String::from_utf8_lossy(&done.stderr));
}
