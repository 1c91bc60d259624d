//! Rotation of MOSAIC_SECRET_KEY while the instance runs and the worker is killed, and without the old key afterwards.

use secrecy::SecretString;
use secrets::{DataKey, KeyRing};
use tests::{Mosaic, SECRET_KEY, eventually};

const NEW: &str = "another key that is as long as the first one";

/// More data keys than are rewrapped before the worker can be killed.
const USERS: i64 = 20_000;

#[tokio::test]
async fn the_instance_key_is_replaced_although_the_worker_is_killed_meanwhile() {
    let mut mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    // From here on an answer needs the container's token, which is sealed under the admin's data key.
    assert_eq!(admin.ask_in_new_chat("Hello").await["status"], "done");
    create_users_with_data_keys(&mosaic).await;
    let old = KeyRing::parse(&SecretString::from(SECRET_KEY)).unwrap().newest_id().to_string();
    assert_eq!(count_wrapped_by(&mosaic, &old).await, USERS + 1);

    mosaic.kill_api();
    mosaic.kill_worker(0);
    mosaic.options.secret_key = format!("{NEW},{SECRET_KEY}");
    mosaic.start_api().await;
    let worker = mosaic.start_worker();
    let doctor = mosaic.run_command(&["doctor"]).1;
    assert!(doctor.contains("still need an older key"), "{doctor}");

    let rotation = mosaic.spawn_command(&["admin", "rotate-key"]);
    eventually("the rotation has begun", || async {
        (count_wrapped_by(&mosaic, &old).await <= USERS).then_some(())
    })
    .await;
    mosaic.kill_worker(worker);
    let left = count_wrapped_by(&mosaic, &old).await;
    assert!(left > 0, "the worker was killed too late for this test");
    assert_eq!(admin.ask_in_new_chat("Is all well?").await["status"], "done");

    mosaic.start_worker();
    let (succeeded, output) = rotation.await.unwrap();
    assert!(succeeded && output.contains("Done."), "{output}");
    assert_eq!(count_wrapped_by(&mosaic, &old).await, 0);
    let doctor = mosaic.run_command(&["doctor"]).1;
    assert!(doctor.contains("the others can be removed"), "{doctor}");
    let again = mosaic.run_command(&["admin", "rotate-key"]).1;
    assert!(again.contains("already"), "{again}");

    // With the old key alone nothing starts; without it everything can be read.
    mosaic.kill_api();
    mosaic.kill_worker(worker + 1);
    mosaic.options.secret_key = SECRET_KEY.to_owned();
    let (succeeded, output) = mosaic.run_command(&["admin", "rotate-key"]);
    assert!(!succeeded && output.contains("MOSAIC_SECRET_KEY"), "{output}");
    mosaic.options.secret_key = NEW.to_owned();
    mosaic.start_api().await;
    mosaic.start_worker();
    assert_eq!(admin.ask_in_new_chat("Is all well?").await["status"], "done");
}

/// How many data keys are wrapped by the key with this id.
async fn count_wrapped_by(mosaic: &Mosaic, id: &str) -> i64 {
    sqlx::query_scalar("select count(*) from user_keys where key_id = $1")
        .bind(id)
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap()
}

/// Inserts many users with a data key each.
async fn create_users_with_data_keys(mosaic: &Mosaic) {
    let ring = KeyRing::parse(&SecretString::from(SECRET_KEY)).unwrap();
    let (mut ids, mut keys) = (Vec::new(), Vec::new());
    for _ in 0..USERS {
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
