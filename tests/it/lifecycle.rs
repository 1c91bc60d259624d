//! The lifecycle of a container: started on demand, paused and stopped when idle, and restarted after a crash.

mod admission;
mod crashes;
mod disk;
mod engine_outages;
mod idle_policy;
mod images;
mod limits;
mod sessions;

use serde_json::{Value, json};
use tests::{Mosaic, Person, eventually};

/// Runs a schedule now and waits until its job is done.
pub async fn run_schedule(admin: &Person, schedule: &str) {
    let run = admin.post(&format!("/api/schedules/{schedule}/run"), &json!({})).await;
    assert_eq!(run.status, 202, "{:?}", run.body);
    let job = format!("/api/jobs/{}", run.body["jobId"].as_str().unwrap());
    eventually(&format!("{schedule} is done"), || async {
        (admin.get(&job).await.body["state"] == "done").then_some(())
    })
    .await;
}

/// The user's container, as the API shows it to them.
pub async fn get_container(person: &Person) -> Value {
    person.get("/api/container").await.body["container"].clone()
}

/// Waits until the container is in this state; returns it.
pub async fn wait_for_state(person: &Person, state: &str) -> Value {
    eventually(&format!("the container is {state}"), || async {
        let container = get_container(person).await;
        (container["observed"] == state).then_some(container)
    })
    .await
}

/// The first admin of a Mosaic whose schedules run only when the test runs them.
pub async fn admin_without_schedules(mosaic: &Mosaic) -> Person {
    let admin = mosaic.onboarded().await;
    execute_sql(mosaic, "update schedules set enabled = false").await;
    admin
}

async fn execute_sql(mosaic: &Mosaic, statement: &str) {
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mosaic.database.pool).await.unwrap();
}

async fn count_rows(mosaic: &Mosaic, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(&mosaic.database.pool).await.unwrap()
}

/// Makes all containers look unused for this long. The agents' own sessions cannot be backdated, so chats are detached
/// from them.
pub async fn make_idle(mosaic: &Mosaic, minutes: u32) {
    let earlier = format!(
        "update user_containers set last_used_at = now() - interval '{minutes} minutes',
             stage_since = now() - interval '{minutes} minutes', ready_at = now() - interval '{minutes} minutes'"
    );
    execute_sql(mosaic, &earlier).await;
    let earlier = format!("update turns set finished_at = now() - interval '{minutes} minutes'");
    execute_sql(mosaic, &earlier).await;
    execute_sql(mosaic, "update chats set agent_id = null").await;
}

/// Changes settings as this admin.
async fn change_settings(admin: &Person, changes: Value) {
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    let done = admin.patch_with("/api/settings", &changes, &[("If-Match", &version)]).await;
    assert_eq!(done.status, 200, "{:?}", done.body);
}

/// Sets the limits of one user; returns status and body.
async fn set_limits(actor: &Person, name: &str, limits: &Value) -> (u16, Value) {
    let users = actor.get("/api/users").await.body;
    let id = users["items"].as_array().into_iter().flatten().find(|user| user["username"] == name);
    let id = id.map_or("usr_00000000000000000000000000000000", |user| user["id"].as_str().unwrap());
    let reply = actor.patch_with(&format!("/api/users/{id}"), &json!({ "limits": limits }), &[]).await;
    (reply.status, reply.body)
}

/// Whether this Mosaic's engine supports disk limits, once a worker has tested that.
async fn supports_disk_limits(mosaic: &Mosaic) -> bool {
    eventually("a worker has tested it", || async {
        let fact: Option<Value> = sqlx::query_scalar("select value from system_config where key = 'host'")
            .fetch_optional(&mosaic.database.pool)
            .await
            .unwrap();
        fact?["limitsDisks"].as_bool()
    })
    .await
}
