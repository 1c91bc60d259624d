//! Limits of a single user's container that differ from the instance's.

use super::{
    admin_without_schedules, change_settings, get_container, set_limits, supports_disk_limits, wait_for_state,
};
use serde_json::{Value, json};
use tests::{Mosaic, Options, Person, docker, eventually};

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn a_users_limits_apply_from_the_next_start() {
    let mosaic = Mosaic::start().await;
    let admin = admin_without_schedules(&mosaic).await;
    let bob = mosaic.user_with_agent("bob").await;
    assert_eq!(bob.ask_in_new_chat("hello").await["status"], "done");
    let name = mosaic.containers().await.remove(0);
    let made = engine_limits(&name).unwrap();
    assert_eq!((made.0, made.1), (128 * MIB, 512));
    // Invalid limits are refused by field.
    for (limits, field) in [
        (json!({ "memoryMib": 1 }), "limits"),
        (json!({ "pids": 1 }), "limits"),
        (json!({ "memoryMib": 900_000 }), "limits.memoryMib"),
    ] {
        let refused = set_limits(&admin, "bob", &limits).await;
        assert_eq!((refused.0, &refused.1["errors"][0]["field"]), (422, &json!(field)), "{}", refused.1);
    }
    assert_eq!(set_limits(&bob, "bob", &json!({})).await.0, 403, "users cannot set their own limits");
    // The running container keeps its limits, and both old and new limits are shown.
    let (status, shown) = set_limits(&admin, "bob", &json!({ "memoryMib": 192, "pids": 100 })).await;
    assert_eq!((status, &shown["limits"]), (200, &limits_json(192.into(), 100.into())));
    assert_eq!(engine_limits(&name), Some(made));
    let fleet = fleet_entry(&admin, "bob").await;
    assert_eq!(
        (&fleet["limits"]["memoryMib"], &fleet["nextLimits"]["memoryMib"]),
        (&json!(128), &json!(192))
    );
    assert_eq!(reserved_bytes(&mosaic).await, 128 * MIB);
    // After a stop and a start the container and the budget have the new limits.
    assert_eq!(bob.post("/api/container/stop", &json!({})).await.status, 202);
    wait_for_state(&bob, "stopped").await;
    assert_eq!(bob.ask_in_new_chat("hello again").await["status"], "done");
    assert_eq!(engine_limits(&name), Some((192 * MIB, 100, made.2)));
    assert_eq!(reserved_bytes(&mosaic).await, 192 * MIB);
    let fleet = fleet_entry(&admin, "bob").await;
    assert_eq!((&fleet["memory"]["limitBytes"], &fleet["nextLimits"]), (&json!(192 * MIB), &Value::Null));
    // When the instance's limits change, the user's own limits stay and the others follow. Without own limits all
    // follow.
    change_settings(&admin, json!({ "limits": { "memoryMib": 160, "cpuMillis": 1000 } })).await;
    assert_eq!(bob.post("/api/container/restart", &json!({})).await.status, 202);
    eventually("it has the new CPU limit", || async {
        (engine_limits(&name) == Some((192 * MIB, 100, 1000))).then_some(())
    })
    .await;
    wait_for_state(&bob, "ready").await;
    assert_eq!(
        set_limits(&admin, "bob", &json!({})).await.1["limits"],
        limits_json(Value::Null, Value::Null)
    );
    assert_eq!(bob.post("/api/container/restart", &json!({})).await.status, 202);
    eventually("it has the instance's limits", || async {
        (engine_limits(&name) == Some((160 * MIB, 512, 1000))).then_some(())
    })
    .await;
    wait_for_state(&bob, "ready").await;
    assert_eq!((reserved_bytes(&mosaic).await, mosaic.count_objects().await), (160 * MIB, (1, 1, 1)));
    let entries = admin.get("/api/audit?limit=50").await.body.to_string();
    assert!(entries.contains("user.change") && entries.contains("192"), "{entries}");
}

