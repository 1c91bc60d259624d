//! Guessing passwords is slowed down, and it cannot be used to lock out another user.

use super::{PASSWORD, audit_entries, mosaic_without_workers, sign_in};
use serde_json::json;
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};
use tests::{Mosaic, Person, Reply};
use tokio::time::sleep;

fn client_at(mosaic: &Mosaic, number: u8) -> Person {
    Person::from_address(&mosaic.url, Ipv4Addr::new(127, 9, 0, number))
}

fn assert_throttled(reply: &Reply) -> u64 {
    assert_eq!((reply.status, reply.code()), (429, "too_many_attempts"), "{:?}", reply.body);
    let seconds = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(reply.body["detail"].as_str().unwrap().contains("Try again in"), "{:?}", reply.body);
    seconds
}

#[tokio::test]
async fn waiting_times_grow_apply_at_every_replica_and_end() {
    let mut mosaic = mosaic_without_workers().await;
    mosaic.admin().await;
    let guesser = client_at(&mosaic, 1);
    for _ in 0..4 {
        assert_eq!(sign_in(&guesser, "guessed wrong").await.status, 401);
    }
    let seconds = assert_throttled(&sign_in(&guesser, "guessed wrong").await);
    assert!(seconds <= 2, "{seconds}");
    assert_eq!(
        assert_throttled(&sign_in(&guesser, PASSWORD).await).max(2),
        2,
        "the right password has to wait too"
    );
    sleep(Duration::from_millis(1100)).await;
    assert_eq!(sign_in(&guesser, "guessed wrong").await.status, 401);
    let replica = mosaic.start_replica().await;
    for _ in 0..3 {
        sleep(Duration::from_secs(assert_throttled(&sign_in(&guesser.at(&replica), "guessed wrong").await)))
            .await;
        assert_eq!(sign_in(&guesser.at(&replica), "guessed wrong").await.status, 401);
    }
    let seconds = assert_throttled(&sign_in(&guesser, "guessed wrong").await);
    assert!((10..=17).contains(&seconds), "the time has doubled: {seconds}");
    let log = audit_entries(&mosaic, "auth.login").await;
    assert_eq!((&*log[0].0, &log[0].1), ("denied", &json!({ "failures": 8, "waitSeconds": 16 })));
}

#[tokio::test]
async fn concurrent_attempts_are_throttled_too() {
    let mosaic = mosaic_without_workers().await;
    mosaic.admin().await;
    let attempts: Vec<_> = (0..40)
        .map(|_| {
            let guesser = client_at(&mosaic, 1);
            tokio::spawn(async move { sign_in(&guesser, "guessed wrong").await.status })
        })
        .collect();
    let mut checked = 0;
    for attempt in attempts {
        checked += usize::from(attempt.await.unwrap() == 401);
    }
    // Four attempts are free. On a slow machine a second may pass before the last one.
    assert!((4..=6).contains(&checked), "{checked} passwords were checked");
}

#[tokio::test]
async fn attempts_from_other_addresses_do_not_lock_the_admin_out() {
    let mosaic = mosaic_without_workers().await;
    mosaic.admin().await;
    let mut refused = 0;
    for number in 0..200 {
        refused += usize::from(sign_in(&client_at(&mosaic, number), "guessed wrong").await.status == 429);
    }
    assert!(refused > 100, "guessing from many addresses is throttled too: {refused} of 200");
    let began = Instant::now();
    assert_eq!(
        sign_in(&mosaic.anonymous(), PASSWORD).await.status,
        200,
        "from an address with an earlier sign-in"
    );
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_throttled(&sign_in(&client_at(&mosaic, 250), PASSWORD).await);
    let stored: i64 = sqlx::query_scalar("select count(*) from sign_in_throttle")
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap();
    assert!(stored < 202, "refused attempts store nothing: {stored}");
}

#[tokio::test]
async fn an_unknown_name_is_treated_like_a_known_one() {
    let mosaic = mosaic_without_workers().await;
    mosaic.admin().await;
    let mut responses = Vec::new();
    for (name, number) in [("root", 1), ("nobody", 2)] {
        let guesser = client_at(&mosaic, number);
        let body = json!({ "username": name, "password": "guessed wrong" });
        let mut of_name = Vec::new();
        for _ in 0..6 {
            let reply = guesser.post("/api/auth/login", &body).await;
            of_name.push((reply.status, reply.code().to_owned()));
        }
        responses.push(of_name);
    }
    assert_eq!(responses[0], responses[1]);
    assert_eq!(responses[0].iter().filter(|(status, _)| *status == 429).count(), 2);
    let stored: Vec<String> = sqlx::query_scalar("select encode(account, 'escape') from sign_in_throttle")
        .fetch_all(&mosaic.database.pool)
        .await
        .unwrap();
    assert!(stored.iter().all(|account| !account.contains("nobody")), "no name is stored: {stored:?}");
}

#[tokio::test]
async fn only_a_trusted_proxy_can_set_the_clients_address() {
    let mosaic = mosaic_without_workers().await;
    let admin = mosaic.admin().await;
    let from = async |forwarded_for: &str| {
        let reply = mosaic
            .anonymous()
            .post_with(
                "/api/auth/login",
                &super::credentials(PASSWORD),
                &[("X-Forwarded-For", forwarded_for)],
            )
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
        "the entries before came from the client"
    );
    assert_eq!(from("203.0.113.9, 127.0.0.2").await, "203.0.113.9", "two proxies");
    assert_eq!(from("nonsense").await, "127.0.0.1");
    super::change_settings(&admin, json!({ "trustedProxies": [] })).await;
    assert_eq!(from("203.0.113.10").await, "127.0.0.1");
}
