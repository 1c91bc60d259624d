//! OpenClaw's log lines in its JSON console style: info on stdout, warnings and errors on stderr,
//! and, as the real one does at every level, the full text of each reply on stdout.

use std::io::{self, Write};

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

/// The subsystem that reports config reloads.
const RELOAD: &str = "gateway/reload";

/// The full reply. The real gateway logs it too, so readers of its output must not store it.
pub fn reply(text: &str) {
    let line = json!({"time": now(), "level": "info", "message": text});
    write(io::stdout().lock(), &line);
}

/// A reload that succeeded.
pub fn reload_applied(message: &str) {
    let line = json!({"time": now(), "level": "info", "subsystem": RELOAD, "message": message});
    write(io::stdout().lock(), &line);
}

/// A reload that was refused.
pub fn reload_skipped(message: &str) {
    let line = json!({"time": now(), "level": "warn", "subsystem": RELOAD, "message": message});
    write(io::stderr().lock(), &line);
}

/// An error without a subsystem, as at boot.
pub fn error(message: &str) {
    let line = json!({"time": now(), "level": "error", "message": message});
    write(io::stderr().lock(), &line);
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, false)
}

/// A closed pipe must not stop the stand-in.
fn write(mut to: impl Write, line: &Value) {
    drop(writeln!(to, "{line}"));
}
