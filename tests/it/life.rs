//! The life of a container: it is there when it is needed, rests when it is not, and comes back when it broke.

mod crashes;
mod disk;
mod engine;
mod images;
mod limits;
mod places;
mod rest;
mod sessions;

use serde_json::{Value, json};
use tests::{Mosaic, Person, eventually};

/// Runs a schedule now and waits for its end.
pub async fn run(admin: &Person, schedule: &str) {
    let run = admin.post(&format!("/api/schedules/{schedule}/run"), &json!({})).await;
    assert_eq!(run.status, 202, "{:?}", run.body);
    let job = format!("/api/jobs/{}", run.body["jobId"].as_str().unwrap());
    eventually(&format!("{schedule} is done"), || async {
        (admin.get(&job).await.body["state"] == "done").then_some(())
    })
    .await;
}

/// The person's container as he sees it.
pub async fn container(person: &Person) -> Value {
    person.get("/api/container").await.body["container"].clone()
}

/// Waits until it is in that state; answers with it.
pub async fn observed(person: &Person, state: &str) -> Value {
    eventually(&format!("the container is {state}"), || async {
        let container = container(person).await;
        (container["observed"] == state).then_some(container)
    })
    .await
}

/// A Mosaic whose schedules run when the test says so.
pub async fn by_hand(mosaic: &Mosaic) -> Person {
    let admin = mosaic.onboarded().await;
    sql(mosaic, "update schedules set enabled = false").await;
    admin
}

async fn sql(mosaic: &Mosaic, statement: &str) {
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mosaic.database.pool).await.unwrap();
}

async fn count(mosaic: &Mosaic, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(&mosaic.database.pool).await.unwrap()
}

/// Nobody has used any container for so many minutes. What stands in the agents' own sessions is as young as the test,
/// so they are not to be found.
pub async fn unused_for(mosaic: &Mosaic, minutes: u32) {
    let earlier = format!(
        "update user_containers set last_used_at = now() - interval '{minutes} minutes',
             stage_since = now() - interval '{minutes} minutes', ready_at = now() - interval '{minutes} minutes'"
    );
    sql(mosaic, &earlier).await;
    let earlier = format!("update turns set finished_at = now() - interval '{minutes} minutes'");
    sql(mosaic, &earlier).await;
    sql(mosaic, "update chats set agent_id = null").await;
}

/// Changes settings as an admin does.
async fn set(admin: &Person, changes: Value) {
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    let done = admin.patch_with("/api/settings", &changes, &[("If-Match", &version)]).await;
    assert_eq!(done.status, 200, "{:?}", done.body);
}

/// Sets the limits of one person; answers status and body.
async fn limit(actor: &Person, name: &str, limits: &Value) -> (u16, Value) {
    let users = actor.get("/api/users").await.body;
    let id = users["items"].as_array().into_iter().flatten().find(|user| user["username"] == name);
    let id = id.map_or("usr_00000000000000000000000000000000", |user| user["id"].as_str().unwrap());
    let reply = actor.patch_with(&format!("/api/users/{id}"), &json!({ "limits": limits }), &[]).await;
    (reply.status, reply.body)
}

/// Whether this Mosaic's engine can limit a disk, once a worker has tried it out.
async fn limits_disks(mosaic: &Mosaic) -> bool {
    eventually("a worker has tried it out", || async {
        let fact: Option<Value> = sqlx::query_scalar("select value from system_config where key = 'host'")
            .fetch_optional(&mosaic.database.pool)
            .await
            .unwrap();
        fact?["limitsDisks"].as_bool()
    })
    .await
}
