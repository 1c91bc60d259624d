//! The worker goes away while it starts a container.

use super::{assert_one_of_each, nobody_working};
use sqlx::PgPool;
use std::time::Duration;
use tests::{docker, eventually};
use tokio::time::sleep;

#[tokio::test]
async fn a_worker_killed_during_the_start_is_followed_by_another() {
    let mut mosaic = nobody_working().await;
    let person = mosaic.onboarded().await;
    let mut worker = mosaic.start_worker();
    for (round, moment) in [0, 60, 250, 800].into_iter().enumerate() {
        let turn = person.ask(&person.chat().await, &format!("round {round} badger")).await;
        eventually("the start is under way", || starting(&mosaic.database.pool)).await;
        sleep(Duration::from_millis(moment)).await;
        mosaic.kill_worker(worker);
        worker = mosaic.start_worker();
        assert_eq!(person.finished(&turn).await["status"], "done", "killed {moment} ms into the start");
        assert_eq!(mosaic.asked(&format!("round {round} badger")), 1, "killed {moment} ms into the start");
        assert_one_of_each(&mosaic).await;
        docker(&["rm", "-f", &mosaic.containers().await[0]]);
    }
    let lost: i64 = sqlx::query_scalar("select count(*) from job_attempts where outcome = 'lost'")
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap();
    assert!(lost >= 2, "only {lost} of the kills hit a start");
}

async fn starting(pool: &PgPool) -> Option<()> {
    let sql = "select from jobs where kind = 'start-container' and state = 'running'";
    sqlx::query(sql).fetch_optional(pool).await.unwrap().map(|_| ())
}

#[tokio::test]
async fn a_worker_told_to_end_hands_its_start_back() {
    let mut mosaic = nobody_working().await;
    let person = mosaic.onboarded().await;
    let worker = mosaic.start_worker();
    let turn = person.ask(&person.chat().await, "handed hare").await;
    eventually("the start is under way", || starting(&mosaic.database.pool)).await;
    assert!(mosaic.end_worker(worker).await.success(), "an orderly end");
    mosaic.start_worker();
    assert_eq!(person.finished(&turn).await["status"], "done");
    assert_eq!(mosaic.asked("handed hare"), 1);
    assert_one_of_each(&mosaic).await;
}
