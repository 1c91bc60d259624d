//! Reads and lists findings. Expired ones are never returned.

use super::{Finding, FindingFilter, Similar};
use crate::{Cx, Error, Result};
use chrono::{DateTime, Utc};
use domain::{FindingId, invalid};
use std::collections::HashMap;
use store::{Tx, findings};
use uuid::Uuid;

/// A finding with those that say nearly the same.
#[derive(Debug, Clone)]
pub struct FindingView {
    /// The finding.
    pub finding: Finding,
    /// Nearest first.
    pub similar: Vec<Similar>,
}

/// One finding.
pub async fn get(cx: &Cx, id: FindingId) -> Result<FindingView> {
    let mut tx = cx.begin().await?;
    let findings = findings::get(&mut tx, &[id.uuid()], cx.services.clock.now()).await?;
    let finding = findings.into_iter().next().ok_or(Error::NotFound("finding"))?;
    view(cx, &mut tx, finding).await
}

/// One page of the acting user's findings, latest first.
pub async fn list(
    cx: &Cx,
    filter: &FindingFilter,
    after: Option<(DateTime<Utc>, FindingId)>,
    limit: u32,
) -> Result<Vec<FindingView>> {
    let filter = FindingFilter {
        tag: filter
            .tag
            .as_deref()
            .map(|tag| invalid::text("tag", &tag.trim().to_lowercase(), 200))
            .transpose()?,
        containing: filter
            .containing
            .as_deref()
            .map(|text| invalid::text("q", text.trim(), 1000))
            .transpose()?,
        ..filter.clone()
    };
    let mut tx = cx.begin().await?;
    let now = cx.services.clock.now();
    let findings = findings::list(&mut tx, cx.user()?, &filter, now, after, limit.into()).await?;
    views(cx, &mut tx, findings).await
}

pub(super) async fn view(cx: &Cx, tx: &mut Tx, finding: Finding) -> Result<FindingView> {
    let similar = findings::similar(tx, &[finding.id.uuid()], cx.services.clock.now()).await?;
    Ok(FindingView { finding, similar })
}

pub(super) async fn views(cx: &Cx, tx: &mut Tx, findings: Vec<Finding>) -> Result<Vec<FindingView>> {
    let ids: Vec<Uuid> = findings.iter().map(|finding| finding.id.uuid()).collect();
    let mut similar: HashMap<Uuid, Vec<Similar>> = HashMap::new();
    for one in findings::similar(tx, &ids, cx.services.clock.now()).await? {
        similar.entry(one.finding_id).or_default().push(one);
    }
    let view = |finding: Finding| {
        let similar = similar.remove(&finding.id.uuid()).unwrap_or_default();
        FindingView { finding, similar }
    };
    Ok(findings.into_iter().map(view).collect())
}
