//! Runs the `nft` command.

use super::GuardError;
use std::{io::ErrorKind, process::Stdio};
use tokio::{fs, io::AsyncWriteExt, process::Command};

/// The bit of `CAP_NET_ADMIN` in the kernel's capability masks.
const CAP_NET_ADMIN: u64 = 1 << 12;

/// A usable `nft`.
pub(super) struct Nft {
    program: &'static str,
}

impl Nft {
    /// Checks that the command exists and that this process may use it.
    pub(super) async fn find() -> Result<Self, GuardError> {
        if !has_net_admin().await {
            return Err(GuardError::NotPermitted);
        }
        // Outside a login shell `PATH` often does not have `/usr/sbin`.
        for program in ["nft", "/usr/sbin/nft"] {
            match Command::new(program).arg("--version").stdout(Stdio::null()).status().await {
                Ok(_) => return Ok(Self { program }),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(GuardError::Refused(error.to_string())),
            }
        }
        Err(GuardError::NftMissing)
    }

    /// Runs a script as one transaction.
    pub(super) async fn load(&self, script: &str) -> Result<(), GuardError> {
        let output = self.run(&["-f", "-"], script).await?;
        if output.status.success() { Ok(()) } else { Err(refused(&output.stderr)) }
    }

    /// The table in the kernel, with numbers instead of names and without counters. `None` if it does not exist.
    pub(super) async fn list_table(&self, table: &str) -> Result<Option<String>, GuardError> {
        let output = self.run(&["-s", "-n", "list", "table", "inet", table], "").await?;
        if output.status.success() {
            return Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()));
        }
        if String::from_utf8_lossy(&output.stderr).contains("No such file or directory") {
            return Ok(None);
        }
        Err(refused(&output.stderr))
    }

    async fn run(&self, arguments: &[&str], input: &str) -> Result<std::process::Output, GuardError> {
        let failed = |error: std::io::Error| GuardError::Refused(error.to_string());
        let mut child = Command::new(self.program)
            .args(arguments)
            // Its messages are parsed, so they must not be localized.
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

/// Whether `CAP_NET_ADMIN` is among the effective capabilities of this process.
async fn has_net_admin() -> bool {
    let status = fs::read_to_string("/proc/self/status").await.unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & CAP_NET_ADMIN != 0)
}

fn refused(stderr: &[u8]) -> GuardError {
    let text = String::from_utf8_lossy(stderr);
    GuardError::Refused(text.lines().next().unwrap_or("no reason given").to_owned())
}
