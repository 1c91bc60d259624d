//! The embedded Postgres with a real server: set-up, persistence, crash, kill, adoption, refusals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods)] // Tests may read their environment.

use boot::postgres::{Embedded, Error, Settings, State};
use rustix::process::{Pid, Signal, getpgid, kill_process, test_kill_process};
use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Names the home folder for [`hold`] when a test starts this program again.
const HOLD: &str = "MOSAIC_TEST_HOLD";

struct Place {
    folder: TempDir,
    install: PathBuf,
}

impl Place {
    fn new() -> Self {
        let install = env::var_os("MOSAIC_TEST_POSTGRES_DIR")
            .expect("MOSAIC_TEST_POSTGRES_DIR must name an unpacked Postgres: run the tests by `make test`");
        let folder = tempfile::Builder::new().prefix("mosaic-boot.").tempdir_in("/tmp").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, install: install.into() }
    }

    fn home(&self) -> PathBuf {
        // A blank and a percent sign, which the URL must carry.
        self.folder.path().join("data 100%/postgres")
    }

    fn settings(&self) -> Settings {
        Settings { install: self.install.clone(), home: self.home(), options: vec!["fsync=off".into()] }
    }

    async fn start(&self) -> Result<Embedded, Error> {
        Embedded::start(self.settings()).await
    }

    fn sql(&self, server: &Embedded, text: &str) -> Output {
        let psql = self.install.join("bin/psql");
        Command::new(psql).args(["-XAtc", text, server.url()]).output().unwrap()
    }

    fn answer(&self, server: &Embedded, text: &str) -> String {
        let output = self.sql(server, text);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn pid(&self) -> Pid {
        let note = fs::read_to_string(self.home().join("data/postmaster.pid")).unwrap();
        Pid::from_raw(note.lines().next().unwrap().parse().unwrap()).unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.home().join("postgres.log")).unwrap()
    }
}

