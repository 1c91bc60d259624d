//! Ask for a run, and run it.

use super::trial::{Site, trial};
use crate::{Cx, Error, Progress, Result, Services};
use domain::{
    JobId,
    isolation::{Check, IsolationProber, Verdict, verdict},
};
use jobs::kinds::SelfTest;
use serde_json::json;
use store::isolation;

/// Enqueues a run for an admin; one that waits is not doubled, and one that runs is repeated afterwards.
pub async fn enqueue(cx: &Cx) -> Result<JobId> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    let job = jobs::enqueue(&mut tx, &cx.actor, &SelfTest {}, jobs::Options::default()).await?;
    isolation::ask(&mut tx, job.id).await?;
    cx.audit(&mut tx, "fleet.self_test", &job.id.to_string(), None, json!({})).await?;
    tx.commit().await?;
    Ok(job.id)
}

/// The job: tries out the walls and stores what was found.
pub async fn run(
    services: &Services,
    walls: &dyn IsolationProber,
    site: &Site,
    job: &dyn Progress,
    id: JobId,
) -> Result<()> {
    let mut tx = services.store.system("isolation self-test").await?;
    isolation::begin(&mut tx, id).await?;
    tx.commit().await?;
    job.phase("try the walls").await;
    let (Verdict { enforced, summary }, checks) = try_out(services, walls, site, id.to_string()).await?;
    if enforced == Some(false) {
        tracing::warn!(summary, "isolation self-test");
    }
    let checks = serde_json::to_value(checks).map_err(Error::internal)?;
    let mut tx = services.store.system("isolation self-test").await?;
    isolation::finish(&mut tx, id, enforced, &summary, &checks).await?;
    tx.commit().await?;
    Ok(())
}

/// Tries out the walls and stores nothing; `run` names the run on the engine.
pub async fn try_out(
    services: &Services,
    walls: &dyn IsolationProber,
    site: &Site,
    run: String,
) -> Result<(Verdict, Vec<Check>)> {
    let trial = trial(services, site, run).await?;
    let found = walls.try_out(&trial).await?;
    Ok((verdict(&found.checks, found.guard.as_deref()), found.checks))
}
