//! The one thing that this program talks to: Mosaic's internal port, over plain HTTP on the
//! container's own bridge. It says in one line a cause why Mosaic cannot be had, and keeps trying.

use std::io;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use ureq::http::header::AUTHORIZATION;

use crate::envelope::{Envelope, Unusable, Version};
use crate::pace::{self, Backoff};
use crate::say;

/// What a long poll asks for, in seconds.
const WAIT: u64 = 25;
/// The same while so little room is left, in MiB, that it may be gone in a moment.
const TIGHT_WAIT: u64 = 5;
const TIGHT: u64 = 256;
const MAX_BODY: u64 = 8 << 20;
const CONNECT: Duration = Duration::from_secs(5);
/// Beyond what the server was asked to wait.
const PATIENCE: Duration = Duration::from_secs(10);
/// At the very end of the process nobody waits long.
const LAST_REPORT: Duration = Duration::from_secs(3);

/// A version that is not in force, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The version.
    pub version: Version,
    /// The gateway's words, at most 500 characters.
    pub error: String,
}

/// What Mosaic is told with each question.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The version in force; `None` before the first.
    pub have: Option<Version>,
    /// The version that was tried in vain, if there is one.
    pub refused: Option<Refusal>,
    /// MiB that are left for the state; `None` where that cannot be known.
    pub left_mib: Option<u64>,
}

/// Whether the server may hold its answer until there is something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Answer at once.
    No,
    /// A long poll.
    Long,
}

/// What Mosaic answers.
#[derive(Debug)]
pub enum Answer {
    /// Nothing new.
    Same,
    /// Another version.
    New(Envelope),
    /// Another version, but one that cannot be used.
    Mistaken(Refusal),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error("is away: {0}")]
    Away(String),
    #[error("says that this container's token is no longer accepted")]
    Denied,
    #[error("does not know this container")]
    Unknown,
    #[error("answers with status {0}")]
    Status(u16),
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

/// The client.
#[derive(Debug, Clone)]
pub struct Mosaic {
    agent: ureq::Agent,
    url: String,
    token: SecretString,
}

impl Mosaic {
    /// A client for one container's config.
    pub fn new(url: &str, token: &SecretString) -> Self {
        let config = ureq::Agent::config_builder()
            // Neither a proxy nor a redirect may see the token; and one question in 25 seconds
            // needs no kept connection that may have died meanwhile.
            .proxy(None)
            .max_redirects(0)
            .max_idle_connections(0)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .user_agent(concat!("mosaic-entrypoint/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.new_agent(), url: url.to_owned(), token: token.clone() }
    }

    /// Asks until there is an answer, however long that takes.
    pub fn insist(&self, report: &Report, wait: Wait) -> Answer {
        let mut pace = Backoff::new(pace::random);
        let mut said: Option<String> = None;
        loop {
            let cause = match self.ask(report, wait) {
                Ok(answer) => {
                    if said.is_some() {
                        say(&format!("Mosaic at {} is back", self.place()));
                    }
                    return answer;
                }
                Err(cause) => cause,
            };
            let pause = cause.pause(&mut pace);
            let text = format!("Mosaic at {} {cause}", self.place());
            if said.as_ref() != Some(&text) {
                say(&format!("{text}; trying again in {:.1} s", pause.as_secs_f64()));
                said = Some(text);
            }
            std::thread::sleep(pause);
        }
    }

    /// Tells, once and briefly, that the gateway could not start with a version.
    pub fn report_failed_start(&self, version: Version, error: String) {
        let report = Report { refused: Some(Refusal { version, error }), ..Report::default() };
        if self.get(&report, Wait::No, LAST_REPORT).is_err() {
            say("Mosaic could not be told why the gateway did not start");
        }
    }

    fn ask(&self, report: &Report, wait: Wait) -> Result<Answer, Cause> {
        let patience = match wait {
            Wait::No => PATIENCE,
            Wait::Long => PATIENCE + Duration::from_secs(WAIT),
        };
        let mut response = self.get(report, wait, patience)?;
        match response.status().as_u16() {
            200 => {}
            304 => return Ok(Answer::Same),
            401 | 403 => return Err(Cause::Denied),
            404 | 410 => return Err(Cause::Unknown),
            status => return Err(Cause::Status(status)),
        }
        let body = response.body_mut().with_config().limit(MAX_BODY).read_to_vec();
        let body = body.map_err(|error| Cause::Away(reason(&error)))?;
        match Envelope::parse(&body) {
            Ok(envelope) => Ok(Answer::New(envelope)),
            Err(Unusable::Mistaken { version, why }) => Ok(Answer::Mistaken(Refusal { version, error: why })),
            Err(malformed) => Err(malformed.into()),
        }
    }

    fn get(
        &self,
        report: &Report,
        wait: Wait,
        patience: Duration,
    ) -> Result<ureq::http::Response<ureq::Body>, Cause> {
        let mut request = self.agent.get(&self.url);
        let bearer = format!("Bearer {}", self.token.expose_secret());
        request = request.header(AUTHORIZATION, bearer);
        if let Some(version) = &report.have {
            request = request.query("have", version.as_str());
        }
        if let Some(left) = report.left_mib {
            request = request.query("left", left.to_string());
        }
        if wait == Wait::Long {
            let tight = report.left_mib.is_some_and(|left| left < TIGHT);
            request = request.query("wait", if tight { TIGHT_WAIT } else { WAIT }.to_string());
        }
        if let Some(Refusal { version, error }) = &report.refused {
            request = request.query("tried", version.as_str()).query("error", error);
        }
        let request = request.config().timeout_global(Some(patience)).build();
        request.call().map_err(|error| Cause::Away(reason(&error)))
    }

    /// `10.77.0.1:8081`, for people.
    fn place(&self) -> &str {
        let rest = self.url.split_once("://").map_or(&*self.url, |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }
}

impl Cause {
    fn pause(&self, pace: &mut Backoff) -> Duration {
        match self {
            Self::Away(_) | Self::Status(500..) => pace.after_failure(),
            Self::Denied | Self::Unknown | Self::Status(_) | Self::Unusable(_) => pace.after_refusal(),
        }
    }
}

/// In words that do not change from attempt to attempt, and never with the request in them.
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
    fn nobody_there_is_a_cause_in_plain_words_without_the_token() {
        let mosaic = Mosaic::new("http://127.0.0.1:1/api/x", &"tok-secret".into());
        assert_eq!(mosaic.place(), "127.0.0.1:1");
        let cause = mosaic.ask(&Report::default(), Wait::No).unwrap_err();
        assert_eq!(cause.to_string(), "is away: connection refused");
        assert!(!format!("{mosaic:?}").contains("tok-secret"));
    }

    #[test]
    fn a_denied_token_is_asked_about_slowly() {
        let mut pace = Backoff::new(|| 1.0);
        assert_eq!(Cause::Denied.pause(&mut pace), Duration::from_secs(30));
        assert_eq!(Cause::Status(503).pause(&mut pace), Duration::from_millis(500));
    }
}
