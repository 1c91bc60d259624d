//! What all requests share: the config in force, the sessions, the token, and the phase of the
//! process. It must not know HTTP.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use crate::config::Config;
use crate::session::Sessions;
use crate::settings::Settings;

/// How long OpenClaw does not use a provider after it refused its key, even with a new key.
const PARK_DURATION: Duration = Duration::from_secs(60);

/// The phase of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Listening, but not ready.
    Starting,
    Ready,
    /// Ends after the running chats.
    Draining,
}

/// The shared state.
#[derive(Debug)]
pub struct Gateway {
    settings: Settings,
    config: RwLock<Arc<Config>>,
    sessions: Sessions,
    parked_until: Mutex<HashMap<String, Instant>>,
    phase: watch::Sender<Phase>,
}

impl Gateway {
    /// Starts in [`Phase::Starting`].
    ///
    /// # Errors
    /// When the sessions' directory cannot be created.
    pub fn new(settings: Settings, config: Config) -> io::Result<Self> {
        Ok(Self {
            sessions: Sessions::open(settings.state_dir.join("stub"))?,
            settings,
            config: RwLock::new(Arc::new(config)),
            parked_until: Mutex::default(),
            phase: watch::Sender::new(Phase::Starting),
        })
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The config in force. A run keeps the config that it began with.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.read())
    }

    pub fn put_in_force(&self, config: Config) {
        *self.config.write() = Arc::new(config);
    }

    /// Whether a bearer token is the gateway's. Not in constant time, because a stand-in protects nothing.
    pub fn is_authorized(&self, token: Option<&str>) -> bool {
        let config = self.config();
        let expected = config.token.as_deref().or(self.settings.token.as_deref());
        expected.is_some() && expected == token
    }

    /// Does not use a provider for a while, because it refused its key.
    pub fn park(&self, provider: &str) {
        self.parked_until.lock().insert(provider.to_owned(), Instant::now() + PARK_DURATION);
    }

    pub fn is_parked(&self, provider: &str) -> bool {
        self.parked_until.lock().get(provider).is_some_and(|end| Instant::now() < *end)
    }

    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Ends [`Phase::Starting`]; without effect in [`Phase::Draining`].
    pub fn set_ready(&self) {
        self.phase.send_if_modified(|phase| {
            let starting = *phase == Phase::Starting;
            if starting {
                *phase = Phase::Ready;
            }
            starting
        });
    }

    /// Accepts no new chats any more.
    pub fn drain(&self) {
        self.phase.send_replace(Phase::Draining);
    }
}
