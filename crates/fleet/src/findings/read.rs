//! Reading, listing and searching findings. One whose time is over is never seen.

use super::{Finding, Narrow, Similar};
use crate::{
    Cx, Error, Result,
    knowledge::{self, Filter, Hit, Mode},
};
use chrono::{DateTime, Utc};
use domain::{FindingId, invalid, knowledge::Kind};
use std::collections::HashMap;
use store::{Tx, findings};
use uuid::Uuid;

/// A finding with those that say nearly the same.
#[derive(Debug, Clone)]
pub struct View {
    /// The finding.
    pub finding: Finding,
    /// Nearest first.
    pub similar: Vec<Similar>,
}

/// One finding.
pub async fn get(cx: &Cx, id: FindingId) -> Result<View> {
    let mut tx = cx.begin().await?;
    let found = findings::get(&mut tx, &[id.uuid()], cx.services.clock.now()).await?;
    let finding = found.into_iter().next().ok_or(Error::NotFound("finding"))?;
    view(cx, &mut tx, finding).await
}

/// One page of the acting user's findings, latest first.
pub async fn list(
    cx: &Cx,
    narrow: &Narrow,
    after: Option<(DateTime<Utc>, FindingId)>,
    limit: u32,
) -> Result<Vec<View>> {
    let narrow = Narrow {
        tag: narrow
            .tag
            .as_deref()
            .map(|tag| invalid::text("tag", &tag.trim().to_lowercase(), 200))
            .transpose()?,
        containing: narrow
            .containing
            .as_deref()
            .map(|text| invalid::text("q", text.trim(), 1000))
            .transpose()?,
        ..narrow.clone()
    };
    let mut tx = cx.begin().await?;
    let now = cx.services.clock.now();
    let found = findings::list(&mut tx, cx.user()?, &narrow, now, after, limit.into()).await?;
    views(cx, &mut tx, found).await
}

/// A finding that was found, and by what.
#[derive(Debug, Clone)]
pub struct Match {
    /// The finding.
    pub view: View,
    /// By what.
    pub hit: Hit,
}

/// The answer to a query.
#[derive(Debug, Clone)]
pub struct Matches {
    /// Best first.
    pub items: Vec<Match>,
    /// By what was searched.
    pub mode: Mode,
    /// What the answer lacks.
    pub note: Option<String>,
}

/// Searches the acting user's findings.
pub async fn search(cx: &Cx, query: &str, mut filter: Filter, limit: usize) -> Result<Matches> {
    for tag in &mut filter.tags {
        *tag = invalid::text("filters.tags", &tag.trim().to_lowercase(), 200)?;
    }
    let found = knowledge::search(cx, Kind::Finding, query, &filter, limit).await?;
    let ids: Vec<Uuid> = found.hits.iter().map(|hit| hit.id).collect();
    let mut tx = cx.begin().await?;
    let rows = findings::get(&mut tx, &ids, cx.services.clock.now()).await?;
    let mut views: HashMap<Uuid, View> =
        views(cx, &mut tx, rows).await?.into_iter().map(|view| (view.finding.id.uuid(), view)).collect();
    // One that was forgotten in between is left out.
    let items = found.hits.into_iter().filter_map(|hit| Some(Match { view: views.remove(&hit.id)?, hit }));
    Ok(Matches { items: items.collect(), mode: found.mode, note: found.note })
}

pub(super) async fn view(cx: &Cx, tx: &mut Tx, finding: Finding) -> Result<View> {
    let similar = findings::similar(tx, &[finding.id.uuid()], cx.services.clock.now()).await?;
    Ok(View { finding, similar })
}

async fn views(cx: &Cx, tx: &mut Tx, found: Vec<Finding>) -> Result<Vec<View>> {
    let ids: Vec<Uuid> = found.iter().map(|finding| finding.id.uuid()).collect();
    let mut similar: HashMap<Uuid, Vec<Similar>> = HashMap::new();
    for one in findings::similar(tx, &ids, cx.services.clock.now()).await? {
        similar.entry(one.finding_id).or_default().push(one);
    }
    let view = |finding: Finding| {
        let similar = similar.remove(&finding.id.uuid()).unwrap_or_default();
        View { finding, similar }
    };
    Ok(found.into_iter().map(view).collect())
}
