//! Another MOSAIC_SECRET_KEY, online, killed half-way, and the old one gone.

use secrecy::SecretString;
use secrets::{DataKey, KeyRing};
use tests::{Mosaic, SECRET_KEY, eventually};

const NEW: &str = "another key that is as long as the first one";

/// More than are wrapped before the worker can be killed.
const PEOPLE: i64 = 20_000;

#[tokio::test]
async fn the_instance_key_is_replaced_although_the_worker_dies_half_way() {
    let mut mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    // From here on an answer needs the container's token, which is sealed under the admin's data key.
    assert_eq!(admin.ask_once("Hello").await["status"], "done");
    crowd(&mosaic).await;
    let old = KeyRing::parse(&SecretString::from(SECRET_KEY)).unwrap().newest_id().to_string();
    assert_eq!(under(&mosaic, &old).await, PEOPLE + 1);

    mosaic.kill_api();
    mosaic.kill_worker(0);
    mosaic.options.secret_key = format!("{NEW},{SECRET_KEY}");
    mosaic.start_api().await;
    let worker = mosaic.start_worker();
    let doctor = mosaic.run(&["doctor"]).1;
    assert!(doctor.contains("still need an older one"), "{doctor}");

    let rotation = mosaic.running(&["admin", "rotate-key"]);
    eventually("it has begun", || async { (under(&mosaic, &old).await <= PEOPLE).then_some(()) }).await;
    mosaic.kill_worker(worker);
    let left = under(&mosaic, &old).await;
    assert!(left > 0, "killed too late to say anything");
    assert_eq!(admin.ask_once("Is all well?").await["status"], "done");

    mosaic.start_worker();
    let (well, said) = rotation.await.unwrap();
    assert!(well && said.contains("Done."), "{said}");
    assert_eq!(under(&mosaic, &old).await, 0);
    let doctor = mosaic.run(&["doctor"]).1;
    assert!(doctor.contains("the others can go"), "{doctor}");
    let again = mosaic.run(&["admin", "rotate-key"]).1;
    assert!(again.contains("already"), "{again}");

    // Without the old key all is readable, and with it alone nothing starts.
    mosaic.kill_api();
    mosaic.kill_worker(worker + 1);
    mosaic.options.secret_key = SECRET_KEY.to_owned();
    let (well, said) = mosaic.run(&["admin", "rotate-key"]);
    assert!(!well && said.contains("MOSAIC_SECRET_KEY"), "{said}");
    mosaic.options.secret_key = NEW.to_owned();
    mosaic.start_api().await;
    mosaic.start_worker();
    assert_eq!(admin.ask_once("Is all well?").await["status"], "done");
}

/// How many data keys the key of that id wraps.
async fn under(mosaic: &Mosaic, id: &str) -> i64 {
    sqlx::query_scalar("select count(*) from user_keys where key_id = $1")
        .bind(id)
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap()
}

/// Many people with a data key each.
async fn crowd(mosaic: &Mosaic) {
    let ring = KeyRing::parse(&SecretString::from(SECRET_KEY)).unwrap();
    let (mut ids, mut keys) = (Vec::new(), Vec::new());
    for _ in 0..PEOPLE {
        let id = uuid::Uuid::now_v7();
        let wrapped = ring.wrap(&DataKey::generate(&mut rand::rng()), Some(id.into())).unwrap();
        ids.push(id);
        keys.push(wrapped.to_bytes());
    }
    sqlx::query(
        "with people as (
            insert into users (id, username, display_name, role)
            select id, id::text, 'one of many', 'user' from unnest($1::uuid[]) id
        )
        insert into user_keys (user_id, key_id, wrapped)
        select id, $3, key from unnest($1::uuid[], $2::bytea[]) as made (id, key)",
    )
    .bind(ids)
    .bind(keys)
    .bind(ring.newest_id().to_string())
    .execute(&mosaic.database.pool)
    .await
    .unwrap();
}