#[tokio::test]
async fn the_budget_counts_the_memory_that_each_container_was_created_with() {
    let mosaic = Mosaic::start_with(Options { workers: 2, ..Options::default() }).await;
    let admin = admin_without_schedules(&mosaic).await;
    change_settings(&admin, json!({ "memoryBudgetBytes": 512 * MIB, "wakeEarly": false })).await;
    let (bob, carol) = (mosaic.user_with_agent("bob").await, mosaic.user_with_agent("carol").await);
    set_limits(&admin, "bob", &json!({ "memoryMib": 384 })).await;
    assert_eq!(bob.ask_in_new_chat("hello").await["status"], "done");
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    assert_eq!(reserved_bytes(&mosaic).await, 512 * MIB);
    // The limit is smaller now, but the running container still has the old one: there is no room yet.
    set_limits(&admin, "bob", &json!({})).await;
    let turn = carol.ask(&carol.create_chat().await, "let me in").await;
    eventually("carol waits", || async {
        let reason = get_container(&carol).await["reason"].as_str()?.to_owned();
        reason.contains("busy").then_some(())
    })
    .await;
    assert_eq!(reserved_bytes(&mosaic).await, 512 * MIB);
    // After a restart bob's container needs less, and carol's fits.
    assert_eq!(bob.post("/api/container/restart", &json!({})).await.status, 202);
    assert_eq!(carol.wait_for_turn(&turn).await["status"], "done");
    wait_for_state(&bob, "ready").await;
    assert_eq!(reserved_bytes(&mosaic).await, 384 * MIB);
}

#[tokio::test]
async fn a_disk_limit_is_applied_or_refused_without_support_for_it() {
    let mosaic = Mosaic::start().await;
    let admin = admin_without_schedules(&mosaic).await;
    let supported = supports_disk_limits(&mosaic).await;
    let (status, body) = set_limits(&admin, "root", &json!({ "diskMib": 512 })).await;
    if supported {
        assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
        let volume = docker(&["volume", "inspect", "-f", "{{.Options.size}}", &mosaic.containers().await[0]]);
        assert_eq!((status, volume.as_str()), (200, "512M"));
    } else {
        let refused = &body["errors"][0];
        assert_eq!((status, &refused["field"]), (422, &json!("limits.diskMib")));
        assert!(refused["message"].to_string().contains("project quotas"), "{body}");
        // A limit from a time with support: the turn fails with an explanation.
        let was = "update users set limits = '{\"diskMib\": 512}'";
        sqlx::query(was).execute(&mosaic.database.pool).await.unwrap();
        let turn = admin.ask(&admin.create_chat().await, "hello").await;
        let failed = admin.wait_for_turn(&turn).await;
        assert_eq!(failed["error"]["code"], "no_disk_limits", "{failed}");
        assert!(failed["error"]["detail"].as_str().unwrap().contains("project quotas"), "{failed}");
    }
}

/// A user's own limits, as the API shows them.
fn limits_json(memory_mib: Value, pids: Value) -> Value {
    json!({ "memoryMib": memory_mib, "cpuMillis": null, "pids": pids, "diskMib": null })
}

/// A container's memory in bytes, processes and CPU in thousandths, as the engine reports them; `None` while it is
/// being recreated.
fn engine_limits(name: &str) -> Option<(u64, u64, u64)> {
    let format = "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.NanoCpus}}";
    let output = std::process::Command::new("docker").args(["inspect", "-f", format, name]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|number| number.parse::<u64>().unwrap());
    Some((numbers.next()?, numbers.next()?, numbers.next()? / 1_000_000))
}

async fn fleet_entry(admin: &Person, name: &str) -> Value {
    let fleet = admin.get("/api/fleet/containers").await.body;
    fleet["items"].as_array().unwrap().iter().find(|item| item["user"]["username"] == name).unwrap().clone()
}

async fn reserved_bytes(mosaic: &Mosaic) -> u64 {
    let sum: i64 = sqlx::query_scalar("select coalesce(sum(reserved_bytes), 0)::bigint from user_containers")
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap();
    u64::try_from(sum).unwrap()
}
