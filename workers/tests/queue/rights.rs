//! Whose jobs: row-level security, disabled users, what an admin sees.

use crate::{
    harness::{self, *},
    kinds::*,
};
use domain::{Actor, Person, Role, UserId};
use jobs::{ActsFor, Error, JobState, Options, Outcome, Store, cancel};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use uuid::Uuid;
use workers::{JobContext, Registry};

#[tokio::test]
async fn a_user_sees_and_cancels_only_their_own_jobs() {
    let db = Db::new().await;
    let (alice, bob) = (db.user().await, db.user().await);
    let id = db.enqueue_with(&person(alice), &Ping { n: 1 }, Options::default()).await.id;
    let mut as_bob = db.store.begin(&person(bob)).await.unwrap();
    assert!(jobs::get(&mut as_bob, id).await.unwrap().is_none());
    assert_eq!(cancel::one(&mut as_bob, id).await.unwrap(), None);
    assert!(jobs::attempts(&mut as_bob, id).await.unwrap().is_empty());
    let mut as_alice = db.store.begin(&person(alice)).await.unwrap();
    assert!(jobs::get(&mut as_alice, id).await.unwrap().is_some());
    assert_eq!(cancel::one(&mut as_alice, id).await.unwrap(), Some(cancel::Cancellation::Immediate));
}

#[tokio::test]
async fn no_user_enqueues_with_anothers_rights_or_merges_into_anothers_job() {
    let db = Db::new().await;
    let (alice, bob) = (db.user().await, db.user().await);
    db.enqueue_with(&person(alice), &Keyed::new("alices"), Options::default()).await;
    for (acts_for, subject) in [
        (ActsFor::User(alice), "x"),
        (ActsFor::System { reason: "none", owner: None }, "x"),
        (ActsFor::system_for("none", bob), "x"),
        (ActsFor::User(bob), "alices"),
    ] {
        let mut tx = db.store.begin(&person(bob)).await.unwrap();
        let rejected = jobs::enqueue(&mut tx, acts_for, &Keyed::new(subject), Options::default()).await;
        assert!(matches!(rejected, Err(Error::Other(_))), "{acts_for:?} {subject}: {rejected:?}");
    }
}

#[tokio::test]
async fn an_admin_sees_all_jobs_and_the_overview_has_no_payload() {
    let db = Db::new().await;
    let alice = db.user().await;
    let id = db.enqueue_with(&person(alice), &Ping { n: 1 }, Options::default()).await.id;
    let admin = Actor::User(Person { id: db.user().await, role: Role::Admin });
    let mut tx = db.store.begin(&admin.as_admin().unwrap()).await.unwrap();
    assert_eq!(jobs::get(&mut tx, id).await.unwrap().unwrap().owner, Some(alice));
    let shown: Vec<String> = sqlx::query_scalar(
        "select column_name::text from information_schema.columns where table_name = 'job_overview'",
    )
    .fetch_all(&db.raw)
    .await
    .unwrap();
    assert!(shown.contains(&"kind".to_owned()) && !shown.contains(&"payload".to_owned()));
}

#[tokio::test]
async fn jobs_of_a_disabled_user_do_not_run_and_those_of_the_system_do() {
    let db = Db::new().await;
    let (disabled, enabled) = (db.user().await, db.user().await);
    let own = db.enqueue_with(&person(disabled), &Ping { n: 1 }, Options::default()).await.id;
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    let for_user = jobs::enqueue(
        &mut tx,
        ActsFor::system_for("stop the container", disabled),
        &Ping { n: 2 },
        Options::default(),
    )
    .await
    .unwrap()
    .id;
    tx.commit().await.unwrap();
    let others = db.enqueue_with(&person(enabled), &Ping { n: 3 }, Options::default()).await.id;
    sqlx::query("update users set disabled_at = now() where id = $1")
        .bind(disabled.uuid())
        .execute(&db.raw)
        .await
        .unwrap();
    let worker = db.start_worker(Registry::new().handle(|_, _: Ping| async { Outcome::Done }));
    db.wait_for_state(for_user, JobState::Done).await;
    db.wait_for_state(others, JobState::Done).await;
    let job = db.wait_for_state(own, JobState::Cancelled).await;
    assert_eq!((job.attempt, job.last_error.as_deref()), (0, Some("The account is disabled.")));
    worker.stop().await;
}

