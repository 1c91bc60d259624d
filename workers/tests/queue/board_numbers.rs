//! What the board tells: standing of lanes and workers, numbers, changes.

use crate::{board::admin, harness::*, kinds::*};
use domain::JobId;
use jobs::{
    JobState, Lane, Options, Outcome,
    board::{self, Whose},
    cancel, lanes,
};
use std::time::Duration;
use workers::{JobContext, Registry};

#[tokio::test]
async fn what_a_waiting_job_is_told_of_its_lane() {
    let db = Db::new().await;
    let alice = db.user().await;
    let id = db.add_with(&person(alice), &Ping { n: 0 }, Options::default()).await.id;
    let standing = async || {
        let mut tx = db.store.begin(&person(alice)).await.unwrap();
        jobs::standing(&mut tx, id).await.unwrap()
    };
    let (position, lane) = standing().await.unwrap();
    assert_eq!((position.slots, lane.worker_seen, lane.paused_at), (0, None, None), "nobody was ever there");
    let mut tx = db.store.begin(&SYSTEM).await.unwrap();
    lanes::pause(&mut tx, Lane::Maintenance).await.unwrap();
    tx.commit().await.unwrap();
    let worker = db.work(Registry::new().handle(|_, _: Ping| async { Outcome::Done }));
    eventually("the worker is seen", || async { standing().await.unwrap().1.worker_seen }).await;
    let (position, lane) = standing().await.unwrap();
    assert!(position.slots == 2 && lane.paused_at.is_some_and(|at| at <= lane.asked_at));
    let mut tx = db.store.begin(&admin()).await.unwrap();
    let all = lanes::list(&mut tx).await.unwrap();
    let lane = all.iter().find(|lane| lane.name == "maintenance").unwrap();
    assert_eq!((lane.slots, lane.running, lane.ready, lane.later), (2, 0, 1, 0));
    assert!(lane.oldest_due.is_some() && lane.paused_at.is_some());
    let seen = jobs::workers::list(&mut tx).await.unwrap();
    assert!(seen.len() == 1 && seen[0].alive && seen[0].lanes.0["maintenance"] == 2);
    lanes::resume(&mut tx, Lane::Maintenance).await.unwrap();
    tx.commit().await.unwrap();
    db.until(id, JobState::Done).await;
    assert!(standing().await.is_none(), "what is over does not wait");
    worker.stop().await;
    let mut tx = db.store.begin(&admin()).await.unwrap();
    let gone = &jobs::workers::list(&mut tx).await.unwrap()[0];
    assert!(!gone.alive && gone.stopped_at.is_some());
}

#[tokio::test]
async fn numbers_count_ends_waits_and_runs() {
    let db = Db::new().await;
    let worker = db.work(Registry::new().handle(|_, ping: Ping| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        if ping.n == 0 { Outcome::fail("no") } else { Outcome::Done }
    }));
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(db.add(&Ping { n }).await);
    }
    for (n, id) in ids.iter().enumerate() {
        db.until(*id, if n == 0 { JobState::Failed } else { JobState::Done }).await;
    }
    let mut tx = db.store.begin(&admin()).await.unwrap();
    let minutes = board::throughput(&mut tx, Whose::Everybodys).await.unwrap();
    assert_eq!(minutes.len(), 60);
    assert!(minutes.windows(2).all(|pair| pair[1].minute - pair[0].minute == chrono::TimeDelta::minutes(1)));
    let sum = |of: fn(&board::Minute) -> i64| minutes.iter().map(of).sum::<i64>();
    assert_eq!((sum(|m| m.done), sum(|m| m.failed), sum(|m| m.cancelled)), (3, 1, 0));
    let spreads = board::spreads(&mut tx, Whose::Everybodys).await.unwrap();
    let lanes: Vec<_> = spreads.iter().map(|spread| spread.lane.as_deref()).collect();
    assert_eq!(lanes, [None, Some("maintenance")]);
    assert!(spreads[0].run_p50 >= 100.0 && spreads[0].run_p50 < 5_000.0, "{spreads:?}");
    // Two slots: the second pair waited for the first.
    assert!(spreads[0].wait_p95 >= 90.0, "{spreads:?}");
    worker.stop().await;
}

#[tokio::test]
async fn changes_name_what_moved_and_nothing_else() {
    let db = Db::new().await;
    let look = async || -> Vec<(JobId, String, bool)> {
        let mut tx = db.store.begin(&admin()).await.unwrap();
        let seen = board::changes(&mut tx, Whose::Everybodys, 100).await.unwrap();
        seen.into_iter().map(|job| (job.id, job.mark, job.running)).collect()
    };
    let worker = db.work(Registry::new().handle(|cx: JobContext, _: Ping| async move {
        cx.progress(10).await;
        cx.phase("first").await;
        cx.cancel().cancelled().await;
        Outcome::Cancelled
    }));
    let id = db.add(&Ping { n: 0 }).await;
    db.until(id, JobState::Running).await;
    eventually("it is in its phase", || async {
        let phases: i64 =
            sqlx::query_scalar("select count(*) from job_phases").fetch_one(&db.raw).await.unwrap();
        (phases == 1).then_some(())
    })
    .await;
    let running = look().await;
    assert!(running.len() == 1 && running[0].0 == id && running[0].2);
    assert_eq!(look().await, running, "no change, no other mark");
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(look().await, running, "what runs is always seen");
    let mut tx = db.store.begin(&admin()).await.unwrap();
    cancel::one(&mut tx, id).await.unwrap();
    tx.commit().await.unwrap();
    db.until(id, JobState::Cancelled).await;
    let over = look().await;
    assert!(over.len() == 1 && over[0].1 != running[0].1 && !over[0].2);
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(look().await.is_empty(), "after a while nothing is new");
    worker.stop().await;
}
