//! Candidates by words and by meaning, and what to show of them.
//!
//! Filters apply before anything is ranked. Both halves read the user's own part of an index only.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{UserId, knowledge::Kind};
use pgvector::HalfVector;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

/// Words of a query that count; of a text that is longer, the first in the alphabet.
const MOST_WORDS: i64 = 32;
/// A word in so many pieces is common, and how much more common does not matter: nobody counts on.
const COMMON: i64 = 4_000;
/// A collection of so many pieces is large, and how much larger does not matter.
const LARGE: i64 = 16_000;
/// The rarest words lead to candidates, until they stand in so many pieces; the others only add to their scores.
const LEADS: i64 = 8_000;
/// So many candidates by the first, cheap ranking are ranked in full, per one that is wanted.
const OVERSAMPLE: i64 = 4;

/// Where is searched.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Whose knowledge.
    pub user: UserId,
    /// Of what sort.
    pub kind: Kind,
    /// What it must be besides.
    pub filter: &'a Filter,
    /// What expires by then is not found.
    pub now: DateTime<Utc>,
    /// The most candidates.
    pub most: i64,
}

/// What candidates must be; everything given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// From this agent.
    pub agent: Option<Uuid>,
    /// Said by `user`, `assistant` or `tool`.
    pub role: Option<String>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Not at or after.
    pub until: Option<DateTime<Utc>>,
    /// With all of these tags.
    pub tags: Vec<String>,
}

/// A piece that could be it.
#[derive(Debug, Clone, Copy, PartialEq, FromRow)]
pub struct Candidate {
    /// The piece.
    pub id: i64,
    /// Its finding or message.
    pub parent_id: Uuid,
    /// Of words: the BM25 score. Of meaning: the cosine, −1 to 1.
    pub score: f64,
}

impl Filter {
    /// As a condition on `c`, with parameters 3 to 8 behind user and kind. Only what is asked for is named: the rest
    /// would have to be read of every row, and tags are not in the index at all.
    fn condition(&self, kind: Kind) -> String {
        let given = [
            (kind == Kind::Finding, "(c.expires_at is null or c.expires_at > $3)"),
            (self.agent.is_some(), "c.agent_id = $4"),
            (self.role.is_some(), "c.role = $5"),
            (self.since.is_some(), "c.at >= $6"),
            (self.until.is_some(), "c.at < $7"),
            (!self.tags.is_empty(), "c.tags @> $8"),
        ];
        let mut condition = r#"c.user_id = $1 and c.kind = $2::"char""#.to_owned();
        for (_, named) in given.iter().filter(|(asked, _)| *asked) {
            condition.push_str(" and ");
            condition.push_str(named);
        }
        condition
    }
}

macro_rules! in_scope {
    ($query:expr, $scope:expr) => {
        $query
            .bind($scope.user.uuid())
            .bind($scope.kind.stored())
            .bind($scope.now)
            .bind($scope.filter.agent)
            .bind(&$scope.filter.role)
            .bind($scope.filter.since)
            .bind($scope.filter.until)
            .bind(&$scope.filter.tags)
            .bind($scope.most)
            .bind($scope.most * OVERSAMPLE)
            // Planned with the filter that is there: a plan for any filter would read far more.
            .persistent(false)
    };
}

