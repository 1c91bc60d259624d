//! A container asks for its configuration, and says which one is in force.

use super::render::{Current, render};
use crate::{Error, Result, Services, containers::authenticate_gateway};
use chrono::{DateTime, Utc};
use domain::ContainerId;
use openclaw::render::Rendered;
use secrecy::SecretString;
use std::{net::SocketAddr, time::Duration};
use store::{
    containers::{self, Container},
    listen::{self, Notification},
};
use tokio::time::Instant;

/// Where containers are served, on the listener that the configuration comes from.
const INTERNAL: &str = "/api/internal";
/// A state with less room than this, in MiB, is as good as full: OpenClaw cannot keep an answer with its tools in it.
const FULL: u64 = 16;
/// The longest a request may be held, in seconds.
const LONGEST_WAIT: u64 = 55;

/// What the container says with its request.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The version in force.
    pub have: Option<String>,
    /// A version that OpenClaw refused, and what it said.
    pub refused: Option<(String, String)>,
    /// MiB that its state has room for.
    pub left_mib: Option<u64>,
    /// Seconds to wait for something newer.
    pub wait_seconds: u64,
    /// Where it reaches Mosaic, as `address:port`.
    pub at: Option<SocketAddr>,
}

/// What it is answered.
pub enum Answer {
    /// The configuration it should put in force.
    New(Box<Rendered>),
    /// It has the newest.
    Unchanged,
}

/// Answers the container that bears `token` about `id`, which must be its own.
pub async fn serve(
    services: &Services,
    token: &SecretString,
    id: ContainerId,
    report: Report,
) -> Result<Answer> {
    let deadline = Instant::now() + Duration::from_secs(report.wait_seconds.min(LONGEST_WAIT));
    // Listening begins before reading: what changes in between is heard.
    let mut listener = services.ear.listen();
    let row = authenticate(services, token, id).await?;
    let internal_url = report.at.map(|at| format!("http://{at}{INTERNAL}"));
    note(services, &row, &report).await?;
    let user = row.user_id.uuid().to_string();
    loop {
        let Current { rendered, change } = render(services, row.user_id, internal_url.clone()).await?;
        let known = [report.have.as_deref(), report.refused.as_ref().map(|(version, _)| version.as_str())];
        if !known.contains(&Some(rendered.version.as_str())) {
            return Ok(Answer::New(Box::new(rendered)));
        }
        // Not when it reports, but when what it reports is the newest: a report may cross a change.
        up_to_date(services, id, change).await?;
        loop {
            match tokio::time::timeout_at(deadline, listener.next()).await {
                Err(_) => return Ok(Answer::Unchanged),
                Ok(Notification::Lagged) => break,
                Ok(Notification::Changed { channel: listen::AGENT_CONFIG, id }) if *id == user => break,
                Ok(Notification::Changed { .. }) => {}
            }
        }
        // Revoked while it waited?
        authenticate(services, token, id).await?;
    }
}

async fn authenticate(services: &Services, token: &SecretString, id: ContainerId) -> Result<Container> {
    let row = authenticate_gateway(services, token).await?;
    if row.id == id { Ok(row) } else { Err(Error::Forbidden("This is another container's configuration.")) }
}

async fn up_to_date(services: &Services, id: ContainerId, change: Option<DateTime<Utc>>) -> Result<()> {
    let mut tx = services.store.system("a container has the newest configuration").await?;
    containers::set_applied_change(&mut tx, id, change).await?;
    Ok(tx.commit().await?)
}

/// "Applied" is what the container reports, never what was hoped.
async fn note(services: &Services, row: &Container, report: &Report) -> Result<()> {
    // A container is not trusted: only what can be a version is kept.
    let is_version = |text: &&str| text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic());
    let have = report.have.as_deref().filter(is_version);
    let error = report
        .refused
        .as_ref()
        .map(|(_, said)| said.chars().filter(|c| !c.is_control()).take(500).collect::<String>());
    let disk_full = report.left_mib.map_or(row.disk_full, |left| left < FULL);
    let said = (have, &error, disk_full);
    if said == (row.applied_version.as_deref(), &row.config_error, row.disk_full) {
        return Ok(());
    }
    let mut tx = services.store.system("report of a container").await?;
    containers::set_applied(&mut tx, row.id, have, error.as_deref()).await?;
    containers::set_disk_full(&mut tx, row.id, disk_full).await?;
    tx.commit().await?;
    Ok(())
}