impl Drop for Place {
    /// A test that fails midway must not leave a server running on a folder that is about to be removed.
    fn drop(&mut self) {
        if self.home().join("data/postmaster.pid").exists() {
            let pid = self.pid();
            if fs::read_link(format!("/proc/{}/cwd", pid.as_raw_pid()))
                .is_ok_and(|at| at.starts_with(self.home()))
            {
                kill_process(pid, Signal::QUIT).ok();
                until("the server ends", || test_kill_process(pid).is_err());
            }
        }
    }
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "timed out: {what}");
        sleep(Duration::from_millis(50));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn data_is_kept_over_an_orderly_stop() {
    let place = Place::new();
    let server = place.start().await.unwrap();
    place.answer(&server, "create table kept as select 42 as answer; create extension vector");
    let first = place.pid();
    server.stop().await;
    assert!(test_kill_process(first).is_err(), "the server has ended");
    assert!(!place.home().join("data/postmaster.pid").exists());
    assert!(place.log().contains("database system is shut down"));

    let server = place.start().await.unwrap();
    assert_eq!(place.answer(&server, "select answer from kept"), "42");
    assert!(!place.log().contains("automatic recovery in progress"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_reachable_by_its_own_folder_only() {
    let place = Place::new();
    let server = place.start().await.unwrap();
    assert_eq!(place.answer(&server, "show listen_addresses"), "");
    assert_eq!(place.answer(&server, "select current_user || '@' || current_database()"), "postgres@mosaic");
    assert_eq!(place.answer(&server, "show timezone"), "UTC");
    assert_eq!(place.answer(&server, "show data_checksums"), "on");
    let pid = place.pid();
    assert_eq!(getpgid(Some(pid)).unwrap(), pid, "Ctrl-C in a terminal must not reach the server");
    for folder in ["run", "data"] {
        let mode = fs::metadata(place.home().join(folder)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn content_of_users_does_not_reach_the_servers_log() {
    let place = Place::new();
    let server = place.start().await.unwrap();
    place.answer(
        &server,
        "create table t (x text unique check (x <> 'canary-two')); insert into t values ('canary-one')",
    );
    for refused in ["'canary-one'", "'canary-two'", "'canary-three' || 1/0"] {
        assert!(!place.sql(&server, &format!("insert into t values ({refused})")).status.success());
    }
    let log = place.log();
    assert_eq!(log.matches("ERROR:").count(), 3, "{log}");
    assert!(!log.contains("canary"), "{log}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crashed_server_is_restarted() {
    let place = Place::new();
    let server = place.start().await.unwrap();
    let mut state = server.state();
    place.answer(&server, "create table kept as select 42 as answer; checkpoint");
    for _ in 0..2 {
        let crashed = place.pid();
        kill_process(crashed, Signal::KILL).unwrap();
        state.wait_for(|state| *state == State::Restarting).await.unwrap();
        let ready =
            tokio::time::timeout(Duration::from_secs(60), state.wait_for(|state| *state == State::Ready));
        ready.await.expect("it is restarted").unwrap();
        assert_ne!(place.pid(), crashed);
        assert_eq!(place.answer(&server, "select answer from kept"), "42");
    }
    server.stop().await;
    assert_eq!(*state.borrow(), State::Stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_during_a_restart_leaves_nothing_behind() {
    let place = Place::new();
    let server = place.start().await.unwrap();
    let mut state = server.state();
    kill_process(place.pid(), Signal::KILL).unwrap();
    state.wait_for(|state| *state == State::Restarting).await.unwrap();
    server.stop().await;
    assert_eq!(*state.borrow(), State::Stopped);
    sleep(Duration::from_secs(1));
    let left = fs::read_to_string(place.home().join("data/postmaster.pid")).unwrap_or_default();
    let pid = left.lines().next().and_then(|pid| Pid::from_raw(pid.parse().ok()?));
    assert!(pid.is_none_or(|pid| test_kill_process(pid).is_err()), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_server_is_told_to_stop() {
    let place = Place::new();
    let server = place.start().await.unwrap();
    let pid = place.pid();
    drop(server);
    until("the server ends", || test_kill_process(pid).is_err());
    assert!(place.log().contains("fast shutdown request"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_sender_tells_the_current_server_to_stop() {
    let place = Place::new();
    let server = place.start().await.unwrap();
    let mut state = server.state();
    kill_process(place.pid(), Signal::KILL).unwrap();
    state.wait_for(|state| *state == State::Restarting).await.unwrap();
    state.wait_for(|state| *state == State::Ready).await.unwrap();
    let pid = place.pid();
    server.stop_sender().send();
    until("the server ends", || fs::read_link(format!("/proc/{}/cwd", pid.as_raw_pid())).is_err());
    assert!(place.log().contains("received fast shutdown request"));
    server.stop().await;
}

#[test]
fn a_runtime_that_ends_takes_the_server_along() {
    let place = Place::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(place.start()).unwrap();
    let pid = place.pid();
    drop(runtime);
    // Its parent never waits for it again, so that it stays a zombie. The log shows that it has ended.
    until("the server ends", || place.log().contains("database system is shut down"));
    drop(server);
    assert!(fs::read_link(format!("/proc/{}/cwd", pid.as_raw_pid())).is_err());
}

/// Not a test of its own: started by [`a_killed_mosaic_leaves_a_server_that_the_next_one_adopts`].
#[tokio::test(flavor = "multi_thread")]
async fn hold() {
    let Some(home) = env::var_os(HOLD) else { return };
    let install = env::var_os("MOSAIC_TEST_POSTGRES_DIR").unwrap().into();
    let settings = Settings { install, home: PathBuf::from(home), options: vec!["fsync=off".into()] };
    let _server = Embedded::start(settings).await.unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_mosaic_leaves_a_server_that_the_next_one_adopts() {
    let place = Place::new();
    let mut mosaic = Command::new(env::current_exe().unwrap())
        .args(["hold", "--exact", "--nocapture"])
        .env(HOLD, place.home())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let psql = |server: &str| {
        Command::new(place.install.join("bin/psql")).args(["-XAtc", "select 1", server]).output()
    };
    let url = format!("postgres://postgres@localhost/mosaic?host={}", encoded(&place.home().join("run")));
    until("the first Mosaic's server answers", || psql(&url).unwrap().status.success());

    let refused = place.start().await.unwrap_err();
    assert!(matches!(refused, Error::InUse(_)), "{refused}");

    let pid = place.pid();
    mosaic.kill().unwrap();
    mosaic.wait().unwrap();
    assert!(test_kill_process(pid).is_ok(), "the server keeps running");

    let server = place.start().await.unwrap();
    assert_eq!(place.pid(), pid, "adopted, not started anew");
    assert_eq!(place.answer(&server, "select 1"), "1");

    // An adopted server is supervised like any other.
    let mut state = server.state();
    kill_process(pid, Signal::KILL).unwrap();
    state.wait_for(|state| *state == State::Restarting).await.unwrap();
    state.wait_for(|state| *state == State::Ready).await.unwrap();
    assert_eq!(place.answer(&server, "select 1"), "1");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adopted_server_stops_too() {
    let place = Place::new();
    let mut mosaic = Command::new(env::current_exe().unwrap())
        .args(["hold", "--exact"])
        .env(HOLD, place.home())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("a server runs", || place.home().join("data/postmaster.pid").exists());
    // At once: possibly before the server answers or has written all of its pid file.
    mosaic.kill().unwrap();
    mosaic.wait().unwrap();
    let server = place.start().await.unwrap();
    let pid = place.pid();
    server.stop().await;
    assert!(fs::read_link(format!("/proc/{}/cwd", pid.as_raw_pid())).is_err(), "it has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn remains_of_an_interrupted_start_do_no_harm() {
    let place = Place::new();
    let draft = place.home().join("data.new");
    fs::create_dir_all(&draft).unwrap();
    fs::write(draft.join("PG_VERSION"), "half").unwrap();
    place.start().await.unwrap().stop().await;
    assert!(!draft.exists());

    // After a reboot the pid in the file belongs to another process: here to this one.
    let note =
        format!("{}\n{}\n1\n5432\n/elsewhere\n\n  1  2\nready\n", std::process::id(), place.home().display());
    fs::write(place.home().join("data/postmaster.pid"), note).unwrap();
    let server = place.start().await.unwrap();
    assert_eq!(place.answer(&server, "select 1"), "1");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_another_major_version_is_refused_and_left_alone() {
    let place = Place::new();
    place.start().await.unwrap().stop().await;
    let version = place.home().join("data/PG_VERSION");
    fs::write(&version, "11\n").unwrap();
    let refused = place.start().await.unwrap_err();
    let text = refused.to_string();
    assert!(matches!(refused, Error::OtherMajor { .. }), "{text}");
    assert!(text.contains("is of Postgres 11") && text.contains("pg_dumpall"), "{text}");
    assert_eq!(fs::read_to_string(&version).unwrap(), "11\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_work_is_refused_with_a_remedy() {
    let place = Place::new();
    let start = |settings| async { Embedded::start(settings).await.unwrap_err().to_string() };

    let text = start(Settings { install: "/nowhere".into(), ..place.settings() }).await;
    assert!(text.contains("no Postgres in /nowhere") && text.contains("make up"), "{text}");

    let deep = place.folder.path().join("d".repeat(90));
    let text = start(Settings { home: deep, ..place.settings() }).await;
    assert!(text.contains("choose a shorter data folder"), "{text}");

    let options = vec!["shared_buffers=nonsense".into()];
    let text = start(Settings { options, ..place.settings() }).await;
    assert!(text.contains("shared_buffers") && text.contains("postgres.log"), "{text}");

    if rustix::process::geteuid().is_root() {
        let closed = place.folder.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let text = start(Settings { home: closed.join("postgres"), ..place.settings() }).await;
        assert!(text.contains(&format!("chmod a+x {}", closed.display())), "{text}");
    }
}

fn encoded(path: &Path) -> String {
    path.to_str().unwrap().replace('%', "%25").replace(' ', "%20")
}
