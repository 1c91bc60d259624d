//! A Docker engine of a test's own, beside the machine's: one that may be restarted, killed, or left without space.

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

/// How many there may be at once: engines do not know each other's networks, so each has its own place.
const PLACES: u8 = 16;
/// A clean-up behind a test that failed asks so often, ten times a second, whether the engine is there again.
const REVIVAL: usize = 300;

/// The engine. Its default bridge is one of its own (an engine that is to have none removes the machine's `docker0`), and
/// it leaves the packet filter alone; ports are published by its own proxy.
pub struct OwnEngine {
    daemon: Option<Child>,
    bridge: Bridge,
    socket: PathBuf,
    folder: TempDir,
    disk: Option<Disk>,
}

/// Its default bridge, on which nothing runs. Its address keeps the place.
struct Bridge {
    name: String,
    place: u8,
}

impl OwnEngine {
    /// Starts it with one image of the machine's engine.
    pub async fn start_with(image: &str) -> Self {
        Self::start_as(image, &json!({}), None).await
    }

    /// The same with settings in its `daemon.json`, and its data on a disk of its own.
    pub async fn start_as(image: &str, settings: &Value, disk: Option<Disk>) -> Self {
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

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Subnets that nobody else on this machine has.
    pub fn pool(&self) -> String {
        format!("10.79.{}.0/24", self.bridge.place)
    }

    /// The disk that was given to it.
    pub fn disk(&self) -> &Disk {
        self.disk.as_ref().expect("it has one of its own")
    }

    /// Runs `docker` against it; a failure is the test's.
    pub fn docker(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// How many containers, networks and volumes of this test run it has.
    pub fn objects(&self) -> (usize, usize, usize) {
        let run = format!("label=mosaic.test={}", prepared("MOSAIC_TEST_RUN"));
        let count = |list: &[&str]| self.docker(&[list, &["-q", "--filter", &run]].concat()).lines().count();
        (count(&["ps", "-a"]), count(&["network", "ls"]), count(&["volume", "ls"]))
    }

    /// Starts its daemon (again) and waits until it answers.
    pub async fn start(&mut self) {
        self.launch();
        eventually("the engine answers", || async { self.answers().then_some(()) }).await;
    }

    /// SIGTERM, as an update of its package sends it: it ends the containers first, unless it is set to let them live.
    pub fn stop(&mut self) {
        let mut daemon = self.daemon.take().expect("it runs");
        let ended = Command::new("kill").arg(daemon.id().to_string()).status().unwrap();
        assert!(ended.success());
        daemon.wait().unwrap();
    }

    /// SIGKILL, as the kernel sends it that has no memory left. What watches over containers dies with it, and so does
    /// whatever forwards their ports; the containers themselves live on.
    pub fn crash(&mut self) {
        let mut daemon = self.daemon.take().expect("it runs");
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        // The next daemon takes a process that nobody has waited for yet for a living one.
        let _ = fs::remove_file(self.at("exec/containerd/containerd.pid"));
    }

    /// The same for all that it had started, at one blow.
    pub fn power_cut(&mut self) {
        self.crash();
        self.end_survivors();
    }

    fn launch(&mut self) {
        assert!(self.daemon.is_none(), "it runs");
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

    /// What this engine has started and is not there to end: each container's keeper and its processes.
    fn end_survivors(&self) {
        let mine = self.at("exec").to_string_lossy().into_owned();
        for keeper in pgrep(&["-f", &mine]) {
            let kept = pgrep(&["-P", &keeper]);
            for process in [keeper].iter().chain(&kept) {
                // One that has ended meanwhile is what is wanted.
                let _ = Command::new("kill").args(["-KILL", process]).output();
            }
        }
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

    /// An engine that a test left dead: only the engine itself can take its networks away.
    fn revive(&mut self) {
        self.launch();
        for _ in 0..REVIVAL {
            if self.answers() {
                return;
            }
            sleep(Duration::from_millis(100));
        }
    }

    /// A daemon that was killed has unmounted nothing.
    fn unmount(&self) {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let places = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        let roots = [Some(self.folder.path()), self.disk.as_ref().map(Disk::path)];
        let mine =
            |place: &&str| roots.iter().flatten().any(|root| place.starts_with(&*root.to_string_lossy()));
        let disk = self.disk.as_ref().map(|disk| disk.path().to_string_lossy().into_owned());
        // The disk itself goes by itself, when nothing on it is in use any more.
        let below = places.filter(mine).filter(|place| disk.as_deref() != Some(*place));
        for place in below.collect::<Vec<_>>().into_iter().rev() {
            let _ = Command::new("umount").args(["-l", place]).output();
        }
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        if self.daemon.is_none() {
            self.revive();
        }
        self.clear();
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
        let address = |place: u8| format!("10.79.255.{}/28", place * 16 + 1);
        let place = (0..PLACES).find(|place| !taken.contains(&format!(" {} ", address(*place))));
        let place = place.expect("fewer engines at once");
        let name = format!("mst-{}", &uuid::Uuid::now_v7().simple().to_string()[24..]);
        ip(&["link", "add", &name, "type", "bridge"]);
        ip(&["addr", "add", &address(place), "dev", &name]);
        Self { name, place }
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
