//! The `nft` command: found, fed, read.

use super::NotEnforced;
use std::{io::ErrorKind, process::Stdio};
use tokio::{fs, io::AsyncWriteExt, process::Command};

/// Bit of CAP_NET_ADMIN in the kernel's capability masks.
const NET_ADMIN: u64 = 1 << 12;

/// A usable `nft`.
pub(super) struct Nft {
    program: &'static str,
}

impl Nft {
    /// Checks that the command is there and that this process may use it.
    pub(super) async fn find() -> Result<Self, NotEnforced> {
        if !may_filter().await {
            return Err(NotEnforced::NotPermitted);
        }
        // Outside a login shell the path often lacks the second place.
        for program in ["nft", "/usr/sbin/nft"] {
            match Command::new(program).arg("--version").stdout(Stdio::null()).status().await {
                Ok(_) => return Ok(Self { program }),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(NotEnforced::Refused(error.to_string())),
            }
        }
        Err(NotEnforced::NftMissing)
    }

    /// Runs a script as one transaction: all of it or nothing.
    pub(super) async fn load(&self, script: &str) -> Result<(), NotEnforced> {
        let output = self.run(&["-f", "-"], script).await?;
        if output.status.success() { Ok(()) } else { Err(refusal(&output.stderr)) }
    }

    /// The table as the kernel has it, numbers as numbers, without counters; `None` when it is not there.
    pub(super) async fn print(&self, table: &str) -> Result<Option<String>, NotEnforced> {
        let output = self.run(&["-s", "-n", "list", "table", "inet", table], "").await?;
        if output.status.success() {
            return Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()));
        }
        if String::from_utf8_lossy(&output.stderr).contains("No such file or directory") {
            return Ok(None);
        }
        Err(refusal(&output.stderr))
    }

    async fn run(&self, arguments: &[&str], input: &str) -> Result<std::process::Output, NotEnforced> {
        let failed = |error: std::io::Error| NotEnforced::Refused(error.to_string());
        let mut child = Command::new(self.program)
            .args(arguments)
            // Its messages are read: they must not be in somebody's language.
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).await.map_err(failed)?;
        }
        child.wait_with_output().await.map_err(failed)
    }
}

/// Whether the effective capabilities of this process have NET_ADMIN.
async fn may_filter() -> bool {
    let status = fs::read_to_string("/proc/self/status").await.unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & NET_ADMIN != 0)
}

fn refusal(stderr: &[u8]) -> NotEnforced {
    let text = String::from_utf8_lossy(stderr);
    NotEnforced::Refused(text.lines().next().unwrap_or("no reason given").to_owned())
}
