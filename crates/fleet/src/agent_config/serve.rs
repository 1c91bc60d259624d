//! Serves a container's requests for its configuration. Each request reports which configuration is in force.

use super::render::{CurrentConfig, render};
use crate::{Error, Result, Services, containers::authenticate_gateway};
use chrono::{DateTime, Utc};
use domain::ContainerId;
use openclaw::render::RenderedConfig;
use secrecy::SecretString;
use std::{net::SocketAddr, time::Duration};
use store::{
    Tx,
    containers::{self, Container},
    listen::{self, Notification},
};
use tokio::time::Instant;

/// The path of the internal API, on the listener that serves the configuration.
const INTERNAL_PATH: &str = "/api/internal";
/// A volume with less free space counts as full: OpenClaw cannot store an answer with its tool results in it.
const MIN_FREE_MIB: u64 = 16;
/// How long a request may wait for a new configuration.
const MAX_WAIT_SECONDS: u64 = 55;
const MAX_VERSION_CHARS: usize = 64;
/// Of a message of OpenClaw.
const MAX_ERROR_CHARS: usize = 500;

/// What a container reports with its request.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The version that is in force.
    pub have: Option<String>,
    /// A version that OpenClaw refused, and its message.
    pub refused: Option<(String, String)>,
    /// Free space on its state volume, in MiB.
    pub left_mib: Option<u64>,
    /// How long to wait for a newer version, in seconds.
    pub wait_seconds: u64,
    /// The address at which it reaches Mosaic.
    pub at: Option<SocketAddr>,
}

/// The answer to such a request.
pub enum Answer {
    /// The configuration to put in force.
    New(Box<RenderedConfig>),
    /// The container has the newest configuration.
    Unchanged,
}

/// Answers the container that has `token`; `id` must be its own.
pub async fn serve(
    services: &Services,
    token: &SecretString,
    id: ContainerId,
    report: Report,
) -> Result<Answer> {
    let deadline = Instant::now() + Duration::from_secs(report.wait_seconds.min(MAX_WAIT_SECONDS));
    // Listening begins before reading, so that no change in between is missed.
    let mut listener = services.notifications.listen();
    let row = authenticate(services, token, id).await?;
    let internal_url = report.at.map(|at| format!("http://{at}{INTERNAL_PATH}"));
    record_report(services, &row, &report).await?;
    let user = row.user_id.uuid().to_string();
    loop {
        let CurrentConfig { rendered, change } = render(services, row.user_id, internal_url.clone()).await?;
        let known = [report.have.as_deref(), report.refused.as_ref().map(|(version, _)| version.as_str())];
        if !known.contains(&Some(rendered.version.as_str())) {
            return Ok(Answer::New(Box::new(rendered)));
        }
        // Recorded here and not when the report arrives, because the configuration may change in between.
        record_applied(services, id, change).await?;
        loop {
            match tokio::time::timeout_at(deadline, listener.next()).await {
                Err(_) => return Ok(Answer::Unchanged),
                Ok(Notification::Lagged) => break,
                Ok(Notification::Changed { channel: listen::AGENT_CONFIG, id }) if *id == user => break,
                Ok(Notification::Changed { .. }) => {}
            }
        }
        // The token may have been revoked in the meantime.
        authenticate(services, token, id).await?;
    }
}

async fn authenticate(services: &Services, token: &SecretString, id: ContainerId) -> Result<Container> {
    let row = authenticate_gateway(services, token).await?;
    if row.id == id { Ok(row) } else { Err(Error::Forbidden("This is another container's configuration.")) }
}

async fn record_applied(services: &Services, id: ContainerId, change: Option<DateTime<Utc>>) -> Result<()> {
    let reason = "a container has the newest configuration";
    let set = async |tx: &mut Tx| containers::set_applied_change(tx, id, change).await;
    Ok(services.store.run_system(reason, set).await?)
}

/// Stores what the container reports as applied.
async fn record_report(services: &Services, row: &Container, report: &Report) -> Result<()> {
    // A container is not trusted: only a text that can be a version is stored.
    let is_version =
        |text: &&str| text.len() <= MAX_VERSION_CHARS && text.bytes().all(|byte| byte.is_ascii_graphic());
    let have = report.have.as_deref().filter(is_version);
    let error = report.refused.as_ref().map(|(_, message)| {
        message.chars().filter(|c| !c.is_control()).take(MAX_ERROR_CHARS).collect::<String>()
    });
    let disk_full = report.left_mib.map_or(row.disk_full, |left| left < MIN_FREE_MIB);
    let reported = (have, &error, disk_full);
    if reported == (row.applied_version.as_deref(), &row.config_error, row.disk_full) {
        return Ok(());
    }
    let record = async |tx: &mut Tx| {
        containers::set_applied(tx, row.id, have, error.as_deref()).await?;
        containers::set_disk_full(tx, row.id, disk_full).await
    };
    Ok(services.store.run_system("report of a container", record).await?)
}
