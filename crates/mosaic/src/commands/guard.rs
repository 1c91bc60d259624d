//! `mosaic guard`: keeps the walls around agent containers in force and in step with the settings.

use crate::{args, parts};
use boot::{Config, Shutdown};
use fleet::Services;
use runtime::guard::{Guard, GuardConfig, NotEnforced};
use std::{sync::Arc, time::Duration};
use store::listen;

/// How often the table is compared with what it should be: somebody may have flushed it.
const CHECK_EVERY: Duration = Duration::from_secs(10);

pub async fn run(config: &Config, args: args::Guard) -> anyhow::Result<()> {
    let shutdown = Shutdown::on_signals(parts::DRAIN)?;
    let services =
        parts::services(config, config.require_database_url()?, config.require_secret_key()?).await?;
    apply(&services, args.internal_port).await?;
    keep(&services, args.internal_port, &shutdown).await;
    Ok(())
}

/// Puts the walls up once; the error says why they cannot be.
pub async fn apply(services: &Services, internal_port: u16) -> Result<(), NotEnforced> {
    Guard::new(services.instance).apply(&wanted(services, internal_port).await).await
}

/// Keeps them up until `shutdown`. They stay up afterwards: so may the containers.
pub async fn keep(services: &Arc<Services>, internal_port: u16, shutdown: &Shutdown) {
    let mut last = None;
    // A host that an admin allows is reachable at once, not at the next check. One listener for all rounds: a change
    // during a round begins the next one.
    let mut listener = services.ear.listen();
    loop {
        tokio::select! {
            () = shutdown.begun() => return,
            () = listener.wait_for(listen::SETTINGS, fleet::settings::KEY, CHECK_EVERY) => {}
        }
        let now = wanted(services, internal_port).await;
        let guard = Guard::new(services.instance);
        let in_force = matches!(guard.status(&now).await, Ok(runtime::guard::GuardStatus::Enforced));
        if in_force && last.as_ref() == Some(&now) {
            telemetry::GUARD.set([], 1.0);
            continue;
        }
        match guard.apply(&now).await {
            Ok(()) => {
                telemetry::GUARD.set([], 1.0);
                last = Some(now);
            }
            Err(error) => {
                telemetry::GUARD.set([], 0.0);
                tracing::error!(%error, "the walls around agent containers are not in force");
            }
        }
    }
}

pub async fn wanted(services: &Services, internal_port: u16) -> GuardConfig {
    // What is stored: whoever hears of a change may be earlier than this process's copy.
    let allowed = match fleet::settings::read(&services.store).await {
        Ok(stored) => stored.allowed_hosts,
        Err(_) => services.settings.get().allowed_hosts.clone(),
    };
    GuardConfig::read(internal_port, &allowed).await
}
