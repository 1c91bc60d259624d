//! The board's lists: at scale by their plans, and right.

use crate::{harness::*, kinds::*};
use domain::{Actor, Person, Role, UserId};
use jobs::{
    JobState, Lane,
    board::{self, Filter, Whose},
};
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};
use uuid::Uuid;

const MANY: i64 = 100_000;

pub fn admin() -> Actor {
    let person = Person { id: UserId::from(Uuid::now_v7()), role: Role::Admin };
    Actor::User(person).as_admin().unwrap()
}

/// A long history: all done but a few, of two kinds, one a minute, the rare kind at its beginning.
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
    .bind(MANY)
    .bind(owner.uuid())
    .execute(&db.raw)
    .await
    .unwrap();
    sqlx::query("analyze jobs").execute(&db.raw).await.unwrap();
}

pub async fn listed(db: &Db, actor: &Actor, whose: Whose, filter: &Filter, limit: i64) -> Vec<jobs::JobView> {
    let mut tx = db.store.begin(actor).await.unwrap();
    board::list(&mut tx, whose, filter, None, limit).await.unwrap()
}

/// Names of the nodes of a plan, with the table they read, and the most rows that one of them met.
fn nodes(plan: &Value, into: &mut BTreeSet<String>, met: &mut f64) {
    let table = plan["Relation Name"].as_str().unwrap_or("-");
    into.insert(format!("{} {table}", plan["Node Type"].as_str().unwrap()));
    let number = |name: &str| plan[name].as_f64().unwrap_or_default();
    *met = met.max((number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops"));
    for child in plan["Plans"].as_array().into_iter().flatten() {
        nodes(child, into, met);
    }
}

async fn plan(
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
    assert_walks(&found, &format!("{owner:?} {states:?} {kind:?}"), 2_000.0);
}

fn assert_walks(plan: &Value, what: &str, most: f64) {
    let (mut names, mut met) = (BTreeSet::new(), 0.0);
    nodes(&plan[0]["Plan"], &mut names, &mut met);
    let what = format!("{what}: {names:?}, {met} rows");
    assert!(!names.contains("Seq Scan jobs"), "{what}");
    assert!(names.iter().any(|name| name.contains("Index") && name.ends_with(" jobs")), "{what}");
    assert!(met < most, "{what}");
}

/// A transaction that plans as this function does.
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

/// The statement of a function, with its parameters by number.
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
async fn lists_walk_an_index_and_meet_few_rows_behind_a_long_history() {
    let db = Db::new().await;
    let alice = db.user().await;
    history(&db, alice).await;
    let all = body(&db, "job_list").await;
    let own = include_str!("../../../jobs/src/board/own.sql");
    for states in [None, Some("failed"), Some("done"), Some("queued")] {
        for kind in [None, Some("rare"), Some("nothing")] {
            plan(&db, &admin(), &all, None, states, kind).await;
            plan(&db, &person(alice), own, Some(alice), states, kind).await;
        }
    }
    for owner in [None, Some(alice.uuid())] {
        let mut tx = db.store.begin(&admin()).await.unwrap();
        let changes = include_str!("../../../jobs/src/board/changes.sql");
        let explain = sqlx::AssertSqlSafe(format!("explain (analyze, format json) {changes}"));
        let found: Value =
            sqlx::query_scalar(explain).bind(owner).bind(1000_i64).fetch_one(tx.conn()).await.unwrap();
        assert_walks(&found, "changes", 2_000.0);
    }
    let mut tx = begin_planning(&db, &admin(), "job_counts").await;
    let explain =
        sqlx::AssertSqlSafe(format!("explain (analyze, format json) {}", body(&db, "job_counts").await));
    let found: Value = sqlx::query_scalar(explain).bind(1000_i64).fetch_one(tx.conn()).await.unwrap();
    assert_walks(&found, "counts", 2_000.0);
    // And it is right: against the same question asked without any cleverness.
    let mut tx = db.store.begin(&admin()).await.unwrap();
    for (filter, condition) in [
        (Filter::default(), "true"),
        (Filter { states: Some(vec![JobState::Failed]), ..Filter::default() }, "state = 'failed'"),
        (Filter { kind: Some("rare".into()), ..Filter::default() }, "kind = 'rare'"),
        (Filter { q: Some("RAR".into()), ..Filter::default() }, "kind = 'rare'"),
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
            let page = board::list(&mut tx, Whose::Everybodys, &filter, before, 40).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            found.extend(page.iter().map(|job| job.id.uuid()));
        }
        assert_eq!(found, expected, "{condition}");
    }
    let numbers = board::counts(&mut tx, Whose::Everybodys).await.unwrap();
    let of = |state| numbers.iter().find(|count| count.state == state).map(|count| count.count);
    assert_eq!((of(JobState::Done), of(JobState::Failed)), (Some(10_001), Some(5)), "counted up to 10,000");
}

#[tokio::test]
async fn times_and_search_choose() {
    let db = Db::new().await;
    let old = db.add(&Ping { n: 0 }).await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    let between: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("select clock_timestamp()").fetch_one(&db.raw).await.unwrap();
    tokio::time::sleep(Duration::from_millis(30)).await;
    let young = db.add(&Keyed::new("x")).await;
    for (filter, expected) in [
        (Filter { from: Some(between), ..Filter::default() }, vec![young]),
        (Filter { to: Some(between), ..Filter::default() }, vec![old]),
        (Filter { q: Some(old.to_string()), ..Filter::default() }, vec![old]),
        (Filter { q: Some("key".into()), ..Filter::default() }, vec![young]),
        (Filter { q: Some("%".into()), ..Filter::default() }, vec![]),
        (Filter { states: Some(vec![]), ..Filter::default() }, vec![]),
    ] {
        let found = listed(&db, &admin(), Whose::Everybodys, &filter, 10).await;
        assert_eq!(found.iter().map(|job| job.id).collect::<Vec<_>>(), expected, "{filter:?}");
    }
}
