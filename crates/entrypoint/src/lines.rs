//! The gateway's output, line by line: which lines may be passed on, and what they mean.
//!
//! **The rule.** The gateway prints the full text of every reply, and its warnings may quote a
//! message, a tool's arguments or a provider's answer. So a line is passed on only if its kind is
//! known to have no such content:
//!
//! 1. stdout: only the sentences of the reload subsystem (replies are on stdout).
//! 2. stderr, a JSON warning or error of a subsystem in [`SAFE_SUBSYSTEMS`]: level, subsystem, message. No
//!    other field, because fields have content.
//! 3. stderr, a JSON error without a subsystem or a plain line, with a prefix in [`FATAL_PREFIXES`]: why
//!    the gateway could not start, or why its process died.
//! 4. stderr, every other JSON warning or error: level and subsystem, without the text.
//! 5. Everything else is dropped.

use serde_json::Value;

/// Of a line that is passed on, and of a text in a report to Mosaic.
const MAX_LINE_CHARS: usize = 500;
const RELOAD_SUBSYSTEM: &str = "gateway/reload";
/// Subsystems whose messages are fixed sentences, config paths and numbers.
const SAFE_SUBSYSTEMS: [&str; 4] =
    [RELOAD_SUBSYSTEM, "session-sqlite", "sqlite/transaction", "gateway/secrets"];
/// Prefixes of the reasons why a process did not start or died.
const FATAL_PREFIXES: [&str; 7] = [
    "Gateway failed to start: ",
    "Gateway start blocked: ",
    "Invalid config at ",
    "Another Gateway owner lease is still active",
    "waiting for gateway-lifecycle ownership",
    "gateway requires state migration",
    "FATAL ERROR: ",
];
const APPLIED_PREFIXES: [&str; 3] = [
    "config hot reload applied (",
    "config change applied (",
    // It is valid, and will be in force when the running chats have ended.
    "config change requires gateway restart (",
];
const INVALID_PREFIX: &str = "config reload skipped (invalid config): ";
const REFUSED_PREFIXES: [&str; 5] = [
    "config reload skipped (",
    "config reload failed: ",
    "config reload disabled (",
    "config restart failed: ",
    "config hot reload failed before commit ",
];

/// Which of the gateway's outputs a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Stdout,
    Stderr,
}

/// What a line says about the config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigEvent {
    /// The last written config is in force, or will be.
    Applied,
    /// The last written config is not in force, for this reason.
    Refused(String),
    /// The gateway could not start, or died, for this reason.
    Fatal(String),
}

/// What to do with a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LineVerdict {
    /// The text to pass on.
    pub output: Option<String>,
    /// What the follower gets.
    pub event: Option<ConfigEvent>,
}

