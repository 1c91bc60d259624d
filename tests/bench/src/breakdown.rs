//! The parts of a request to Mosaic, each measured alone, one after the other.

use crate::{
    ask::{self, Answer},
    environment::Environment,
};
use sqlx::{Connection, Executor, PgConnection};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Of each part.
const MEASUREMENTS: usize = 200;

/// Durations in microseconds, sorted.
#[derive(Debug, Default)]
pub struct Breakdown {
    /// A request without work: the cost of HTTP itself.
    pub http: Vec<u64>,
    /// The same with an API token that is checked.
    pub authenticated: Vec<u64>,
    /// Inserting one row and waiting for the disk.
    pub commit: Vec<u64>,
    /// Accepting a message: authenticated, checked, stored, committed.
    pub accepted: Vec<u64>,
}

/// Measures them in turn, so that other load on the machine affects all alike.
pub async fn measure(environment: &Environment) -> Breakdown {
    let mut database = PgConnection::connect(&environment.database_url).await.unwrap();
    database.execute("create table bench_commits (at timestamptz not null)").await.unwrap();
    let mut parts = Breakdown::default();
    for number in 0..MEASUREMENTS {
        let user = &environment.users[number % environment.users.len()];
        let health = environment.client.get(format!("{}/healthz", environment.mosaic_url));
        parts.http.push(timed(async { assert_eq!(health.send().await.unwrap().status(), 200) }).await);
        // The token is checked before the body, which is invalid.
        let invalid = environment.client.post(format!("{}/v1/chat/completions", environment.mosaic_url));
        let invalid = invalid.bearer_auth(&user.token).body("[]");
        parts
            .authenticated
            .push(timed(async { assert_eq!(invalid.send().await.unwrap().status(), 400) }).await);
        let insert = database.execute("insert into bench_commits values (now())");
        parts.commit.push(timed(async { assert!(insert.await.is_ok()) }).await);
        let chat = &user.chats[number / environment.users.len()];
        let short = Answer { tokens: 1, gap_millis: 0 };
        let accepted = ask::send_message(environment, &environment.client, &user.token, chat, short);
        parts.accepted.push(timed(async { assert!(accepted.await.is_ok()) }).await);
        // The answer itself must not overlap with the next request.
        sleep(Duration::from_millis(30)).await;
    }
    for part in [&mut parts.http, &mut parts.authenticated, &mut parts.commit, &mut parts.accepted] {
        part.sort_unstable();
    }
    parts
}

async fn timed(work: impl Future<Output = ()>) -> u64 {
    let began = Instant::now();
    work.await;
    u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
}
