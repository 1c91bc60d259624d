//! Schedules, for admins: read, change, run now.

use crate::{Cx, Error, Result};
use ::jobs::{
    JobState,
    schedules::{self, Expression, ScheduleView, Switch},
};
use chrono::{DateTime, Utc};
use domain::{Invalid, JobId};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    name: String,
    kind: String,
    cron: String,
    enabled: bool,
    next_due: Option<DateTime<Utc>>,
    last_due: Option<DateTime<Utc>>,
    last_run: Option<DateTime<Utc>>,
    last_job: Option<JobId>,
    last_state: Option<&'static str>,
}

impl From<ScheduleView> for Schedule {
    fn from(schedule: ScheduleView) -> Self {
        Self {
            last_job: schedule.last_job(),
            name: schedule.name,
            kind: schedule.kind,
            cron: schedule.cron,
            enabled: schedule.enabled,
            next_due: schedule.next_due,
            last_due: schedule.last_due,
            last_run: schedule.last_run,
            last_state: schedule.last_state.map(JobState::as_str),
        }
    }
}

/// What to change; `None` leaves a part as it is.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    pub cron: Option<String>,
    pub enabled: Option<bool>,
}

/// All schedules.
pub async fn schedules(cx: &Cx) -> Result<Vec<Schedule>> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    Ok(schedules::list(&mut tx).await?.into_iter().map(Schedule::from).collect())
}

/// Changes a schedule. Its next tick is computed from the database's time: ticks that were missed while it was off are not
/// made up for.
pub async fn change_schedule(cx: &Cx, name: &str, patch: Patch) -> Result<Schedule> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    let before = schedules::get(&mut tx, name).await?.ok_or(Error::NotFound("schedule"))?;
    let cron = Expression::parse(patch.cron.as_deref().unwrap_or(&before.cron))?;
    let next = cron.next_after(schedules::now(&mut tx).await?);
    let next = next.ok_or_else(|| Invalid::new("cron", "This never comes. Choose a day that exists."))?;
    let switch = if patch.enabled.unwrap_or(before.enabled) { Switch::On } else { Switch::Off };
    schedules::change(&mut tx, name, &cron, switch, next).await?;
    let after = schedules::get(&mut tx, name).await?.ok_or(Error::NotFound("schedule"))?;
    let detail = json!({
        "before": { "cron": before.cron, "enabled": before.enabled },
        "after": { "cron": after.cron, "enabled": after.enabled },
    });
    cx.audit(&mut tx, "schedule.change", name, None, detail).await?;
    tx.commit().await?;
    Ok(after.into())
}

/// Enqueues its job now, also when it is off. The next tick stays as it is.
pub async fn run_schedule(cx: &Cx, name: &str) -> Result<JobId> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    let enqueued = schedules::run_now(&mut tx, &cx.actor, name).await?.ok_or(Error::NotFound("schedule"))?;
    cx.audit(&mut tx, "schedule.run", name, None, json!({ "job": enqueued.id })).await?;
    tx.commit().await?;
    Ok(enqueued.id)
}
