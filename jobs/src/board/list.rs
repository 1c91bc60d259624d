//! One page of jobs by keyset: as fast behind a million finished jobs as behind ten.

use crate::{JobState, JobView, Lane, Result, Tx};
use chrono::{DateTime, Utc};
use domain::{JobId, UserId};
use uuid::Uuid;

/// Over whose jobs a question of the board goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Whose {
    /// Those of one user.
    Of(UserId),
    /// Everybody's, as far as the transaction's actor may see them.
    Everybodys,
}

impl Whose {
    pub(super) fn owner(self) -> Option<Uuid> {
        match self {
            Self::Of(user) => Some(user.uuid()),
            Self::Everybodys => None,
        }
    }
}

/// Which jobs; what is not said does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// In one of these states.
    pub states: Option<Vec<JobState>>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Of this lane.
    pub lane: Option<Lane>,
    /// A job's id, or a part of its kind's name.
    pub q: Option<String>,
    /// Enqueued at this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// Enqueued before this moment.
    pub to: Option<DateTime<Utc>>,
}

impl Filter {
    /// The job that the search names, if it is an id.
    fn id(&self) -> Option<JobId> {
        self.q.as_deref().and_then(|q| q.trim().parse().ok())
    }

    /// Ids of jobs carry the millisecond of their creation: first id, and the first one that is too young.
    fn bounds(&self, before: Option<JobId>) -> (Uuid, Uuid) {
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

/// At most `limit` jobs that the filter takes in, the newest first, older than `before`.
pub async fn list(
    tx: &mut Tx,
    whose: Whose,
    filter: &Filter,
    before: Option<JobId>,
    limit: i64,
) -> Result<Vec<JobView>> {
    let sql = match whose {
        Whose::Of(_) => include_str!("own.sql"),
        Whose::Everybodys => "select * from job_list($1, $2, $3, $4, $5, $6, $7)",
    };
    let (first, end) = filter.bounds(before);
    let states = filter.states.as_ref();
    let query = sqlx::query_as(sql)
        .bind(states.map(|states| states.iter().map(|state| state.as_str()).collect::<Vec<_>>()))
        .bind(filter.lane.map(Lane::as_str))
        .bind(filter.kind.as_deref())
        .bind(filter.q.as_deref().filter(|_| filter.id().is_none()).map(|q| q.trim().to_lowercase()))
        .bind(first)
        .bind(end)
        .bind(limit);
    let query = match whose {
        Whose::Of(user) => query.bind(user.uuid()),
        Whose::Everybodys => query,
    };
    Ok(query.fetch_all(tx.conn()).await?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn times_become_bounds_of_ids() {
        let (early, late) = (at("2026-11-22T10:00:00Z"), at("2026-11-22T11:00:00Z"));
        let filter = Filter { from: Some(early), to: Some(late), ..Filter::default() };
        let (first, end) = filter.bounds(None);
        for (moment, within) in [
            ("2026-11-22T09:59:59.999Z", false),
            ("2026-11-22T10:00:00Z", true),
            ("2026-11-22T10:59:59.999Z", true),
            ("2026-11-22T11:00:00Z", false),
        ] {
            let id = JobId::new(at(moment)).uuid();
            assert_eq!(first <= id && id < end, within, "{moment}");
        }
        assert_eq!(Filter::default().bounds(None), (Uuid::nil(), Uuid::max()));
        assert!(
            first_id_at(DateTime::<Utc>::MIN_UTC) <= first && end <= first_id_at(DateTime::<Utc>::MAX_UTC)
        );
    }

    #[test]
    fn a_search_for_an_id_finds_that_one_alone_and_still_pages() {
        let id = JobId::new(at("2026-11-22T10:00:00Z"));
        let filter = Filter { q: Some(format!(" {id} ")), ..Filter::default() };
        let (first, end) = filter.bounds(None);
        assert_eq!((first, end.as_u128()), (id.uuid(), id.uuid().as_u128() + 1));
        assert!(filter.bounds(Some(id)).1 <= first, "nothing behind it");
    }
}
