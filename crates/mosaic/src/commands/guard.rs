//! `mosaic guard`: keeps the firewall around agent containers in force, as the settings require.

use crate::{args, parts};
use boot::{Config, Shutdown};
use fleet::Services;
use runtime::guard::{Guard, GuardConfig, GuardError};
use std::{sync::Arc, time::Duration};
use store::listen;

/// How often the rules are compared with the required ones: another program may have changed them.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);

pub async fn run(config: &Config, args: args::Guard) -> anyhow::Result<()> {
    let shutdown = Shutdown::on_signals()?;
    let services =
        parts::services(config, config.require_database_url()?, config.require_secret_key()?).await?;
    apply(&services, args.internal_port).await?;
    maintain(&services, args.internal_port, &shutdown).await;
    Ok(())
}

/// Installs the firewall once. The error says why it cannot be installed.
pub async fn apply(services: &Services, internal_port: u16) -> Result<(), GuardError> {
    Guard::new(services.instance).apply(&required_config(services, internal_port).await).await
}

/// Keeps the firewall in force until `shutdown`. It stays afterwards, because containers may still run.
pub async fn maintain(services: &Arc<Services>, internal_port: u16, shutdown: &Shutdown) {
    let mut applied = None;
    // A host that an admin allows must be reachable at once, not only after the next check. One listener for all rounds,
    // so that a change during a round starts the next one.
    let mut listener = services.notifications.listen();
    loop {
        tokio::select! {
            () = shutdown.begun() => return,
            () = listener.wait_for(listen::SETTINGS, fleet::settings::SETTINGS_KEY, CHECK_INTERVAL) => {}
        }
        let required = required_config(services, internal_port).await;
        let guard = Guard::new(services.instance);
        let in_force = matches!(guard.status(&required).await, Ok(runtime::guard::GuardStatus::Enforced));
        if in_force && applied.as_ref() == Some(&required) {
            telemetry::GUARD_ENFORCED.set([], 1.0);
            continue;
        }
        match guard.apply(&required).await {
            Ok(()) => {
                telemetry::GUARD_ENFORCED.set([], 1.0);
                applied = Some(required);
            }
            Err(error) => {
                telemetry::GUARD_ENFORCED.set([], 0.0);
                tracing::error!(%error, "the firewall around agent containers is not in force");
            }
        }
    }
}

pub async fn required_config(services: &Services, internal_port: u16) -> GuardConfig {
    // The stored settings, because this process's copy may not be updated yet.
    let allowed = match services.stored_settings().await {
        Ok(stored) => stored.allowed_hosts,
        Err(_) => services.settings.get().allowed_hosts.clone(),
    };
    GuardConfig::read(internal_port, &allowed).await
}
