//! Logs: where they go, in which form, and what never gets into them.
//!
//! Owns the global subscriber and the panic hook. It must not decide what is worth logging.

use std::{
    io::{self, IsTerminal},
    panic::{self, PanicHookInfo},
    thread,
};
use tracing::Dispatch;
use tracing_subscriber::{
    EnvFilter, fmt,
    fmt::MakeWriter,
    layer::SubscriberExt,
    registry,
    util::{SubscriberInitExt, TryInitError},
};

/// Ours at info; libraries that tell every step only when something is wrong. A filter that names one of
/// them (`sqlx=debug`) wins.
const DEFAULT_FILTER: &str = "info,apalis=warn,apalis_core=warn,bollard=warn,h2=warn,hyper=warn,\
                              hyper_util=warn,reqwest=warn,api::routes=error,rocket=error,rustls=warn,sqlx=warn,tower=warn";

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// [`Format::Human`] on a terminal, else [`Format::Json`].
    #[default]
    Auto,
    /// One readable line per event.
    Human,
    /// One JSON object per line.
    Json,
}

/// What is logged and how.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Directives added to the default filter (`info`, noisy libraries at `warn`).
    pub filter: Option<String>,
    /// The form of a line.
    pub format: Format,
}

/// Logs cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("the log filter cannot be read: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Somebody was first.
    #[error("logs are set up already: {0}")]
    Twice(#[from] TryInitError),
}

/// Sends events to stderr (stdout belongs to commands' results), with times in UTC, and makes panics log
/// their place but never their message, which may quote what must not be logged. Once per process.
pub fn init(log: &Log) -> Result<(), TelemetryError> {
    let to_terminal = io::stderr().is_terminal();
    let subscriber = match (log.format, to_terminal) {
        (Format::Human, _) | (Format::Auto, true) => human(filter(log)?, to_terminal, io::stderr),
        (Format::Json, _) | (Format::Auto, false) => json(filter(log)?, io::stderr),
    };
    subscriber.try_init()?;
    panic::set_hook(Box::new(log_place));
    Ok(())
}

fn filter(log: &Log) -> Result<EnvFilter, TelemetryError> {
    let added = log.filter.as_deref().unwrap_or_default();
    Ok(EnvFilter::try_new(format!("{DEFAULT_FILTER},{added}"))?)
}

fn human<W>(filter: EnvFilter, colours: bool, writer: W) -> Dispatch
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    registry().with(filter).with(fmt::layer().with_ansi(colours).with_writer(writer)).into()
}

fn json<W>(filter: EnvFilter, writer: W) -> Dispatch
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(writer);
    registry().with(filter).with(layer).into()
}

fn log_place(panic: &PanicHookInfo) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = thread::current().name().unwrap_or_default().to_owned();
    tracing::error!(place, thread, "a thread panicked");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Lines {
        type Writer = Self;
        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    impl Lines {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn with_filter(directives: &str) -> EnvFilter {
        filter(&Log { filter: Some(directives.into()), format: Format::Auto }).unwrap()
    }

    #[test]
    fn libraries_are_quiet_until_they_are_named() {
        let speak = || {
            tracing::info!(target: "sqlx::query", "chatter");
            tracing::warn!(target: "sqlx::query", "trouble");
            tracing::debug!(target: "fleet", "detail");
        };
        let by_default = Lines::default();
        tracing::dispatcher::with_default(
            &human(filter(&Log::default()).unwrap(), false, by_default.clone()),
            speak,
        );
        let text = by_default.text();
        assert!(text.contains("trouble") && !text.contains("chatter") && !text.contains("detail"), "{text}");

        let named = Lines::default();
        tracing::dispatcher::with_default(
            &human(with_filter("debug,sqlx=info"), false, named.clone()),
            speak,
        );
        let text = named.text();
        assert!(text.contains("chatter") && text.contains("detail"), "{text}");
    }

    #[test]
    fn json_lines_carry_utc_time_fields_and_span() {
        let lines = Lines::default();
        tracing::dispatcher::with_default(&json(with_filter(""), lines.clone()), || {
            let _span = tracing::info_span!("task", name = "sweep").entered();
            tracing::info!(target: "fleet", rows = 3, "swept");
        });
        let text = lines.text();
        for part in [r#""rows":3"#, r#""message":"swept""#, r#""name":"sweep""#, r#""level":"INFO""#] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(text.starts_with(r#"{"timestamp":"20"#) && text.contains(r#"Z","level""#), "{text}");
        assert_eq!(text.lines().count(), 1);
    }

    #[test]
    fn a_panic_logs_its_place_and_never_its_message() {
        let lines = Lines::default();
        let dispatch = human(with_filter(""), false, lines.clone());
        let former = panic::take_hook();
        panic::set_hook(Box::new(log_place));
        let caught = tracing::dispatcher::with_default(&dispatch, || {
            panic::catch_unwind(|| std::hint::black_box(Err::<(), _>("canary")).unwrap())
        });
        panic::set_hook(former);
        assert!(caught.is_err());
        let text = lines.text();
        assert!(text.contains("telemetry.rs:") && !text.contains("canary"), "{text}");
    }
}
