//! The gateway's output, line by line: which lines may be passed on, and what they tell.
//!
//! **The rule.** The gateway prints the full text of every reply, and its warnings may quote a
//! message, a tool's arguments or a provider's answer. So nothing is passed on unless its kind is
//! known to hold no content:
//!
//! 1. stdout: only the reload subsystem's own sentences (replies are on stdout).
//! 2. stderr, a JSON warning or error of a subsystem in [`PLAIN`]: level, subsystem, message. No
//!    other field, since fields hold content.
//! 3. stderr, a JSON error without a subsystem or a plain line, with a beginning in [`FATAL`]: why
//!    the gateway could not start, or why its process died.
//! 4. stderr, every other JSON warning or error: level and subsystem, the text withheld.
//! 5. Everything else is dropped.

use serde_json::Value;

/// What a report to Mosaic, or a line, may at most hold.
const CLIP: usize = 500;
const RELOAD: &str = "gateway/reload";
/// Subsystems whose messages are fixed sentences, config paths and numbers.
const PLAIN: [&str; 4] = [RELOAD, "session-sqlite", "sqlite/transaction", "gateway/secrets"];
/// How the reasons begin why a process did not start or died.
const FATAL: [&str; 7] = [
    "Gateway failed to start: ",
    "Gateway start blocked: ",
    "Invalid config at ",
    "Another Gateway owner lease is still active",
    "waiting for gateway-lifecycle ownership",
    "gateway requires state migration",
    "FATAL ERROR: ",
];
const APPLIED: [&str; 3] = [
    "config hot reload applied (",
    "config change applied (",
    // It is valid, and in force as soon as the running chats have ended.
    "config change requires gateway restart (",
];
const INVALID: &str = "config reload skipped (invalid config): ";
const REFUSED: [&str; 5] = [
    "config reload skipped (",
    "config reload failed: ",
    "config reload disabled (",
    "config restart failed: ",
    "config hot reload failed before commit ",
];

/// Which of the gateway's outputs a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Its stdout.
    Out,
    /// Its stderr.
    Err,
}

/// What a line says about the config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The last written config is in force, or will be.
    Applied,
    /// It is not; the text says why.
    Refused(String),
    /// The gateway cannot start, or died; the text says why.
    Fatal(String),
}

/// What to do with a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// To be passed on.
    pub say: Option<String>,
    /// To be told to the follower.
    pub news: Option<News>,
}

