//! Guessing gets slow, and nobody can lock another out by it.

use super::{PASSWORD, audited, mosaic, sign_in};
use serde_json::json;
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};
use tests::{Mosaic, Person, Reply};
use tokio::time::sleep;

fn stranger(mosaic: &Mosaic, number: u8) -> Person {
    Person::from_address(&mosaic.url, Ipv4Addr::new(127, 9, 0, number))
}

fn wait(reply: &Reply) -> u64 {
    assert_eq!((reply.status, reply.code()), (429, "too_many_attempts"), "{:?}", reply.body);
    let seconds = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(reply.body["detail"].as_str().unwrap().contains("Try again in"), "{:?}", reply.body);
    seconds
}

#[tokio::test]
async fn waits_grow_hold_at_every_replica_and_end() {
    let mut mosaic = mosaic().await;
    mosaic.admin().await;
    let guesser = stranger(&mosaic, 1);
    for _ in 0..4 {
        assert_eq!(sign_in(&guesser, "guessed wrong").await.status, 401);
    }
    let seconds = wait(&sign_in(&guesser, "guessed wrong").await);
    assert!(seconds <= 2, "{seconds}");
    assert_eq!(wait(&sign_in(&guesser, PASSWORD).await).max(2), 2, "the right one waits too");
    sleep(Duration::from_millis(1100)).await;
    assert_eq!(sign_in(&guesser, "guessed wrong").await.status, 401);
    let replica = mosaic.start_replica().await;
    for _ in 0..3 {
        sleep(Duration::from_secs(wait(&sign_in(&guesser.at(&replica), "guessed wrong").await))).await;
        assert_eq!(sign_in(&guesser.at(&replica), "guessed wrong").await.status, 401);
    }
    let seconds = wait(&sign_in(&guesser, "guessed wrong").await);
    assert!((10..=17).contains(&seconds), "it has doubled: {seconds}");
    let log = audited(&mosaic, "auth.login").await;
    assert_eq!((&*log[0].0, &log[0].1), ("denied", &json!({ "failures": 8, "waitSeconds": 16 })));
}

#[tokio::test]
async fn many_at_once_do_not_slip_through() {
    let mosaic = mosaic().await;
    mosaic.admin().await;
    let attempts: Vec<_> = (0..40)
        .map(|_| {
            let guesser = stranger(&mosaic, 1);
            tokio::spawn(async move { sign_in(&guesser, "guessed wrong").await.status })
        })
        .collect();
    let mut looked_at = 0;
    for attempt in attempts {
        looked_at += usize::from(attempt.await.unwrap() == 401);
    }
    // Four are free; a slow machine may let a second pass before the last one has its turn.
    assert!((4..=6).contains(&looked_at), "{looked_at} passwords were looked at");
}

#[tokio::test]
async fn strangers_cannot_lock_the_admin_out() {
    let mosaic = mosaic().await;
    mosaic.admin().await;
    let mut refused = 0;
    for number in 0..200 {
        refused += usize::from(sign_in(&stranger(&mosaic, number), "guessed wrong").await.status == 429);
    }
    assert!(refused > 100, "guessing from many addresses gets slow too: {refused} of 200 had to wait");
    let began = Instant::now();
    assert_eq!(sign_in(&mosaic.anon(), PASSWORD).await.status, 200, "from where he signed in before");
    assert!(began.elapsed() < Duration::from_secs(5));
    wait(&sign_in(&stranger(&mosaic, 250), PASSWORD).await);
    let stored: i64 = sqlx::query_scalar("select count(*) from sign_in_throttle")
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap();
    assert!(stored < 202, "refused attempts store nothing: {stored}");
}

#[tokio::test]
async fn a_name_that_nobody_has_is_treated_alike() {
    let mosaic = mosaic().await;
    mosaic.admin().await;
    let mut told = Vec::new();
    for (name, number) in [("root", 1), ("nobody", 2)] {
        let guesser = stranger(&mosaic, number);
        let body = json!({ "username": name, "password": "guessed wrong" });
        let mut said = Vec::new();
        for _ in 0..6 {
            let reply = guesser.post("/api/auth/login", &body).await;
            said.push((reply.status, reply.code().to_owned()));
        }
        told.push(said);
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].iter().filter(|(status, _)| *status == 429).count(), 2);
    let stored: Vec<String> = sqlx::query_scalar("select encode(account, 'escape') from sign_in_throttle")
        .fetch_all(&mosaic.database.pool)
        .await
        .unwrap();
    assert!(stored.iter().all(|account| !account.contains("nobody")), "no name is stored: {stored:?}");
}

#[tokio::test]
async fn a_trusted_proxy_says_where_the_client_is_and_nobody_else_does() {
    let mosaic = mosaic().await;
    let admin = mosaic.admin().await;
    let from = async |said: &str| {
        let reply = mosaic
            .anon()
            .post_with("/api/auth/login", &super::credentials(PASSWORD), &[("X-Forwarded-For", said)])
            .await;
        assert_eq!(reply.status, 200);
        let newest: String = sqlx::query_scalar("select address from sessions order by id desc limit 1")
            .fetch_one(&mosaic.database.pool)
            .await
            .unwrap();
        newest
    };
    assert_eq!(from("203.0.113.7").await, "203.0.113.7");
    assert_eq!(
        from("192.0.2.1, 203.0.113.8").await,
        "203.0.113.8",
        "what stands before came from the client"
    );
    assert_eq!(from("203.0.113.9, 127.0.0.2").await, "203.0.113.9", "two proxies");
    assert_eq!(from("nonsense").await, "127.0.0.1");
    super::set(&admin, json!({ "trustedProxies": [] })).await;
    assert_eq!(from("203.0.113.10").await, "127.0.0.1");
}
