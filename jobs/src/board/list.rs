//! One page of jobs by keyset pagination: as fast behind a million finished jobs as behind ten.

use crate::{JobState, JobView, Lane, Result, Tx, status::JobRow};
use chrono::{DateTime, Utc};
use domain::{JobId, UserId};
use uuid::Uuid;

/// Whose jobs a query of the board covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnerFilter {
    User(UserId),
    /// All jobs that the transaction's actor may see.
    All,
}

impl OwnerFilter {
    pub(super) fn user_id(self) -> Option<Uuid> {
        match self {
            Self::User(user) => Some(user.uuid()),
            Self::All => None,
        }
    }
}

/// Which jobs; `None` does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub states: Option<Vec<JobState>>,
    pub kind: Option<String>,
    pub lane: Option<Lane>,
    /// A job's id, or a part of its kind's name.
    pub search: Option<String>,
    /// Enqueued at this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// Enqueued before this moment.
    pub to: Option<DateTime<Utc>>,
}

impl Filter {
    /// The job that is searched for, if the search text is an id.
    fn id(&self) -> Option<JobId> {
        self.search.as_deref().and_then(|text| text.trim().parse().ok())
    }

    /// The search text, if it is not an id.
    fn kind_part(&self) -> Option<String> {
        self.search.as_deref().filter(|_| self.id().is_none()).map(|text| text.trim().to_lowercase())
    }

    /// The range of ids, without its end. Ids of jobs begin with the millisecond of their creation.
    fn id_range(&self, before: Option<JobId>) -> (Uuid, Uuid) {
        let mut first = self.from.map_or(Uuid::nil(), first_id_at);
        let mut end = self.to.map_or(Uuid::max(), first_id_at);
        if let Some(id) = self.id() {
            first = first.max(id.uuid());
            end = end.min(Uuid::from_u128(id.uuid().as_u128().saturating_add(1)));
        }
        (first, before.map_or(end, |before| end.min(before.uuid())))
    }
}

fn first_id_at(moment: DateTime<Utc>) -> Uuid {
    let millis = u128::try_from(moment.timestamp_millis()).unwrap_or_default();
    Uuid::from_u128((millis << 80).min(u128::MAX >> 1))
}

/// At most `limit` jobs that match the filter, the newest first, older than `before`.
pub async fn list(
    tx: &mut Tx,
    owner: OwnerFilter,
    filter: &Filter,
    before: Option<JobId>,
    limit: i64,
) -> Result<Vec<JobView>> {
    let (first, end) = filter.id_range(before);
    let states: Option<Vec<&str>> =
        filter.states.as_ref().map(|states| states.iter().map(|state| state.as_str()).collect());
    let states = states.as_deref();
    let lane = filter.lane.map(Lane::as_str);
    let kind = filter.kind.as_deref();
    let part = filter.kind_part();
    let rows = match owner {
        OwnerFilter::User(user) => {
            sqlx::query_file_as!(
                JobRow,
                "src/board/own.sql",
                states as Option<&[&str]>,
                lane,
                kind,
                part,
                first,
                end,
                limit,
                user.uuid(),
            )
            .fetch_all(tx.conn())
            .await?
        }
        OwnerFilter::All => {
            sqlx::query_file_as!(
                JobRow,
                "src/board/all.sql",
                states as Option<&[&str]>,
                lane,
                kind,
                part,
                first,
                end,
                limit,
            )
            .fetch_all(tx.conn())
            .await?
        }
    };
    Ok(rows.into_iter().map(JobView::from).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn times_become_a_range_of_ids() {
        let (early, late) = (at("2026-11-22T10:00:00Z"), at("2026-11-22T11:00:00Z"));
        let filter = Filter { from: Some(early), to: Some(late), ..Filter::default() };
        let (first, end) = filter.id_range(None);
        for (moment, within) in [
            ("2026-11-22T09:59:59.999Z", false),
            ("2026-11-22T10:00:00Z", true),
            ("2026-11-22T10:59:59.999Z", true),
            ("2026-11-22T11:00:00Z", false),
        ] {
            let id = JobId::new(at(moment)).uuid();
            assert_eq!(first <= id && id < end, within, "{moment}");
        }
        assert_eq!(Filter::default().id_range(None), (Uuid::nil(), Uuid::max()));
        assert!(
            first_id_at(DateTime::<Utc>::MIN_UTC) <= first && end <= first_id_at(DateTime::<Utc>::MAX_UTC)
        );
    }

    #[test]
    fn a_search_for_an_id_finds_only_that_job_and_still_pages() {
        let id = JobId::new(at("2026-11-22T10:00:00Z"));
        let filter = Filter { search: Some(format!(" {id} ")), ..Filter::default() };
        let (first, end) = filter.id_range(None);
        assert_eq!((first, end.as_u128()), (id.uuid(), id.uuid().as_u128() + 1));
        assert!(filter.id_range(Some(id)).1 <= first, "there is nothing after it");
    }
}
