//! Lanes, for admins: their state; pause, resume, limit.

use crate::{Cx, Error, Result};
use ::jobs::lanes::{self, LaneView};
use chrono::{DateTime, Utc};
use domain::Invalid;
use serde::Serialize;
use serde_json::json;
use std::num::NonZeroU32;
use utoipa::ToSchema;

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lane {
    name: String,
    paused_at: Option<DateTime<Utc>>,
    /// Null: as many as the workers have slots.
    concurrency: Option<i32>,
    slots: i64,
    running: i64,
    ready: i64,
    later: i64,
    oldest_due: Option<DateTime<Utc>>,
}

impl From<LaneView> for Lane {
    fn from(lane: LaneView) -> Self {
        Self {
            name: lane.name,
            paused_at: lane.paused_at,
            concurrency: lane.concurrency,
            slots: lane.slots,
            running: lane.running,
            ready: lane.ready,
            later: lane.later,
            oldest_due: lane.oldest_due,
        }
    }
}

/// All lanes.
pub async fn lanes(cx: &Cx) -> Result<Vec<Lane>> {
    let cx = cx.as_admin()?;
    let mut tx = cx.begin().await?;
    Ok(lanes::list(&mut tx).await?.into_iter().map(Lane::from).collect())
}

fn parse(name: &str) -> Result<::jobs::Lane> {
    ::jobs::Lane::from_stored(name).ok_or(Error::NotFound("lane"))
}

/// Starts no more jobs of the lane; running ones go on.
pub async fn pause_lane(cx: &Cx, name: &str) -> Result<()> {
    let cx = cx.as_admin()?;
    let lane = parse(name)?;
    let mut tx = cx.begin().await?;
    lanes::pause(&mut tx, lane).await?;
    cx.audit(&mut tx, "lane.pause", name, None, json!({})).await?;
    Ok(tx.commit().await?)
}

/// Resumes the lane.
pub async fn resume_lane(cx: &Cx, name: &str) -> Result<()> {
    let cx = cx.as_admin()?;
    let lane = parse(name)?;
    let mut tx = cx.begin().await?;
    lanes::resume(&mut tx, lane).await?;
    cx.audit(&mut tx, "lane.resume", name, None, json!({})).await?;
    Ok(tx.commit().await?)
}

/// Limits how many jobs of the lane run at once on the whole instance; `Some(None)` removes the limit, `None` is refused.
pub async fn limit_lane(cx: &Cx, name: &str, concurrency: Option<Option<i64>>) -> Result<()> {
    let cx = cx.as_admin()?;
    let lane = parse(name)?;
    let wrong = || Invalid::new("concurrency", "Use 1 to 1000, or null for as many as the workers allow.");
    let concurrency = match concurrency.ok_or_else(wrong)? {
        Some(limit @ 1..=1000) => {
            Some(u32::try_from(limit).ok().and_then(NonZeroU32::new).ok_or_else(wrong)?)
        }
        Some(_) => return Err(wrong().into()),
        None => None,
    };
    let mut tx = cx.begin().await?;
    lanes::set_limit(&mut tx, lane, concurrency).await?;
    cx.audit(&mut tx, "lane.limit", name, None, json!({ "concurrency": concurrency })).await?;
    Ok(tx.commit().await?)
}
