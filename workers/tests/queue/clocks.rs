//! Worker processes whose clock is wrong: a preloaded library shifts the time that they read.

use crate::{crashes::registry, harness::*};
use jobs::{Outcome, kinds::PruneJobs};
use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, SystemTime},
};

const SHIM_SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *t) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int rc = real(id, t);
    const char *shift = getenv("SHIFTED_CLOCK_SECONDS");
    if (rc == 0 && id == CLOCK_REALTIME && shift) t->tv_sec += atol(shift);
    return rc;
}
"#;

/// Built with the C compiler that links Rust programs.
fn shim() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("shifted-clock-{}", uuid::Uuid::now_v7().simple()));
    std::fs::create_dir_all(&folder).unwrap();
    let (source, object) = (folder.join("shim.c"), folder.join("shim.so"));
    std::fs::write(&source, SHIM_SOURCE).unwrap();
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&object).arg(&source).arg("-ldl").status();
    assert!(built.unwrap().success());
    object
}

/// A worker process whose clock is ahead (or behind).
pub struct ShiftedWorker {
    child: Child,
    shim: PathBuf,
}

impl ShiftedWorker {
    pub fn start(db: &Db, seconds: i64) -> Self {
        let shim = shim();
        let command = |test: &str| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command
                .args(["--exact", test, "--nocapture"])
                .env("QUEUE_TEST_CHILD", &db.name)
                .env("LD_PRELOAD", &shim)
                .env("SHIFTED_CLOCK_SECONDS", seconds.to_string());
            command
        };
        let output = command("clocks::shown").output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        let shown: i64 =
            shown.split("clock=").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
        assert!((shown - epoch() - seconds).abs() < 30, "the clock is shifted: {shown}");
        let child = command("clocks::child").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { child, shim }
    }
}

impl Drop for ShiftedWorker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(self.shim.parent().unwrap());
    }
}

fn epoch() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// Not a test: prints the time in the process that a test starts.
#[test]
fn shown() {
    println!("clock={} ", epoch());
}

/// Not a test: the worker process with the wrong clock.
#[tokio::test]
async fn child() {
    let Ok(name) = std::env::var("QUEUE_TEST_CHILD") else { return };
    let db = Db::open(&name).await;
    let mut own = config();
    own.lease_duration = Duration::from_secs(3);
    own.lanes = slots(4);
    let registry = registry(&db).handle(|_, _: PruneJobs| async { Outcome::Done });
    let worker = Worker::start(db.store.clone(), registry, own);
    worker.task.await.unwrap().unwrap();
}
