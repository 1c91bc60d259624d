//! LISTEN on a connection of its own, shared by a whole process.
//!
//! A notification carries an id only; who receives it reads the row as their own actor. Notifications are hints: after
//! a lost connection listeners get [`Notification::Lagged`] and read everything they wait for.

use crate::Error;
use sqlx::{PgPool, postgres::PgListener};
use std::{sync::Arc, time::Duration};
use tokio::{sync::broadcast, time::Instant};
use uuid::Uuid;

/// A turn's row or events changed; payload: the turn's UUID.
pub const TURN: &str = "mosaic_turn";
/// The stop of a turn was requested; payload: the turn's UUID.
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
/// How many notifications a listener may lag behind before it is told to read again.
const BACKLOG: usize = 1024;
/// How long to wait before a lost connection is opened again.
const RECONNECT_AFTER: Duration = Duration::from_millis(500);

/// What a listener receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification {
    /// Something changed: one of this module's channels, and its payload.
    Changed { channel: &'static str, id: Arc<str> },
    /// Notifications may have been missed: read again.
    Lagged,
}

/// Hands the database's notifications to all listeners of this process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct NotificationHub {
    sender: broadcast::Sender<Notification>,
}

impl NotificationHub {
    /// A hub and the task that feeds it for as long as the process lives; the caller spawns it.
    pub fn new(pool: PgPool) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (sender, _) = broadcast::channel(BACKLOG);
        let feeder = feed(pool, sender.clone());
        (Self { sender }, feeder)
    }

    /// A listener that receives everything from now on.
    pub fn listen(&self) -> Listener {
        Listener { receiver: self.sender.subscribe() }
    }

    /// Reads a state again and again until it is the one waited for, or the time is up, and answers with the last
    /// state that was read. An error of `read` ends the wait.
    ///
    /// `pending` says whose change a state still waits for; `None` means that the wait is over. An id that no
    /// notification carries, such as [`Uuid::nil`], waits for the next re-read.
    ///
    /// Each read begins after the subscription: a change between the read and the wait is not missed. `read` should
    /// return its connection before it answers, because none is needed while waiting. To stop early, drop the future
    /// (`tokio::select!`).
    pub async fn wait_until<S, E, F: Future<Output = Result<S, E>>>(
        &self,
        wait: Wait,
        mut read: impl FnMut() -> F,
        pending: impl Fn(&S) -> Option<Uuid>,
    ) -> Result<S, E> {
        let deadline = wait.at_most.and_then(|at_most| Instant::now().checked_add(at_most));
        loop {
            let mut listener = self.listen();
            let state = read().await?;
            let Some(id) = pending(&state) else { return Ok(state) };
            let left = deadline.map_or(Duration::MAX, |deadline| deadline.duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(state);
            }
            listener.wait_for(wait.channel, &id.to_string(), left.min(wait.reread_every)).await;
        }
    }
}

/// What [`NotificationHub::wait_until`] waits for.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// One of this module's channels.
    pub channel: &'static str,
    /// Notifications are hints: without one the state is read again this often.
    pub reread_every: Duration,
    /// How long to wait in all. `None`: until the state is reached.
    pub at_most: Option<Duration>,
}

/// One listener.
#[derive(Debug)]
pub struct Listener {
    receiver: broadcast::Receiver<Notification>,
}

impl Listener {
    /// The next notification. A listener that lagged gets one [`Notification::Lagged`] for all it missed.
    pub async fn next(&mut self) -> Notification {
        match self.receiver.recv().await {
            Ok(notification) => notification,
            Err(broadcast::error::RecvError::Lagged(_)) => Notification::Lagged,
            // The feeder is gone: the process is ending. Waiting is all that is left.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }

    /// Waits until `id` changes on `channel`, notifications were missed, or `at_most` has passed.
    pub async fn wait_for(&mut self, channel: &str, id: &str, at_most: Duration) {
        let received = async {
            loop {
                match self.next().await {
                    Notification::Lagged => return,
                    Notification::Changed { channel: c, id: i } if c == channel && &*i == id => return,
                    Notification::Changed { .. } => {}
                }
            }
        };
        // Either way the caller reads again.
        let _ = tokio::time::timeout(at_most, received).await;
    }
}

async fn feed(pool: PgPool, sender: broadcast::Sender<Notification>) {
    loop {
        if let Err(error) = listen_once(&pool, &sender).await {
            tracing::warn!(%error, "lost the notification connection; trying again");
        }
        tokio::time::sleep(RECONNECT_AFTER).await;
    }
}

async fn listen_once(pool: &PgPool, sender: &broadcast::Sender<Notification>) -> Result<(), Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen_all(CHANNELS).await?;
    // A send fails when there is no listener, which is no error.
    let _ = sender.send(Notification::Lagged);
    loop {
        let Some(received) = listener.try_recv().await? else {
            let _ = sender.send(Notification::Lagged);
            continue;
        };
        let Some(channel) = CHANNELS.into_iter().find(|c| *c == received.channel()) else { continue };
        let _ = sender.send(Notification::Changed { channel, id: received.payload().into() });
    }
}
