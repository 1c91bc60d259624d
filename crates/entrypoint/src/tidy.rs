//! The quiet moment between the gateway's end and the container's: the image's own program tidies the state up. It must
//! not speak of what it finds; a container that is killed meanwhile is tidied up at its next end.

use std::process::{Command, Stdio};

use crate::say;
use crate::settings::{self, Settings};

/// Runs it to its end. One that fails costs disk space, not the stop.
pub fn up(command: &settings::Command, settings: &Settings) {
    let done = Command::new(&command.program)
        .args(&command.args)
        .env("OPENCLAW_STATE_DIR", &settings.state_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    match done {
        Ok(status) if status.success() => {}
        Ok(status) => say(&format!("the state was not tidied up: {status}")),
        Err(error) => say(&format!("{} could not be run: {error}", command.program)),
    }
}
