//! Logs: where they go, in which form, and what never gets into them; and the spans that leave by [`Traces`].
//!
//! Owns the global subscriber and the panic hook. It must not decide what is worth logging.

use crate::{Traces, traces::Asked};
use opentelemetry_otlp::ExporterBuildError;
use std::{
    io::{self, IsTerminal},
    panic::{self, PanicHookInfo},
    thread,
};
use tracing::Dispatch;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt,
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
    /// The collector's address is none.
    #[error("traces cannot be sent there, give the collector as http://host:port: {0}")]
    Collector(#[from] ExporterBuildError),
    /// The collector is to be reached in a way that is not offered.
    #[error("traces go by plain HTTP, give the collector as http://host:port")]
    NotHttp,
}

/// Who receives spans.
#[derive(Debug, Clone, Copy)]
pub struct Collector<'a> {
    /// Where it listens for OTLP over HTTP: `http://host:port`.
    pub endpoint: &'a str,
    /// As whom this process sends.
    pub service: &'static str,
}

/// Sends events to stderr (stdout belongs to commands' results), with times in UTC, and makes panics log
/// their place but never their message, which may quote what must not be logged. Spans go to `collector`, where one
/// is given; end what is answered then before the process ends. Once per process, within a runtime.
pub fn init(log: &Log, collector: Option<Collector<'_>>) -> Result<Option<Traces>, TelemetryError> {
    let traces = collector.map(traces).transpose()?;
    let to_terminal = io::stderr().is_terminal();
    let subscriber = match (log.format, to_terminal) {
        (Format::Human, _) | (Format::Auto, true) => {
            human(filter(log)?, to_terminal, io::stderr, traces.as_ref())
        }
        (Format::Json, _) | (Format::Auto, false) => json(filter(log)?, io::stderr, traces.as_ref()),
    };
    subscriber.try_init()?;
    panic::set_hook(Box::new(log_place));
    Ok(traces)
}

fn traces(collector: Collector<'_>) -> Result<Traces, TelemetryError> {
    if !collector.endpoint.starts_with("http://") {
        return Err(TelemetryError::NotHttp);
    }
    Ok(Traces::to(collector.endpoint, collector.service)?)
}

fn filter(log: &Log) -> Result<EnvFilter, TelemetryError> {
    let added = log.filter.as_deref().unwrap_or_default();
    Ok(EnvFilter::try_new(format!("{DEFAULT_FILTER},{added}"))?)
}

fn human<W>(filter: EnvFilter, colours: bool, writer: W, traces: Option<&Traces>) -> Dispatch
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    filtered(fmt::layer().with_ansi(colours).with_writer(writer), filter, traces)
}

fn json<W>(filter: EnvFilter, writer: W, traces: Option<&Traces>) -> Dispatch
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = fmt::layer().json().flatten_event(true).with_current_span(false).with_writer(writer);
    filtered(layer, filter, traces)
}

/// Beside traces the filter is the log's own: what is traced does not depend on what is logged.
fn filtered<L>(lines: L, filter: EnvFilter, traces: Option<&Traces>) -> Dispatch
where
    L: Layer<Registry> + Send + Sync,
{
    match traces {
        None => registry().with(lines).with(filter).into(),
        Some(traces) => registry().with(lines.with_filter(Asked(filter))).with(traces.layer()).into(),
    }
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
    use tracing::{callsite::Callsite, metadata::Kind};

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
            &human(filter(&Log::default()).unwrap(), false, by_default.clone(), None),
            speak,
        );
        let text = by_default.text();
        assert!(text.contains("trouble") && !text.contains("chatter") && !text.contains("detail"), "{text}");

        let named = Lines::default();
        tracing::dispatcher::with_default(
            &human(with_filter("debug,sqlx=info"), false, named.clone(), None),
            speak,
        );
        let text = named.text();
        assert!(text.contains("chatter") && text.contains("detail"), "{text}");
    }

    #[test]
    fn json_lines_carry_utc_time_fields_and_span() {
        let lines = Lines::default();
        tracing::dispatcher::with_default(&json(with_filter(""), lines.clone(), None), || {
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

    #[tokio::test]
    async fn beside_traces_a_mere_question_hides_no_span() {
        let collector = Collector { endpoint: "http://127.0.0.1:9", service: "test" };
        let (lines, traces) = (Lines::default(), traces(collector).unwrap());
        let quiet = tracing::callsite! {
            name: "quiet", kind: Kind::EVENT, target: "sqlx::query", level: tracing::Level::INFO, fields: message
        };
        tracing::dispatcher::with_default(&json(with_filter(""), lines.clone(), Some(&traces)), || {
            for round in 0..2 {
                // As libraries ask that log by the crate `log`: without the answer that is kept for a place in the code.
                tracing::dispatcher::get_default(|dispatch| dispatch.enabled(quiet.metadata()));
                let span = tracing::info_span!(target: ::telemetry::SPANS, "job", round).entered();
                assert!(::telemetry::current_context(&span).is_some(), "it is traced");
                tracing::info!(target: "fleet", "in the job");
            }
        });
        let text = lines.text();
        assert_eq!(text.matches(r#""name":"job""#).count(), 2, "{text}");
    }

    #[tokio::test]
    async fn what_is_traced_does_not_depend_on_what_is_logged() {
        let collector = Collector { endpoint: "http://127.0.0.1:9", service: "test" };
        let (lines, traces) = (Lines::default(), traces(collector).unwrap());
        tracing::dispatcher::with_default(&json(with_filter("off"), lines.clone(), Some(&traces)), || {
            let span = tracing::info_span!(target: ::telemetry::SPANS, "job").entered();
            assert!(::telemetry::current_context(&span).is_some());
            tracing::error!(target: "api", "loud");
            let other = tracing::info_span!(target: "api", "not made to be sent");
            assert!(::telemetry::current_context(&other).is_none());
        });
        assert!(!lines.text().contains("job"), "{}", lines.text());
    }

    #[test]
    fn a_panic_logs_its_place_and_never_its_message() {
        let lines = Lines::default();
        let dispatch = human(with_filter(""), false, lines.clone(), None);
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