pub fn classify(source: Source, line: &str) -> LineVerdict {
    let Ok(Value::Object(fields)) = serde_json::from_str(line) else {
        return match source {
            Source::Stdout => LineVerdict::default(),
            Source::Stderr => fatal(without_time(line)),
        };
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let (level, subsystem, message) = (text("level"), text("subsystem"), text("message"));
    let is_problem = matches!(level, "warn" | "error" | "fatal");
    let reload = (subsystem == RELOAD_SUBSYSTEM).then(|| reload_event(message)).flatten();
    match source {
        Source::Stdout => LineVerdict {
            output: reload.is_some().then(|| format_line(level, subsystem, message)),
            event: reload,
        },
        Source::Stderr if !is_problem => LineVerdict::default(),
        Source::Stderr if SAFE_SUBSYSTEMS.contains(&subsystem) => {
            LineVerdict { output: Some(format_line(level, subsystem, message)), event: reload }
        }
        Source::Stderr => match fatal(message) {
            LineVerdict { output: None, .. } => LineVerdict {
                output: Some(format_line(level, subsystem, "(text withheld: it may quote a message)")),
                event: None,
            },
            fatal => fatal,
        },
    }
}

fn reload_event(message: &str) -> Option<ConfigEvent> {
    let has_prefix = |prefixes: &[&str]| prefixes.iter().any(|prefix| message.starts_with(prefix));
    if has_prefix(&APPLIED_PREFIXES) {
        return Some(ConfigEvent::Applied);
    }
    if let Some(issues) = message.strip_prefix(INVALID_PREFIX) {
        return Some(ConfigEvent::Refused(truncate(issues)));
    }
    has_prefix(&REFUSED_PREFIXES).then(|| ConfigEvent::Refused(truncate(message)))
}

fn fatal(message: &str) -> LineVerdict {
    if !FATAL_PREFIXES.iter().any(|start| message.starts_with(start)) {
        return LineVerdict::default();
    }
    LineVerdict {
        output: Some(format_line("error", "gateway", message)),
        event: Some(ConfigEvent::Fatal(truncate(message))),
    }
}

fn format_line(level: &str, subsystem: &str, message: &str) -> String {
    let subsystem = if subsystem.is_empty() { "gateway" } else { subsystem };
    truncate(&format!("openclaw {level} [{subsystem}] {message}"))
}

/// A plain line without the time at its start.
fn without_time(line: &str) -> &str {
    match line.split_once(' ') {
        Some((time, rest)) if time.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => line,
    }
}

/// On a single line, with at most [`MAX_LINE_CHARS`].
pub fn truncate(text: &str) -> String {
    let spaced = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    spaced.take(MAX_LINE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    const REPLY: &str = r#"{"time":"t","level":"info","message":"my secret reply"}"#;

    /// Recorded from version 2026.9.6.
    const SKIPPED: &str = r#"{"time":"2026-11-22T12:36:01.215+00:00","level":"warn","subsystem":"gateway/reload","message":"config reload skipped (invalid config): agents.entries.main: Unrecognized key: \"foo\", : Unrecognized key: \"nonsense\""}"#;
    const APPLIED_LINE: &str = r#"{"time":"2026-11-22T12:36:09.864+00:00","level":"info","subsystem":"gateway/reload","message":"config hot reload applied (agents.entries.main.name)"}"#;
    const BOOT: &str = r#"{"time":"2026-11-22T12:42:34.870+00:00","level":"error","message":"Gateway failed to start: Invalid config at /run/openclaw.json:\n<root>: Unrecognized key: \"nonsense\"\nRun"}"#;

    #[test]
    fn a_reply_never_gets_out() {
        for source in [Source::Stdout, Source::Stderr] {
            assert_eq!(classify(source, REPLY), LineVerdict::default());
            assert_eq!(classify(source, "plain words of a reply"), LineVerdict::default());
        }
        let faked = format!("{SKIPPED} and more words");
        assert_eq!(classify(Source::Stdout, &faked), LineVerdict::default());
        assert_eq!(classify(Source::Stdout, "Gateway failed to start: x"), LineVerdict::default());
    }

    #[test]
    fn a_warning_that_may_quote_keeps_only_its_origin() {
        let line = r#"{"event":"x","error":"my secret","level":"warn","subsystem":"agent/embedded","message":"run failed: my secret"}"#;
        let verdict = classify(Source::Stderr, line);
        let said = verdict.output.unwrap();
        assert!(said.contains("agent/embedded") && !said.contains("secret"), "{said}");
        let tool =
            r#"{"level":"error","message":"[tools] exec failed: raw_params={\"command\":\"my secret\"}"}"#;
        assert!(!classify(Source::Stderr, tool).output.unwrap().contains("secret"));
    }

    #[test]
    fn fields_beside_the_message_are_never_passed_on() {
        let line = r#"{"pid":1,"error":"my secret","level":"warn","subsystem":"session-sqlite","message":"slow SQLite reclamation Worker operation"}"#;
        let said = classify(Source::Stderr, line).output.unwrap();
        assert_eq!(said, "openclaw warn [session-sqlite] slow SQLite reclamation Worker operation");
    }

    #[test]
    fn a_refused_reload_says_why() {
        let verdict = classify(Source::Stderr, SKIPPED);
        let why = r#"agents.entries.main: Unrecognized key: "foo", : Unrecognized key: "nonsense""#;
        assert_eq!(verdict.event, Some(ConfigEvent::Refused(why.to_owned())));
        assert!(verdict.output.unwrap().starts_with("openclaw warn [gateway/reload] config reload"));
        assert_eq!(classify(Source::Stdout, APPLIED_LINE).event, Some(ConfigEvent::Applied));
    }

    #[test]
    fn a_failed_start_and_a_dead_process_say_why_on_one_line() {
        let verdict = classify(Source::Stderr, BOOT);
        assert!(!verdict.output.unwrap().contains('\n'));
        assert!(matches!(verdict.event, Some(ConfigEvent::Fatal(why)) if why.contains("nonsense")));
        let plain =
            "2026-11-22T12:42:00.582+00:00 Gateway start blocked: existing config is missing gateway.mode.";
        assert!(matches!(classify(Source::Stderr, plain).event, Some(ConfigEvent::Fatal(_))));
        let node = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory";
        assert!(classify(Source::Stderr, node).output.is_some());
    }

    #[test]
    fn long_texts_are_truncated() {
        assert_eq!(truncate(&"ü".repeat(900)).chars().count(), 500);
    }
}
