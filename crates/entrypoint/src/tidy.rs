//! Between the end of the gateway and the end of the container a program of the image tidies up the state. Its output must
//! not have content of the state. After a container was killed in the middle of it, its next end completes it.

use std::process::{Command, Stdio};

use crate::say;
use crate::settings::{self, Settings};

/// Runs the program to its end. A failure costs disk space, but does not affect the stop.
pub fn run(command: &settings::Command, settings: &Settings) {
    let status = Command::new(&command.program)
        .args(&command.args)
        .env("OPENCLAW_STATE_DIR", &settings.state_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => say(&format!("the state was not tidied up: {status}")),
        Err(error) => say(&format!("{} could not be run: {error}", command.program)),
    }
}
