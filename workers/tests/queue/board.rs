//! The board's lists: fast at scale, checked by their query plans, and correct.

use crate::{harness::*, kinds::*};
use domain::{Actor, Person, Role, UserId};
use jobs::{
    JobState, Lane,
    board::{self, Filter, OwnerFilter},
};
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};
use uuid::Uuid;

const HISTORY_JOBS: i64 = 100_000;
const MAX_ROWS_READ: f64 = 2_000.0;

pub fn admin() -> Actor {
    let person = Person { id: UserId::from(Uuid::now_v7()), role: Role::Admin };
    Actor::User(person).as_admin().unwrap()
}

/// A long history: nearly all jobs are done, one per minute, of two kinds, the rare one at the beginning.
async fn history(db: &Db, owner: UserId) {
    sqlx::query(
        "insert into jobs (id, kind, lane, owner_id, acts_for, reason, payload, state, max_attempts, attempt,
                           created_at, started_at, finished_at)
         select overlay(job_id_at(at)::text placing lpad(to_hex(n), 12, '0') from 25)::uuid,
                case when n <= 100 then 'rare' else 'ping' end, 'maintenance',
                case when n % 1000 = 0 then $2::uuid end, 'system', 'history', '{}',
                case when n % 20000 = 7 then 'failed' else 'done' end, 5, 1, at, at, at
         from generate_series(1, $1) n, lateral (select now() - make_interval(secs => ($1 - n) * 60.0) as at) t",
    )
    .bind(HISTORY_JOBS)
    .bind(owner.uuid())
    .execute(&db.raw)
    .await
    .unwrap();
    sqlx::query("analyze jobs").execute(&db.raw).await.unwrap();
}

pub async fn listed(
    db: &Db,
    actor: &Actor,
    owner: OwnerFilter,
    filter: &Filter,
    limit: i64,
) -> Vec<jobs::JobView> {
    let mut tx = db.store.begin(actor).await.unwrap();
    board::list(&mut tx, owner, filter, None, limit).await.unwrap()
}

