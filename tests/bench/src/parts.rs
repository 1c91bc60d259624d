//! What a request to Mosaic is made of, each part by itself, one after the other.

use crate::{
    ask::{self, Answer},
    world::World,
};
use sqlx::{Connection, Executor, PgConnection};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often each is measured.
const TIMES: usize = 200;

/// Durations in microseconds, sorted.
#[derive(Debug, Default)]
pub struct Parts {
    /// A request that asks for nothing: what HTTP itself costs here.
    pub http: Vec<u64>,
    /// The same with an API token to recognise.
    pub authenticated: Vec<u64>,
    /// One row and the disk's word that it is there.
    pub commit: Vec<u64>,
    /// A message accepted: authenticated, checked, stored, committed.
    pub accepted: Vec<u64>,
}

/// Measures them in turn, so that a change of the machine's mood meets all.
pub async fn measure(world: &World) -> Parts {
    let mut database = PgConnection::connect(&world.database_url).await.unwrap();
    database.execute("create table bench_commits (at timestamptz not null)").await.unwrap();
    let mut parts = Parts::default();
    for number in 0..TIMES {
        let person = &world.people[number % world.people.len()];
        let health = world.client.get(format!("{}/healthz", world.mosaic_url));
        parts.http.push(timed(async { assert_eq!(health.send().await.unwrap().status(), 200) }).await);
        // The token is recognised before the body is found wanting.
        let refused = world.client.post(format!("{}/v1/chat/completions", world.mosaic_url));
        let refused = refused.bearer_auth(&person.token).body("[]");
        parts
            .authenticated
            .push(timed(async { assert_eq!(refused.send().await.unwrap().status(), 400) }).await);
        let insert = database.execute("insert into bench_commits values (now())");
        parts.commit.push(timed(async { assert!(insert.await.is_ok()) }).await);
        let chat = &person.chats[number / world.people.len()];
        let short = Answer { tokens: 1, gap: 0 };
        let accepted = ask::accept(world, &world.client, &person.token, chat, short);
        parts.accepted.push(timed(async { assert!(accepted.await.is_ok()) }).await);
        // The answer itself must not meet the next request.
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
