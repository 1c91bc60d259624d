//! The container around the binary: its directories, its environment, its gateway.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::server::{Server, TOKEN};

/// A gateway in shell: it reads its config, logs reloads like OpenClaw, prints replies, and
/// drains on TERM. `$HOME/log` has its events.
const GATEWAY: &str = r#"
log() { echo "$1" >> "$HOME/log"; }
trap 'log term; sleep 0.3; log drained; exit 7' TERM
trap 'log ended; exit 0' INT
trap 'log hup' HUP
now() { cat "$OPENCLAW_CONFIG_PATH"; }
log "started with token $OPENCLAW_GATEWAY_TOKEN"
last=$(now)
case "$last" in *broken-at-boot*)
    echo '{"level":"error","message":"Gateway failed to start: Invalid config at /x: broken"}' >&2; exit 78;;
esac
while :; do
    if [ "$(now)" != "$last" ]; then
        last=$(now)
        case "$last" in
        *silent*) ;;
        *late*) (sleep 6; echo '{"level":"warn","subsystem":"gateway/reload","message":"config reload skipped (invalid config): late"}' >&2) &;;
        *nonsense*) echo '{"level":"warn","subsystem":"gateway/reload","message":"config reload skipped (invalid config): : Unrecognized key: \"nonsense\" & more"}' >&2;;
        *) echo '{"level":"info","subsystem":"gateway/reload","message":"config hot reload applied (x)"}';;
        esac
        echo '{"level":"info","message":"the secret reply"}'
        echo '{"level":"error","subsystem":"agent/embedded","message":"the secret error"}' >&2
    fi
    sleep 0.05
done
"#;

/// A running entry process.
pub struct Container {
    pub child: Child,
    dir: TempDir,
}

impl Container {
    pub fn start(server: &Server) -> Self {
        Self::start_with(&server.url, TOKEN)
    }

    pub fn start_with(url: &str, token: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("gateway.sh"), GATEWAY).unwrap();
        let tidy =
            "echo \"tidied up $OPENCLAW_STATE_DIR after: $(tail -n 1 $HOME/log)\" >> $HOME/log; exit 3";
        fs::write(dir.path().join("tidy.sh"), tidy).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_mosaic-entrypoint"))
            .env("MOSAIC_CONFIG_URL", url)
            .env("OPENCLAW_GATEWAY_TOKEN", token)
            .env("OPENCLAW_CONFIG_PATH", dir.path().join("run/openclaw.json"))
            .env("OPENCLAW_STATE_DIR", dir.path().join("data"))
            .env("MOSAIC_GATEWAY_CMD", format!("sh {}/gateway.sh", dir.path().display()))
            .env("MOSAIC_TIDY_CMD", format!("sh {}/tidy.sh", dir.path().display()))
            .env("HOME", dir.path())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(dir.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        Self { child, dir }
    }

    pub fn config(&self) -> PathBuf {
        self.dir.path().join("run/openclaw.json")
    }

    pub fn state(&self, path: &str) -> PathBuf {
        self.dir.path().join("data").join(path)
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    pub fn stderr(&self) -> String {
        fs::read_to_string(self.dir.path().join("stderr")).unwrap()
    }

    pub fn until(&self, what: &str, done: impl Fn(&Self) -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while !done(self) {
            assert!(Instant::now() < until, "{what}: {}\n{}", self.log(), self.stderr());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn until_started(&self) {
        self.until("the gateway should start", |one| one.log().contains("started"));
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    pub fn exit_code(&mut self) -> Option<i32> {
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it should have ended: {}", self.stderr());
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // With TERM, so that the container's gateway ends too.
        if let Ok(None) = self.child.try_wait() {
            self.signal("-TERM");
            drop(self.child.wait());
        }
    }
}