/// Collects the names of a plan's nodes with the table they read, and the most rows that one of them read.
fn nodes(plan: &Value, names: &mut BTreeSet<String>, max_rows: &mut f64) {
    let table = plan["Relation Name"].as_str().unwrap_or("-");
    names.insert(format!("{} {table}", plan["Node Type"].as_str().unwrap()));
    let number = |name: &str| plan[name].as_f64().unwrap_or_default();
    *max_rows =
        max_rows.max((number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops"));
    for child in plan["Plans"].as_array().into_iter().flatten() {
        nodes(child, names, max_rows);
    }
}

async fn assert_list_plan(
    db: &Db,
    actor: &Actor,
    sql: &str,
    owner: Option<UserId>,
    states: Option<&str>,
    kind: Option<&str>,
) {
    let mut tx = begin_planning(db, actor, owner.map_or("job_list", |_| "")).await;
    let explain = sqlx::AssertSqlSafe(format!("explain (analyze, format json) {sql}"));
    let query = sqlx::query_scalar::<_, Value>(explain)
        .bind(states.map(|state| vec![state]))
        .bind(None::<&str>)
        .bind(kind)
        .bind(None::<&str>)
        .bind(Uuid::nil())
        .bind(Uuid::max())
        .bind(50_i64);
    let query = match owner {
        Some(owner) => query.bind(owner.uuid()),
        None => query,
    };
    let found = query.fetch_one(tx.conn()).await.unwrap();
    assert_uses_index(&found, &format!("{owner:?} {states:?} {kind:?}"));
}

/// The plan walks an index of `jobs` and reads few rows.
fn assert_uses_index(plan: &Value, what: &str) {
    let (mut names, mut max_rows) = (BTreeSet::new(), 0.0);
    nodes(&plan[0]["Plan"], &mut names, &mut max_rows);
    let what = format!("{what}: {names:?}, {max_rows} rows");
    assert!(!names.contains("Seq Scan jobs"), "{what}");
    assert!(names.iter().any(|name| name.contains("Index") && name.ends_with(" jobs")), "{what}");
    assert!(max_rows < MAX_ROWS_READ, "{what}");
}

/// A transaction with the planner settings of this function.
async fn begin_planning(db: &Db, actor: &Actor, function: &str) -> jobs::Tx {
    let mut tx = db.store.begin(actor).await.unwrap();
    sqlx::query(
        "select set_config(split_part(s, '=', 1), split_part(s, '=', 2), true)
         from pg_proc, unnest(proconfig) s where proname = $1",
    )
    .bind(function)
    .execute(tx.conn())
    .await
    .unwrap();
    tx
}

/// The statement of an SQL function, with numbered parameters.
async fn body(db: &Db, function: &str) -> String {
    let (body, names): (String, Vec<String>) =
        sqlx::query_as("select prosrc, proargnames[1:pronargs] from pg_proc where proname = $1")
            .bind(function)
            .fetch_one(&db.raw)
            .await
            .unwrap();
    names.iter().enumerate().fold(body, |body, (n, name)| body.replace(name, &format!("${}", n + 1)))
}

#[tokio::test]
async fn lists_walk_an_index_and_read_few_rows_of_a_long_history() {
    let db = Db::new().await;
    let alice = db.user().await;
    history(&db, alice).await;
    let all = body(&db, "job_list").await;
    let own = include_str!("../../../jobs/src/board/own.sql");
    for states in [None, Some("failed"), Some("done"), Some("queued")] {
        for kind in [None, Some("rare"), Some("nothing")] {
            assert_list_plan(&db, &admin(), &all, None, states, kind).await;
            assert_list_plan(&db, &person(alice), own, Some(alice), states, kind).await;
        }
    }
    for owner in [None, Some(alice.uuid())] {
        let mut tx = db.store.begin(&admin()).await.unwrap();
        let changes = include_str!("../../../jobs/src/board/changes.sql");
        let explain = sqlx::AssertSqlSafe(format!("explain (analyze, format json) {changes}"));
        let found: Value =
            sqlx::query_scalar(explain).bind(owner).bind(1000_i64).fetch_one(tx.conn()).await.unwrap();
        assert_uses_index(&found, "changes");
    }
    let mut tx = begin_planning(&db, &admin(), "job_counts").await;
    let explain =
        sqlx::AssertSqlSafe(format!("explain (analyze, format json) {}", body(&db, "job_counts").await));
    let found: Value = sqlx::query_scalar(explain).bind(1000_i64).fetch_one(tx.conn()).await.unwrap();
    assert_uses_index(&found, "counts");
    // And the result is correct: the same as that of a simple query.
    let mut tx = db.store.begin(&admin()).await.unwrap();
    for (filter, condition) in [
        (Filter::default(), "true"),
        (Filter { states: Some(vec![JobState::Failed]), ..Filter::default() }, "state = 'failed'"),
        (Filter { kind: Some("rare".into()), ..Filter::default() }, "kind = 'rare'"),
        (Filter { search: Some("RAR".into()), ..Filter::default() }, "kind = 'rare'"),
        (Filter { lane: Some(Lane::Containers), ..Filter::default() }, "false"),
        (
            Filter {
                states: Some(vec![JobState::Failed, JobState::Done]),
                lane: Some(Lane::Maintenance),
                ..Filter::default()
            },
            "true",
        ),
    ] {
        let sql = format!("select id from jobs where {condition} order by id desc limit 120");
        let expected: Vec<Uuid> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&db.raw).await.unwrap();
        let mut found = Vec::new();
        let mut before = None;
        while found.len() < 120 {
            let page = board::list(&mut tx, OwnerFilter::All, &filter, before, 40).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            found.extend(page.iter().map(|job| job.id.uuid()));
        }
        assert_eq!(found, expected, "{condition}");
    }
    let counts = board::counts(&mut tx, OwnerFilter::All).await.unwrap();
    let of = |state| counts.iter().find(|count| count.state == state).map(|count| count.count);
    assert_eq!((of(JobState::Done), of(JobState::Failed)), (Some(10_001), Some(5)), "counted up to 10,000");
}

#[tokio::test]
async fn times_and_search_filter_the_list() {
    let db = Db::new().await;
    let old = db.enqueue(&Ping { n: 0 }).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    let between: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("select clock_timestamp()").fetch_one(&db.raw).await.unwrap();
    tokio::time::sleep(Duration::from_millis(30)).await;
    let young = db.enqueue(&Keyed::new("x")).await;
    for (filter, expected) in [
        (Filter { from: Some(between), ..Filter::default() }, vec![young]),
        (Filter { to: Some(between), ..Filter::default() }, vec![old]),
        (Filter { search: Some(old.to_string()), ..Filter::default() }, vec![old]),
        (Filter { search: Some("key".into()), ..Filter::default() }, vec![young]),
        (Filter { search: Some("%".into()), ..Filter::default() }, vec![]),
        (Filter { states: Some(vec![]), ..Filter::default() }, vec![]),
    ] {
        let found = listed(&db, &admin(), OwnerFilter::All, &filter, 10).await;
        assert_eq!(found.iter().map(|job| job.id).collect::<Vec<_>>(), expected, "{filter:?}");
    }
}
