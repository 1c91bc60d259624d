//! The worker ends while it starts a container.

use super::{assert_one_of_each, mosaic_without_workers};
use sqlx::PgPool;
use std::time::Duration;
use tests::{docker, eventually};
use tokio::time::sleep;

#[tokio::test]
async fn another_worker_takes_over_a_start_after_a_kill() {
    let mut mosaic = mosaic_without_workers().await;
    let person = mosaic.onboarded().await;
    let mut worker = mosaic.start_worker();
    for (round, delay_ms) in [0, 60, 250, 800].into_iter().enumerate() {
        let turn = person.ask(&person.create_chat().await, &format!("round {round} badger")).await;
        eventually("the start is under way", || start_running(&mosaic.database.pool)).await;
        sleep(Duration::from_millis(delay_ms)).await;
        mosaic.kill_worker(worker);
        worker = mosaic.start_worker();
        assert_eq!(
            person.wait_for_turn(&turn).await["status"],
            "done",
            "killed {delay_ms} ms into the start"
        );
        assert_eq!(
            mosaic.requests_with(&format!("round {round} badger")),
            1,
            "killed {delay_ms} ms into the start"
        );
        assert_one_of_each(&mosaic).await;
        docker(&["rm", "-f", &mosaic.containers().await[0]]);
    }
    let lost: i64 = sqlx::query_scalar("select count(*) from job_attempts where outcome = 'lost'")
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap();
    assert!(lost >= 2, "only {lost} of the kills hit a start");
}

async fn start_running(pool: &PgPool) -> Option<()> {
    let sql = "select from jobs where kind = 'start-container' and state = 'running'";
    sqlx::query(sql).fetch_optional(pool).await.unwrap().map(|_| ())
}

#[tokio::test]
async fn a_terminated_worker_releases_its_start() {
    let mut mosaic = mosaic_without_workers().await;
    let person = mosaic.onboarded().await;
    let worker = mosaic.start_worker();
    let turn = person.ask(&person.create_chat().await, "handed hare").await;
    eventually("the start is under way", || start_running(&mosaic.database.pool)).await;
    assert!(mosaic.terminate_worker(worker).await.success(), "it exits with success");
    mosaic.start_worker();
    assert_eq!(person.wait_for_turn(&turn).await["status"], "done");
    assert_eq!(mosaic.requests_with("handed hare"), 1);
    assert_one_of_each(&mosaic).await;
}
