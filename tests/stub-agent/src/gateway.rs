//! What all requests share: the config in force, the sessions, who may come in, and how far the
//! process is between starting and stopping. It must not know HTTP.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::config::Config;
use crate::session::Sessions;
use crate::settings::Settings;

/// So long OpenClaw does not try a key again that a provider refused, even a corrected one.
const PARKED: Duration = Duration::from_secs(60);

/// How far the process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Listening, not ready.
    Starting,
    /// Ready.
    Ready,
    /// Ending: running chats end first.
    Draining,
}

/// The shared state.
#[derive(Debug)]
pub struct Gateway {
    settings: Settings,
    config: RwLock<Arc<Config>>,
    sessions: Sessions,
    parked: Mutex<HashMap<String, Instant>>,
    phase: watch::Sender<Phase>,
}

impl Gateway {
    /// Starts in [`Phase::Starting`].
    ///
    /// # Errors
    /// When the sessions' directory cannot be made.
    pub fn new(settings: Settings, config: Config) -> io::Result<Self> {
        Ok(Self {
            sessions: Sessions::open(settings.state_dir.join("stub"))?,
            settings,
            config: RwLock::new(Arc::new(config)),
            parked: Mutex::default(),
            phase: watch::Sender::new(Phase::Starting),
        })
    }

    /// How the process was started.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The sessions.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The config in force; a run keeps the one it began with.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a new config in force.
    pub fn put_in_force(&self, config: Config) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }

    /// Whether a bearer token is the gateway's. Plain comparison: this guards nothing of value.
    pub fn admits(&self, token: Option<&str>) -> bool {
        let config = self.config();
        let expected = config.token.as_deref().or(self.settings.token.as_deref());
        expected.is_some() && expected == token
    }

    /// Remembers that a provider refused its key.
    pub fn park(&self, provider: &str) {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        parked.insert(provider.to_owned(), Instant::now() + PARKED);
    }

    /// Whether the provider's key is still parked.
    pub fn is_parked(&self, provider: &str) -> bool {
        let parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        parked.get(provider).is_some_and(|end| Instant::now() < *end)
    }

    /// The phase, to read or to wait on.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Starting is over; no effect when draining already.
    pub fn set_ready(&self) {
        self.phase.send_if_modified(|phase| {
            let starting = *phase == Phase::Starting;
            if starting {
                *phase = Phase::Ready;
            }
            starting
        });
    }

    /// No new work from here on.
    pub fn drain(&self) {
        self.phase.send_replace(Phase::Draining);
    }
}
