//! Logs, and the spans that [`Traces`] exports.
//!
//! Owns the global subscriber and the panic hook. It must not decide what is logged.

use crate::{Traces, traces::UncachedFilter};
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

/// `info`, but verbose libraries only at `warn`. A more specific directive (`sqlx=debug`) wins.
const DEFAULT_FILTER: &str = "info,apalis=warn,apalis_core=warn,bollard=warn,h2=warn,hyper=warn,\
                              hyper_util=warn,reqwest=warn,api::routes=error,rocket=error,rustls=warn,sqlx=warn,tower=warn";

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// [`Format::Human`] on a terminal, otherwise [`Format::Json`].
    #[default]
    Auto,
    /// One readable line per event.
    Human,
    /// One JSON object per line.
    Json,
}

#[derive(Debug, Clone, Default)]
pub struct Log {
    /// Directives in addition to [`DEFAULT_FILTER`].
    pub filter: Option<String>,
    pub format: Format,
}

#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("the log filter cannot be read: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    #[error("logs are set up already: {0}")]
    AlreadySet(#[from] TryInitError),
    #[error("traces cannot be sent there; write the collector as http://host:port: {0}")]
    Collector(#[from] ExporterBuildError),
    #[error("traces are sent by plain HTTP; write the collector as http://host:port")]
    NotHttp,
}

/// Where spans are sent.
#[derive(Debug, Clone, Copy)]
pub struct Collector<'a> {
    /// Where it listens for OTLP over HTTP: `http://host:port`.
    pub endpoint: &'a str,
    /// The name of this process in traces.
    pub service: &'static str,
}

/// Logs events to stderr (stdout is for the results of commands), with times in UTC. A panic logs its location but never
/// its message, which may quote what must not be logged. Spans go to `collector`, if there is one: call
/// [`Traces::shutdown`] on the result before the process ends. Call this once per process, within a runtime.
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
    panic::set_hook(Box::new(log_location));
    Ok(traces)
}

fn traces(collector: Collector<'_>) -> Result<Traces, TelemetryError> {
    if !collector.endpoint.starts_with("http://") {
        return Err(TelemetryError::NotHttp);
    }
    Ok(Traces::new(collector.endpoint, collector.service)?)
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

/// With traces the filter applies to the log only: what is traced does not depend on what is logged.
fn filtered<L>(lines: L, filter: EnvFilter, traces: Option<&Traces>) -> Dispatch
where
    L: Layer<Registry> + Send + Sync,
{
    match traces {
        None => registry().with(lines).with(filter).into(),
        Some(traces) => {
            registry().with(lines.with_filter(UncachedFilter(filter))).with(traces.layer()).into()
        }
    }
}

fn log_location(panic: &PanicHookInfo) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = thread::current().name().unwrap_or_default().to_owned();
    tracing::error!(location, thread, "a thread panicked");
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
    fn libraries_are_quiet_unless_the_filter_names_them() {
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
    async fn with_traces_a_query_of_the_filter_hides_no_span() {
        let collector = Collector { endpoint: "http://127.0.0.1:9", service: "test" };
        let (lines, traces) = (Lines::default(), traces(collector).unwrap());
        let quiet = tracing::callsite! {
            name: "quiet", kind: Kind::EVENT, target: "sqlx::query", level: tracing::Level::INFO, fields: message
        };
        tracing::dispatcher::with_default(&json(with_filter(""), lines.clone(), Some(&traces)), || {
            for round in 0..2 {
                // As libraries query that use the crate `log`: without the cached result of a call site.
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
    fn a_panic_logs_its_location_and_never_its_message() {
        let lines = Lines::default();
        let dispatch = human(with_filter(""), false, lines.clone(), None);
        let former = panic::take_hook();
        panic::set_hook(Box::new(log_location));
        let caught = tracing::dispatcher::with_default(&dispatch, || {
            panic::catch_unwind(|| std::hint::black_box(Err::<(), _>("canary")).unwrap())
        });
        panic::set_hook(former);
        assert!(caught.is_err());
        let text = lines.text();
        assert!(text.contains("telemetry.rs:") && !text.contains("canary"), "{text}");
    }
}