/// Judges one line.
pub fn judge(source: Source, line: &str) -> Heard {
    let Ok(Value::Object(fields)) = serde_json::from_str(line) else {
        return match source {
            Source::Out => Heard::default(),
            Source::Err => fatal(without_time(line)),
        };
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let (level, subsystem, message) = (text("level"), text("subsystem"), text("message"));
    let serious = matches!(level, "warn" | "error" | "fatal");
    let reload = (subsystem == RELOAD).then(|| reload(message)).flatten();
    match source {
        Source::Out => Heard { say: reload.is_some().then(|| told(level, subsystem, message)), news: reload },
        Source::Err if !serious => Heard::default(),
        Source::Err if PLAIN.contains(&subsystem) => {
            Heard { say: Some(told(level, subsystem, message)), news: reload }
        }
        Source::Err => match fatal(message) {
            Heard { say: None, .. } => Heard {
                say: Some(told(level, subsystem, "(text withheld: it may quote a message)")),
                news: None,
            },
            fatal => fatal,
        },
    }
}

fn reload(message: &str) -> Option<News> {
    let begins = |list: &[&str]| list.iter().any(|start| message.starts_with(start));
    if begins(&APPLIED) {
        return Some(News::Applied);
    }
    if let Some(issues) = message.strip_prefix(INVALID) {
        return Some(News::Refused(clip(issues)));
    }
    begins(&REFUSED).then(|| News::Refused(clip(message)))
}

fn fatal(message: &str) -> Heard {
    if !FATAL.iter().any(|start| message.starts_with(start)) {
        return Heard::default();
    }
    Heard { say: Some(told("error", "gateway", message)), news: Some(News::Fatal(clip(message))) }
}

fn told(level: &str, subsystem: &str, message: &str) -> String {
    let subsystem = if subsystem.is_empty() { "gateway" } else { subsystem };
    clip(&format!("openclaw {level} [{subsystem}] {message}"))
}

/// Plain lines begin with the time.
fn without_time(line: &str) -> &str {
    match line.split_once(' ') {
        Some((time, rest)) if time.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => line,
    }
}

/// One line of at most 500 characters.
pub fn clip(text: &str) -> String {
    let spaced = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    spaced.take(CLIP).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    const REPLY: &str = r#"{"time":"t","level":"info","message":"my secret reply"}"#;

    /// Recorded from 2026.9.6.
    const SKIPPED: &str = r#"{"time":"2026-11-22T12:36:01.215+00:00","level":"warn","subsystem":"gateway/reload","message":"config reload skipped (invalid config): agents.entries.main: Unrecognized key: \"foo\", : Unrecognized key: \"nonsense\""}"#;
    const APPLIED_LINE: &str = r#"{"time":"2026-11-22T12:36:09.864+00:00","level":"info","subsystem":"gateway/reload","message":"config hot reload applied (agents.entries.main.name)"}"#;
    const BOOT: &str = r#"{"time":"2026-11-22T12:42:34.870+00:00","level":"error","message":"Gateway failed to start: Invalid config at /run/openclaw.json:\n<root>: Unrecognized key: \"nonsense\"\nRun"}"#;

    #[test]
    fn a_reply_never_gets_out() {
        for source in [Source::Out, Source::Err] {
            assert_eq!(judge(source, REPLY), Heard::default());
            assert_eq!(judge(source, "plain words of a reply"), Heard::default());
        }
        let faked = format!("{SKIPPED} and more words");
        assert_eq!(judge(Source::Out, &faked), Heard::default());
        assert_eq!(judge(Source::Out, "Gateway failed to start: x"), Heard::default());
    }

    #[test]
    fn a_warning_that_may_quote_keeps_only_its_origin() {
        let line = r#"{"event":"x","error":"my secret","level":"warn","subsystem":"agent/embedded","message":"run failed: my secret"}"#;
        let heard = judge(Source::Err, line);
        let said = heard.say.unwrap();
        assert!(said.contains("agent/embedded") && !said.contains("secret"), "{said}");
        let tool =
            r#"{"level":"error","message":"[tools] exec failed: raw_params={\"command\":\"my secret\"}"}"#;
        assert!(!judge(Source::Err, tool).say.unwrap().contains("secret"));
    }

    #[test]
    fn fields_beside_the_message_are_never_passed_on() {
        let line = r#"{"pid":1,"error":"my secret","level":"warn","subsystem":"session-sqlite","message":"slow SQLite reclamation Worker operation"}"#;
        let said = judge(Source::Err, line).say.unwrap();
        assert_eq!(said, "openclaw warn [session-sqlite] slow SQLite reclamation Worker operation");
    }

    #[test]
    fn a_refused_reload_says_why() {
        let heard = judge(Source::Err, SKIPPED);
        let why = r#"agents.entries.main: Unrecognized key: "foo", : Unrecognized key: "nonsense""#;
        assert_eq!(heard.news, Some(News::Refused(why.to_owned())));
        assert!(heard.say.unwrap().starts_with("openclaw warn [gateway/reload] config reload"));
        assert_eq!(judge(Source::Out, APPLIED_LINE).news, Some(News::Applied));
    }

    #[test]
    fn a_failed_start_and_a_dead_process_say_why_on_one_line() {
        let heard = judge(Source::Err, BOOT);
        assert!(!heard.say.unwrap().contains('\n'));
        assert!(matches!(heard.news, Some(News::Fatal(why)) if why.contains("nonsense")));
        let plain =
            "2026-11-22T12:42:00.582+00:00 Gateway start blocked: existing config is missing gateway.mode.";
        assert!(matches!(judge(Source::Err, plain).news, Some(News::Fatal(_))));
        let node = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory";
        assert!(judge(Source::Err, node).say.is_some());
    }

    #[test]
    fn long_texts_are_clipped() {
        assert_eq!(clip(&"ü".repeat(900)).chars().count(), 500);
    }
}
