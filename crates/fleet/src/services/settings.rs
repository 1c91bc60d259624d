//! The instance's settings as this process knows them.

use crate::Result;
use domain::settings::Settings;
use std::{sync::Arc, time::Duration};
use store::{
    Store, config,
    listen::{self, NotificationHub},
};
use tokio::sync::watch;

/// Key of the settings in `system_config`, and the payload of their notification.
pub const SETTINGS_KEY: &str = "settings";
/// Notifications are hints: without one the settings are read again this often.
const REREAD_INTERVAL: Duration = Duration::from_secs(30);

/// The settings as this process knows them; always replaced as a whole.
#[derive(Debug, Clone)]
pub struct SettingsWatch {
    current: watch::Sender<Arc<Settings>>,
}

impl SettingsWatch {
    pub(super) async fn load(store: &Store) -> Result<Self> {
        Ok(Self { current: watch::Sender::new(Arc::new(read(store).await?)) })
    }

    /// The settings now.
    pub fn get(&self) -> Arc<Settings> {
        Arc::clone(&self.current.borrow())
    }

    /// Takes over a change that this process has just committed, without waiting for its own notification.
    pub(crate) fn replace(&self, settings: Settings) {
        self.current.send_replace(Arc::new(settings));
    }

    /// Follows changes for as long as the process lives; the caller spawns it.
    pub async fn follow(self, store: Store, notifications: NotificationHub) {
        let mut listener = notifications.listen();
        loop {
            // First of all: a change between loading and listening is not announced again.
            match read(&store).await {
                Ok(settings) => self.replace(settings),
                Err(error) => {
                    tracing::warn!(%error, "settings could not be read again; the old ones stay in force");
                }
            }
            listener.wait_for(listen::SETTINGS, SETTINGS_KEY, REREAD_INTERVAL).await;
        }
    }
}

/// The settings as stored now; defaults where nothing was ever changed.
pub(super) async fn read(store: &Store) -> Result<Settings> {
    let mut tx = store.system("settings").await?;
    Ok(config::get::<Settings>(&mut tx, SETTINGS_KEY).await?.map(|fact| fact.value).unwrap_or_default())
}
