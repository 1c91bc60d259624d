//! Notifications of new jobs and of cancellations, on a connection of its own.
//!
//! Notifications are hints: what is missed while the connection is down is found by an idle lane's poll and by the
//! heartbeat.

use super::{Engine, StopReason, jittered};
use crate::{Lane, Result};
use domain::JobId;
use sqlx::postgres::PgListener;
use std::time::Duration;
use uuid::Uuid;

const JOBS_CHANNEL: &str = "mosaic_jobs";
const CANCEL_CHANNEL: &str = "mosaic_job_cancel";
const RECONNECT_DELAY: Duration = Duration::from_millis(500);

/// Listens for as long as it is polled.
pub(super) async fn listen(engine: &Engine) {
    loop {
        if let Err(error) = listen_once(engine).await {
            tracing::warn!(%error, "lost the notification connection; polling until it is back");
        }
        tokio::time::sleep(jittered(RECONNECT_DELAY)).await;
    }
}

async fn listen_once(engine: &Engine) -> Result<()> {
    let mut listener = PgListener::connect_with(&engine.inner.pool).await?;
    listener.listen_all([JOBS_CHANNEL, CANCEL_CHANNEL]).await?;
    wake_all(engine);
    loop {
        let Some(notification) = listener.try_recv().await? else {
            // It reconnected: notifications may have been missed.
            wake_all(engine);
            continue;
        };
        match notification.channel() {
            JOBS_CHANNEL => wake(engine, Lane::from_stored(notification.payload())),
            _ => cancel(engine, notification.payload()),
        }
    }
}

fn wake_all(engine: &Engine) {
    engine.inner.lanes.values().for_each(|lane| lane.wake.notify_one());
}

fn wake(engine: &Engine, lane: Option<Lane>) {
    if let Some(lane) = lane.and_then(|lane| engine.inner.lanes.get(&lane)) {
        lane.wake.notify_one();
    }
}

fn cancel(engine: &Engine, payload: &str) {
    if let Ok(job) = Uuid::try_parse(payload) {
        engine.inner.leases.stop_job(JobId::from(job), StopReason::Cancelled);
    }
}
