//! LISTEN on a connection of its own, shared by a whole process.
//!
//! A notification carries an id only; whoever hears it reads again as its own actor. Notifications
//! are hints: after a lost connection listeners get [`Notification::Lagged`] and read everything they wait for.

use crate::Result;
use sqlx::{PgPool, postgres::PgListener};
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast;

/// A turn's row or events changed; payload: the turn's UUID.
pub const TURN: &str = "mosaic_turn";
/// A stop of a turn was asked for; payload: the turn's UUID.
pub const STOP: &str = "mosaic_stop";
/// An awaited job ended; payload: the job's UUID.
pub const JOB_ENDED: &str = "mosaic_job";
/// A container's row changed; payload: the container's UUID.
pub const CONTAINER: &str = "mosaic_container";
/// A user's rendered configuration changed; payload: the user's UUID.
pub const AGENT_CONFIG: &str = "mosaic_agent_config";
/// The instance's settings changed; payload: the key in `system_config`.
pub const SETTINGS: &str = "mosaic_settings";

const CHANNELS: [&str; 6] = [JOB_ENDED, STOP, TURN, CONTAINER, AGENT_CONFIG, SETTINGS];
/// Notes a slow listener may lag behind before it is told to read again.
const BACKLOG: usize = 1024;

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification {
    /// Something changed.
    Changed {
        /// One of this module's channels.
        channel: &'static str,
        /// The payload.
        id: Arc<str>,
    },
    /// Notes may have been missed: read again.
    Lagged,
}

/// The process's ear. Cheap to clone.
#[derive(Clone, Debug)]
pub struct NotificationHub {
    notes: broadcast::Sender<Notification>,
}

impl NotificationHub {
    /// An ear and the task that feeds it for as long as the process lives; the caller spawns it.
    pub fn new(pool: PgPool) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (notes, _) = broadcast::channel(BACKLOG);
        let feeder = feed(pool, notes.clone());
        (Self { notes }, feeder)
    }

    /// Hears everything from now on.
    pub fn listen(&self) -> Listener {
        Listener { notes: self.notes.subscribe() }
    }
}

/// One listener.
#[derive(Debug)]
pub struct Listener {
    notes: broadcast::Receiver<Notification>,
}

impl Listener {
    /// The next note. A listener that lagged gets one [`Notification::Lagged`] for all it missed.
    pub async fn next(&mut self) -> Notification {
        match self.notes.recv().await {
            Ok(note) => note,
            Err(broadcast::error::RecvError::Lagged(_)) => Notification::Lagged,
            // The feeder is gone: the process is ending. Waiting is all that is left.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }

    /// Waits until `id` changes on `channel`, notes were missed, or `at_most` has passed.
    pub async fn wait_for(&mut self, channel: &str, id: &str, at_most: Duration) {
        let heard = async {
            loop {
                match self.next().await {
                    Notification::Lagged => return,
                    Notification::Changed { channel: c, id: i } if c == channel && &*i == id => return,
                    Notification::Changed { .. } => {}
                }
            }
        };
        // Either way the caller reads again.
        let _ = tokio::time::timeout(at_most, heard).await;
    }
}

async fn feed(pool: PgPool, notes: broadcast::Sender<Notification>) {
    loop {
        if let Err(error) = listen_once(&pool, &notes).await {
            tracing::warn!(%error, "lost the notification connection; trying again");
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn listen_once(pool: &PgPool, notes: &broadcast::Sender<Notification>) -> Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen_all(CHANNELS).await?;
    // A send without listeners is no error worth knowing.
    let _ = notes.send(Notification::Lagged);
    loop {
        let Some(heard) = listener.try_recv().await? else {
            let _ = notes.send(Notification::Lagged);
            continue;
        };
        let Some(channel) = CHANNELS.into_iter().find(|c| *c == heard.channel()) else { continue };
        let _ = notes.send(Notification::Changed { channel, id: heard.payload().into() });
    }
}
