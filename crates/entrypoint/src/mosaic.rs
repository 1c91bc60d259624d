//! The client of Mosaic's internal port, over plain HTTP on the container's own bridge. This program
//! connects to nothing else. An error is one line of output, and the request is repeated.

use std::io;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use ureq::http::header::AUTHORIZATION;

use crate::backoff::{self, Backoff};
use crate::envelope::{Envelope, EnvelopeError, Version};
use crate::say;

const LONG_POLL_SECONDS: u64 = 25;
/// When little space is left it may be used up soon, so the report is sent more often.
const LOW_SPACE_MIB: u64 = 256;
const LOW_SPACE_POLL_SECONDS: u64 = 5;
const MAX_BODY_BYTES: u64 = 8 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// In addition to the time of a long poll.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
/// Short, because it delays the end of the process.
const LAST_REPORT_TIMEOUT: Duration = Duration::from_secs(3);

/// A version that could not be put in force, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub version: Version,
    /// In the gateway's words, at most 500 characters.
    pub error: String,
}

/// What Mosaic gets with each request.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The version in force.
    pub have: Option<Version>,
    pub refused: Option<Refusal>,
    /// The free space for the state, if known.
    pub free_mib: Option<u64>,
}

/// When the server should respond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Poll {
    AtOnce,
    /// When there is a new version, or after [`LONG_POLL_SECONDS`].
    Long,
}

/// Mosaic's response.
#[derive(Debug)]
pub enum ConfigResponse {
    Unchanged,
    New(Envelope),
    /// A new version that cannot be used.
    Invalid(Refusal),
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("is unreachable: {0}")]
    Unreachable(String),
    #[error("says that this container's token is no longer accepted")]
    Denied,
    #[error("does not know this container")]
    Unknown,
    #[error("answers with status {0}")]
    Status(u16),
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

#[derive(Debug, Clone)]
pub struct MosaicClient {
    agent: ureq::Agent,
    url: String,
    token: SecretString,
}

impl MosaicClient {
    /// A client for one container's config.
    pub fn new(url: &str, token: &SecretString) -> Self {
        let config = ureq::Agent::config_builder()
            // No proxy and no redirect, which could read the token. No idle connections, because one
            // that was idle for 25 seconds may be broken.
            .proxy(None)
            .max_redirects(0)
            .max_idle_connections(0)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .user_agent(concat!("mosaic-entrypoint/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.new_agent(), url: url.to_owned(), token: token.clone() }
    }

    /// Repeats the request until there is a response.
    pub fn fetch_until_success(&self, report: &Report, poll: Poll) -> ConfigResponse {
        let mut backoff = Backoff::new(backoff::random);
        let mut last_message: Option<String> = None;
        loop {
            let error = match self.fetch(report, poll) {
                Ok(response) => {
                    if last_message.is_some() {
                        say(&format!("Mosaic at {} is back", self.host()));
                    }
                    return response;
                }
                Err(error) => error,
            };
            let delay = error.retry_delay(&mut backoff);
            let message = format!("Mosaic at {} {error}", self.host());
            if last_message.as_ref() != Some(&message) {
                say(&format!("{message}; trying again in {:.1} s", delay.as_secs_f64()));
                last_message = Some(message);
            }
            std::thread::sleep(delay);
        }
    }

    /// Reports, in one short attempt, that the gateway could not start with a version.
    pub fn report_failed_start(&self, version: Version, error: String) {
        let report = Report { refused: Some(Refusal { version, error }), ..Report::default() };
        if self.get(&report, Poll::AtOnce, LAST_REPORT_TIMEOUT).is_err() {
            say("the reason why the gateway did not start could not be reported to Mosaic");
        }
    }

    fn fetch(&self, report: &Report, poll: Poll) -> Result<ConfigResponse, FetchError> {
        let timeout = match poll {
            Poll::AtOnce => RESPONSE_TIMEOUT,
            Poll::Long => RESPONSE_TIMEOUT + Duration::from_secs(LONG_POLL_SECONDS),
        };
        let mut response = self.get(report, poll, timeout)?;
        match response.status().as_u16() {
            200 => {}
            304 => return Ok(ConfigResponse::Unchanged),
            401 | 403 => return Err(FetchError::Denied),
            404 | 410 => return Err(FetchError::Unknown),
            status => return Err(FetchError::Status(status)),
        }
        let body = response.body_mut().with_config().limit(MAX_BODY_BYTES).read_to_vec();
        let body = body.map_err(|error| FetchError::Unreachable(reason(&error)))?;
        match Envelope::parse(&body) {
            Ok(envelope) => Ok(ConfigResponse::New(envelope)),
            Err(EnvelopeError::Invalid { version, reason }) => {
                Ok(ConfigResponse::Invalid(Refusal { version, error: reason }))
            }
            Err(malformed) => Err(malformed.into()),
        }
    }

    fn get(
        &self,
        report: &Report,
        poll: Poll,
        timeout: Duration,
    ) -> Result<ureq::http::Response<ureq::Body>, FetchError> {
        let mut request = self.agent.get(&self.url);
        let bearer = format!("Bearer {}", self.token.expose_secret());
        request = request.header(AUTHORIZATION, bearer);
        if let Some(version) = &report.have {
            request = request.query("have", version.as_str());
        }
        if let Some(free_mib) = report.free_mib {
            request = request.query("left", free_mib.to_string());
        }
        if poll == Poll::Long {
            let is_low = report.free_mib.is_some_and(|free_mib| free_mib < LOW_SPACE_MIB);
            let seconds = if is_low { LOW_SPACE_POLL_SECONDS } else { LONG_POLL_SECONDS };
            request = request.query("wait", seconds.to_string());
        }
        if let Some(Refusal { version, error }) = &report.refused {
            request = request.query("tried", version.as_str()).query("error", error);
        }
        let request = request.config().timeout_global(Some(timeout)).build();
        request.call().map_err(|error| FetchError::Unreachable(reason(&error)))
    }

    /// `10.77.0.1:8081`, for messages.
    fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(&*self.url, |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }
}

impl FetchError {
    fn retry_delay(&self, backoff: &mut Backoff) -> Duration {
        match self {
            Self::Unreachable(_) | Self::Status(500..) => backoff.after_failure(),
            Self::Denied | Self::Unknown | Self::Status(_) | Self::Envelope(_) => backoff.after_refusal(),
        }
    }
}

/// The same text for the same error of each attempt, without parts of the request.
fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "its name is not known here".to_owned(),
        ureq::Error::Io(io) => match io.kind() {
            io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
            kind => kind.to_string(),
        },
        ureq::Error::BadUri(_) => "MOSAIC_CONFIG_URL is not a URL".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_refused_connection_is_reported_in_plain_words_without_the_token() {
        let mosaic = MosaicClient::new("http://127.0.0.1:1/api/x", &"tok-secret".into());
        assert_eq!(mosaic.host(), "127.0.0.1:1");
        let error = mosaic.fetch(&Report::default(), Poll::AtOnce).unwrap_err();
        assert_eq!(error.to_string(), "is unreachable: connection refused");
        assert!(!format!("{mosaic:?}").contains("tok-secret"));
    }

    #[test]
    fn after_a_denied_token_requests_are_rare() {
        let mut backoff = Backoff::new(|| 1.0);
        assert_eq!(FetchError::Denied.retry_delay(&mut backoff), Duration::from_secs(30));
        assert_eq!(FetchError::Status(503).retry_delay(&mut backoff), Duration::from_millis(500));
    }
}
