//! A Docker engine that belongs to one test, beside the machine's own. The test may restart it, kill it, or fill its
//! disk.

use crate::{Disk, eventually, prepared};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    thread::sleep,
    time::Duration,
};
use tempfile::TempDir;

/// How many may run at once. Engines do not know each other's networks, so each has its own range of addresses.
const MAX_ENGINES: u8 = 16;
/// How often the clean-up after a failed test checks, ten times a second, whether the engine answers again.
const RESTART_CHECKS: usize = 300;

/// The engine. It has its own default bridge (an engine without a bridge removes the machine's `docker0`) and does not
/// change the packet filter; its own proxy publishes ports.
pub struct OwnEngine {
    daemon: Option<Child>,
    bridge: Bridge,
    socket: PathBuf,
    folder: TempDir,
    disk: Option<Disk>,
}

/// Its default bridge, on which no container runs. The bridge's address reserves the range.
struct Bridge {
    name: String,
    range: u8,
}

impl OwnEngine {
    /// Starts an engine with one image of the machine's engine.
    pub async fn start_with(image: &str) -> Self {
        Self::start_with_settings(image, &json!({}), None).await
    }

    /// The same, with settings in its `daemon.json` and its data on a disk of its own.
    pub async fn start_with_settings(image: &str, settings: &Value, disk: Option<Disk>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("docker.sock");
        fs::write(folder.path().join("daemon.json"), settings.to_string()).unwrap();
        let bridge = Bridge::add();
        let mut engine = Self { daemon: None, bridge, socket, folder, disk };
        engine.start().await;
        let mut save = Command::new("docker").args(["save", image]).stdout(Stdio::piped()).spawn().unwrap();
        let load = engine.command(&["load"]).stdin(save.stdout.take().unwrap()).output().unwrap();
        assert!(save.wait().unwrap().success() && load.status.success(), "{load:?}");
        engine
    }

    /// Its socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Subnets that no other process on this machine uses.
    pub fn pool(&self) -> String {
        format!("10.79.{}.0/24", self.bridge.range)
    }

    /// The disk that it was started with.
    pub fn disk(&self) -> &Disk {
        self.disk.as_ref().expect("the engine was started with a disk")
    }

    /// Runs `docker` on this engine. A failure fails the test.
    pub fn docker(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// How many containers, networks and volumes of this test run the engine has.
    pub fn count_objects(&self) -> (usize, usize, usize) {
        let run = format!("label=mosaic.test={}", prepared("MOSAIC_TEST_RUN"));
        let count = |list: &[&str]| self.docker(&[list, &["-q", "--filter", &run]].concat()).lines().count();
        (count(&["ps", "-a"]), count(&["network", "ls"]), count(&["volume", "ls"]))
    }

    /// Starts its daemon (again) and waits until it answers.
    pub async fn start(&mut self) {
        self.launch();
        eventually("the engine answers", || async { self.answers().then_some(()) }).await;
    }

    /// Sends SIGTERM, as an update of the engine's package does. The engine ends the containers first, unless its
    /// settings keep them running.
    pub fn stop(&mut self) {
        let mut daemon = self.daemon.take().expect("the engine runs");
        let ended = Command::new("kill").arg(daemon.id().to_string()).status().unwrap();
        assert!(ended.success());
        daemon.wait().unwrap();
    }

    /// Sends SIGKILL, as the kernel does when memory runs out. Its containerd and its port forwarding end with it;
    /// the containers keep running.
    pub fn crash(&mut self) {
        let mut daemon = self.daemon.take().expect("the engine runs");
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        // Otherwise the next daemon takes the process, which may not have been reaped yet, for a running one.
        let _ = fs::remove_file(self.at("exec/containerd/containerd.pid"));
    }

    /// Kills the engine and all processes that it started.
    pub fn power_cut(&mut self) {
        self.crash();
        self.end_survivors();
    }

    fn launch(&mut self) {
        assert!(self.daemon.is_none(), "the engine runs");
        let log = fs::File::options().create(true).append(true).open(self.at("log")).unwrap();
        let data = self.disk.as_ref().map_or_else(|| self.at("data"), |disk| disk.path().join("data"));
        let daemon = Command::new("dockerd")
            .arg("--config-file")
            .arg(self.at("daemon.json"))
            .arg("--pidfile")
            .arg(self.at("pid"))
            .arg("--data-root")
            .arg(data)
            .arg("--exec-root")
            .arg(self.at("exec"))
            .args(["-H", &format!("unix://{}", self.socket.display())])
            .args(["--bridge", &self.bridge.name, "--iptables=false", "--ip-masq=false"])
            .args(["--containerd-namespace", "mosaic-test"])
            .args(["--containerd-plugins-namespace", "mosaic-test-plugins"])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("dockerd is installed");
        self.daemon = Some(daemon);
    }

    fn answers(&self) -> bool {
        self.command(&["ps"]).output().unwrap().status.success()
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.arg("-H").arg(format!("unix://{}", self.socket.display())).args(args);
        command
    }

    /// Kills what this engine has started and can no longer end: each container's shim and its processes.
    fn end_survivors(&self) {
        let mine = self.at("exec").to_string_lossy().into_owned();
        for shim in pgrep(&["-f", &mine]) {
            let children = pgrep(&["-P", &shim]);
            for process in [shim].iter().chain(&children) {
                // It may have ended in the meantime.
                let _ = Command::new("kill").args(["-KILL", process]).output();
            }
        }
    }

    fn remove_objects(&self) {
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

    /// Starts an engine again that a test left dead: only the engine itself can remove its networks.
    fn restart(&mut self) {
        self.launch();
        for _ in 0..RESTART_CHECKS {
            if self.answers() {
                return;
            }
            sleep(Duration::from_millis(100));
        }
    }

    /// Unmounts what a killed daemon has left mounted.
    fn unmount(&self) {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let points = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        let roots = [Some(self.folder.path()), self.disk.as_ref().map(Disk::path)];
        let mine =
            |point: &&str| roots.iter().flatten().any(|root| point.starts_with(&*root.to_string_lossy()));
        let disk = self.disk.as_ref().map(|disk| disk.path().to_string_lossy().into_owned());
        // The disk itself is unmounted by its own value.
        let below = points.filter(mine).filter(|point| disk.as_deref() != Some(*point));
        for point in below.collect::<Vec<_>>().into_iter().rev() {
            let _ = Command::new("umount").args(["-l", point]).output();
        }
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        if self.daemon.is_none() {
            self.restart();
        }
        self.remove_objects();
        self.stop();
        self.end_survivors();
        self.unmount();
        let _ = Command::new("ip").args(["link", "del", &self.bridge.name]).output();
    }
}

impl Bridge {
    fn add() -> Self {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = ip(&["-o", "-4", "addr", "show"]);
        let address = |range: u8| format!("10.79.255.{}/28", range * 16 + 1);
        let range = (0..MAX_ENGINES).find(|range| !taken.contains(&format!(" {} ", address(*range))));
        let range = range.expect("fewer engines at once");
        let name = format!("mst-{}", &uuid::Uuid::now_v7().simple().to_string()[24..]);
        ip(&["link", "add", &name, "type", "bridge"]);
        ip(&["addr", "add", &address(range), "dev", &name]);
        Self { name, range }
    }
}

fn pgrep(args: &[&str]) -> Vec<String> {
    let output = Command::new("pgrep").args(args).output().expect("pgrep is installed");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn ip(args: &[&str]) -> String {
    let done = Command::new("ip").args(args).output().unwrap();
    assert!(done.status.success(), "ip {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}
