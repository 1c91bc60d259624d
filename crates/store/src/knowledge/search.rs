//! Chunks found by words and by meaning, and what to show of them.
//!
//! Filters apply before anything is ranked. Both halves read only the user's own part of an index.
//!
//! The two searches are assembled at run time: only a condition that was asked for may be in the statement. See
//! docs/sql.md.

use crate::{Result, Tx};
use chrono::{DateTime, Utc};
use domain::{UserId, knowledge::Kind};
use pgvector::HalfVector;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

/// How many words of a query count; of a longer one, the first in the alphabet.
const MAX_QUERY_WORDS: i64 = 32;
/// A word in this many chunks is common; counting stops there.
const COMMON_WORD_CHUNKS: i64 = 4_000;
/// A collection of this many chunks is large; counting stops there.
const LARGE_COLLECTION_CHUNKS: i64 = 16_000;
/// The rarest words find candidates, as long as they are in no more chunks together; the others only add to scores.
const MAX_LEADING_CHUNKS: i64 = 8_000;
/// How many candidates of the first, cheap ranking are ranked in full, per hit that is wanted.
const OVERSAMPLE: i64 = 4;

/// What to search.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub user: UserId,
    pub kind: Kind,
    pub filter: &'a Filter,
    /// What has expired by then is not found.
    pub now: DateTime<Utc>,
    pub limit: i64,
}

/// What hits must match; every condition that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// From this agent.
    pub agent: Option<Uuid>,
    /// Written by `user`, `assistant` or `tool`.
    pub role: Option<String>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Not at or after.
    pub until: Option<DateTime<Utc>>,
    /// With all of these tags.
    pub tags: Vec<String>,
}

/// A chunk that was found.
#[derive(Debug, Clone, Copy, PartialEq, FromRow)]
pub struct ChunkHit {
    pub id: i64,
    /// Its finding or message.
    pub parent_id: Uuid,
    /// By words: the BM25 score. By meaning: the cosine, −1 to 1.
    pub score: f64,
}

impl Filter {
    /// As a condition on `c`, with parameters 3 to 8 behind user and kind. It names only what was asked for: each other
    /// column would have to be read from every row, and tags are not in the index at all.
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
        for (_, term) in given.iter().filter(|(asked, _)| *asked) {
            condition.push_str(" and ");
            condition.push_str(term);
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
            .bind($scope.limit)
            .bind($scope.limit * OVERSAMPLE)
            // Planned for this filter: a plan for any filter would read far more.
            .persistent(false)
    };
}

/// Chunks with words of `query`, best first: BM25 over what this user has. Without a filter, common words find nothing
/// by themselves where rarer ones do: reading all of their chunks would take long and hardly change the order.
pub async fn by_text(tx: &mut Tx, scope: Scope<'_>, language: &str, query: &str) -> Result<Vec<ChunkHit>> {
    let condition = scope.filter.condition(scope.kind);
    // With a filter, the rare words may all be in chunks that do not match it: every word leads, to all of its chunks.
    // Without one, the best can be taken before their rows are read.
    let (leads, reach, first) = if scope.filter == &Filter::default() {
        let leads = format!(
            "w.places = sum(w.places) over rarest or sum(w.places) over rarest <= {MAX_LEADING_CHUNKS}"
        );
        (leads, COMMON_WORD_CHUNKS.to_string(), "(select * from led order by score desc limit $10)")
    } else {
        ("true".to_owned(), "all".to_owned(), "led")
    };
    let sql = format!(
        r#"with words as materialized (
             select w.term, (select count(*) from (select from knowledge_terms t where t.user_id = $1
                                 and t.kind = $2::"char" and t.term = w.term limit {COMMON_WORD_CHUNKS}) places) as places
             from (select lexeme as term from unnest(to_tsvector($11::text::regconfig, $12))
                   where length(lexeme) <= 64 order by 1 limit {MAX_QUERY_WORDS}) w
         ), size as materialized (
             select count(*) as pieces from (select from knowledge_chunks where user_id = $1 and kind = $2::"char"
                                             limit {LARGE_COLLECTION_CHUNKS}) pieces
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

/// Chunks whose meaning is nearest to `vector`, nearest first, of those that this model embedded. The signs of the
/// vectors find more than are wanted, by reading all that the user has; the vectors themselves rank those.
pub async fn by_meaning(tx: &mut Tx, scope: Scope<'_>, model: i16, vector: &[f32]) -> Result<Vec<ChunkHit>> {
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

/// A part of a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub text: String,
    /// Whether it is a word of the query.
    pub hit: bool,
}

/// What to show of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// Its finding or message.
    pub parent_id: Uuid,
    /// Its best part, with the words of the query marked; its beginning where there is none of them.
    pub segments: Vec<Segment>,
}

/// Marks around words of the query: characters that texts do not use.
const MARK_START: char = '\u{e000}';
const MARK_END: char = '\u{e001}';

/// Snippets of these chunks, in any order.
pub async fn snippets(
    tx: &mut Tx,
    user: UserId,
    language: &str,
    query: &str,
    ids: &[i64],
) -> Result<Vec<Snippet>> {
    let options = format!(
        "StartSel={MARK_START}, StopSel={MARK_END}, MinWords=20, MaxWords=40, ShortWord=2, MaxFragments=2, \
         FragmentDelimiter= … "
    );
    let rows = sqlx::query!(
        r#"select c.parent_id, ts_headline($3::text::regconfig, c.text,
                      replace(plainto_tsquery($3::text::regconfig, $4)::text, ' & ', ' | ')::tsquery, $5) as "marked!"
         from knowledge_chunks c where c.user_id = $1 and c.id = any($2)"#,
        user.uuid(),
        ids,
        language,
        query,
        options,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Snippet { parent_id: row.parent_id, segments: segments(&row.marked) })
        .collect())
}

/// Cuts a marked text at its marks.
fn segments(marked: &str) -> Vec<Segment> {
    let mut found: Vec<Segment> = Vec::new();
    for (n, part) in marked.split([MARK_START, MARK_END]).enumerate() {
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