/// Pieces with words of `query`, best first: BM25 over what this user has. Without a filter common words find nothing by
/// themselves where rarer ones do: reading all of their places would take longer than it tells.
pub async fn by_text(tx: &mut Tx, scope: Scope<'_>, language: &str, query: &str) -> Result<Vec<Candidate>> {
    let condition = scope.filter.condition(scope.kind);
    // With a filter the rare words may all stand elsewhere: every word leads, to all of its places. Without one the
    // best can be taken before anything is read about them.
    let (leads, reach, first) = if scope.filter == &Filter::default() {
        let leads = format!("w.places = sum(w.places) over rarest or sum(w.places) over rarest <= {LEADS}");
        (leads, COMMON.to_string(), "(select * from led order by score desc limit $10)")
    } else {
        ("true".to_owned(), "all".to_owned(), "led")
    };
    let sql = format!(
        r#"with words as materialized (
             select w.term, (select count(*) from (select from knowledge_terms t where t.user_id = $1
                                 and t.kind = $2::"char" and t.term = w.term limit {COMMON}) places) as places
             from (select lexeme as term from unnest(to_tsvector($11::text::regconfig, $12))
                   where length(lexeme) <= 64 order by 1 limit {MOST_WORDS}) w
         ), size as materialized (
             select count(*) as pieces from (select from knowledge_chunks where user_id = $1 and kind = $2::"char"
                                             limit {LARGE}) pieces
         ), plan as materialized (
             select term, ln(1 + (greatest(s.pieces, w.places) - w.places + 0.5) / (w.places + 0.5))::float8 as rarity,
                    {leads} as leads
             from words w, size s where w.places > 0
             window rarest as (order by w.places, w.term)
         ), led as materialized (
             select t.chunk_id, sum(t.weight * p.rarity) as score
             from plan p, lateral (select chunk_id, weight from knowledge_terms t where t.user_id = $1
                                   and t.kind = $2::"char" and t.term = p.term order by chunk_id desc limit {reach}) t
             where p.leads group by 1
         ), best as materialized (
             select c.id, c.parent_id, l.score from {first} l join knowledge_chunks c on c.id = l.chunk_id
             where {condition} order by l.score desc, c.id limit $10
         )
         select b.id, b.parent_id, b.score + coalesce(
             (select sum(t.weight * p.rarity) from plan p join knowledge_terms t on t.user_id = $1
              and t.kind = $2::"char" and t.term = p.term and t.chunk_id = b.id where not p.leads), 0) as score
         from best b order by 3 desc, 1 limit $9"#
    );
    let query = in_scope!(sqlx::query_as(AssertSqlSafe(sql)), scope).bind(language).bind(query);
    Ok(query.fetch_all(tx.conn()).await?)
}

/// Pieces whose meaning is nearest to `vector`, nearest first, of those that this model embedded. The signs of the
/// vectors find more than are wanted, by reading all that the user has; the vectors themselves rank those.
pub async fn by_meaning(tx: &mut Tx, scope: Scope<'_>, model: i16, vector: &[f32]) -> Result<Vec<Candidate>> {
    let condition = scope.filter.condition(scope.kind);
    let sql = format!(
        "with near as materialized (
             select c.id from knowledge_chunks c where {condition} and c.model = $11
             order by hamming_distance(c.code, binary_quantize($12::halfvec)) limit $10
         )
         select c.id, c.parent_id, 1 - (c.embedding <=> $12::halfvec) as score
         from near join knowledge_chunks c using (id)
         order by c.embedding <=> $12::halfvec, c.id limit $9"
    );
    let query = in_scope!(sqlx::query_as(AssertSqlSafe(sql)), scope)
        .bind(model)
        .bind(HalfVector::from_f32_slice(vector));
    Ok(query.fetch_all(tx.conn()).await?)
}

/// A part of an excerpt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The words.
    pub text: String,
    /// Whether they are the query's.
    pub hit: bool,
}

/// What to show of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Its finding or message.
    pub parent_id: Uuid,
    /// Its best part, words of the query marked; its beginning where it has none.
    pub segments: Vec<Segment>,
}

/// Marks of a hit: characters that no text has a use for.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// Excerpts of these pieces, in no order.
pub async fn excerpts(
    tx: &mut Tx,
    user: UserId,
    language: &str,
    query: &str,
    ids: &[i64],
) -> Result<Vec<Excerpt>> {
    let options = format!(
        "StartSel={OPEN}, StopSel={CLOSE}, MinWords=20, MaxWords=40, ShortWord=2, MaxFragments=2, FragmentDelimiter= … "
    );
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "select c.parent_id, ts_headline($3::text::regconfig, c.text,
                                  replace(plainto_tsquery($3::text::regconfig, $4)::text, ' & ', ' | ')::tsquery, $5)
         from knowledge_chunks c where c.user_id = $1 and c.id = any($2)",
    )
    .bind(user.uuid())
    .bind(ids)
    .bind(language)
    .bind(query)
    .bind(options)
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|(parent_id, marked)| Excerpt { parent_id, segments: segments(&marked) })
        .collect())
}

/// Cuts a marked text at its marks.
fn segments(marked: &str) -> Vec<Segment> {
    let mut found: Vec<Segment> = Vec::new();
    for (n, part) in marked.split([OPEN, CLOSE]).enumerate() {
        if !part.is_empty() {
            found.push(Segment { text: part.to_owned(), hit: n % 2 == 1 });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_text_falls_into_hits_and_the_rest() {
        let parts = segments("the \u{e000}cat\u{e001} \u{e000}sat\u{e001}");
        let shown: Vec<_> = parts.iter().map(|part| (part.text.as_str(), part.hit)).collect();
        assert_eq!(shown, [("the ", false), ("cat", true), (" ", false), ("sat", true)]);
    }
}