#[tokio::test]
async fn cancelling_all_of_a_user_spares_what_the_system_does_for_them() {
    let db = Db::new().await;
    let user = db.user().await;
    let waiting = Options { due: jobs::Due::In(std::time::Duration::from_secs(3600)), ..Options::default() };
    let queued = db.enqueue_with(&person(user), &Ping { n: 1 }, waiting).await.id;
    let worker = db.start_worker(Registry::new().handle(|cx: JobContext, _: Ping| async move {
        cx.cancel().cancelled().await;
        Outcome::Cancelled
    }));
    let running = db.enqueue_with(&person(user), &Ping { n: 2 }, Options::default()).await.id;
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    let systems = jobs::enqueue(&mut tx, ActsFor::system_for("x", user), &Ping { n: 3 }, Options::default());
    let systems = systems.await.unwrap().id;
    tx.commit().await.unwrap();
    for id in [running, systems] {
        db.wait_for_state(id, JobState::Running).await;
    }
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    assert_eq!(cancel::all_of(&mut tx, user).await.unwrap(), 2);
    tx.commit().await.unwrap();
    for id in [running, queued] {
        db.wait_for_state(id, JobState::Cancelled).await;
    }
    assert_eq!(db.job(systems).await.state, JobState::Running);
    worker.shutdown.cancel();
}

/// Neither a superuser nor a role to switch to: only the forced policies protect rows, also those that the engine reads.
#[tokio::test]
async fn the_queue_works_for_a_plain_owner_and_the_policies_apply() {
    let name = format!("queue_{}", Uuid::now_v7().simple());
    let owner = format!("owner_{name}");
    let mut server = PgConnection::connect_with(&harness::server()).await.unwrap();
    for statement in [format!("create role {owner} login"), format!("create database {name} owner {owner}")] {
        server.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
    }
    let mut superuser = PgConnection::connect_with(&harness::server().database(&name)).await.unwrap();
    superuser.execute("create extension vector").await.unwrap();
    let raw = PgPool::connect_with(harness::server().database(&name).username(&owner)).await.unwrap();
    migrations::MIGRATOR.run(&raw).await.unwrap();
    let store = Store::new(raw.clone()).await.unwrap();
    assert_eq!(store.rights(), store::Rights::ForcedPolicies);
    let db = Db { name, store, raw };
    let worker = db.start_worker(Registry::new().handle(|_, _: Ping| async { Outcome::Done }));
    let id = db.enqueue(&Ping { n: 1 }).await;
    db.wait_for_state(id, JobState::Done).await;
    assert_eq!(db.outcomes(id).await, ["done"]);
    worker.stop().await;
    let unscoped: i64 = sqlx::query_scalar("select count(*) from jobs").fetch_one(&db.raw).await.unwrap();
    assert_eq!(unscoped, 0, "the owner of the tables sees nothing without a scope");
    let mut tx = db.store.begin(&person(UserId::from(Uuid::now_v7()))).await.unwrap();
    assert!(jobs::get(&mut tx, id).await.unwrap().is_none());
    drop(tx);
    db.raw.close().await;
    drop(db);
    server.execute(sqlx::AssertSqlSafe(format!("drop role {owner}"))).await.unwrap();
}

#[tokio::test]
async fn every_column_of_the_queue_has_a_comment() {
    let db = Db::new().await;
    let uncommented: Vec<String> = sqlx::query_scalar(
        "select c.relname || '.' || a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
         where c.relname in ('jobs', 'job_attempts', 'job_phases', 'queues', 'workers') and c.relkind = 'r'
               and a.attnum > 0 and not a.attisdropped and col_description(c.oid, a.attnum) is null",
    )
    .fetch_all(&db.raw)
    .await
    .unwrap();
    assert_eq!(uncommented, Vec::<String>::new());
}
