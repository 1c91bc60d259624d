//! What one person's container may use, where that differs from everybody's.

use super::{by_hand, container, limit, limits_disks, observed, set};
use serde_json::{Value, json};
use tests::{Mosaic, Options, Person, docker, eventually};

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn a_person_has_limits_of_his_own_from_the_next_start_on() {
    let mosaic = Mosaic::start().await;
    let admin = by_hand(&mosaic).await;
    let bob = mosaic.equipped("bob").await;
    assert_eq!(bob.ask_once("hello").await["status"], "done");
    let name = mosaic.containers().await.remove(0);
    let made = given(&name).unwrap();
    assert_eq!((made.0, made.1), (128 * MIB, 512));
    // Nonsense is refused with a word on what to use instead.
    for (limits, field) in [
        (json!({ "memoryMib": 1 }), "limits"),
        (json!({ "pids": 1 }), "limits"),
        (json!({ "memoryMib": 900_000 }), "limits.memoryMib"),
    ] {
        let refused = limit(&admin, "bob", &limits).await;
        assert_eq!((refused.0, &refused.1["errors"][0]["field"]), (422, &json!(field)), "{}", refused.1);
    }
    assert_eq!(limit(&bob, "bob", &json!({})).await.0, 403, "nobody sets his own");
    // Set: the one that runs keeps what it has, and both are shown.
    let (status, shown) = limit(&admin, "bob", &json!({ "memoryMib": 192, "pids": 100 })).await;
    assert_eq!((status, &shown["limits"]), (200, &all(192.into(), 100.into())));
    assert_eq!(given(&name), Some(made));
    let fleet = in_fleet(&admin, "bob").await;
    assert_eq!(
        (&fleet["limits"]["memoryMib"], &fleet["nextLimits"]["memoryMib"]),
        (&json!(128), &json!(192))
    );
    assert_eq!(reserved(&mosaic).await, 128 * MIB);
    // It is stopped and started: now it has them, and so has the budget.
    assert_eq!(bob.post("/api/container/stop", &json!({})).await.status, 202);
    observed(&bob, "stopped").await;
    assert_eq!(bob.ask_once("hello again").await["status"], "done");
    assert_eq!(given(&name), Some((192 * MIB, 100, made.2)));
    assert_eq!(reserved(&mosaic).await, 192 * MIB);
    let fleet = in_fleet(&admin, "bob").await;
    assert_eq!((&fleet["memory"]["limitBytes"], &fleet["nextLimits"]), (&json!(192 * MIB), &Value::Null));
    // What everybody has may change meanwhile: his own stays, the rest follows; without his own he is everybody.
    set(&admin, json!({ "limits": { "memoryMib": 160, "cpuMillis": 1000 } })).await;
    assert_eq!(bob.post("/api/container/restart", &json!({})).await.status, 202);
    eventually("it has the other cores", || async {
        (given(&name) == Some((192 * MIB, 100, 1000))).then_some(())
    })
    .await;
    observed(&bob, "ready").await;
    assert_eq!(limit(&admin, "bob", &json!({})).await.1["limits"], all(Value::Null, Value::Null));
    assert_eq!(bob.post("/api/container/restart", &json!({})).await.status, 202);
    eventually("it has everybody's", || async {
        (given(&name) == Some((160 * MIB, 512, 1000))).then_some(())
    })
    .await;
    observed(&bob, "ready").await;
    assert_eq!((reserved(&mosaic).await, mosaic.objects().await), (160 * MIB, (1, 1, 1)));
    let noted = admin.get("/api/audit?limit=50").await.body.to_string();
    assert!(noted.contains("user.change") && noted.contains("192"), "{noted}");
}

#[tokio::test]
async fn memory_is_counted_by_what_each_container_was_made_with() {
    let mosaic = Mosaic::start_with(Options { workers: 2, ..Options::default() }).await;
    let admin = by_hand(&mosaic).await;
    set(&admin, json!({ "memoryBudgetBytes": 512 * MIB, "wakeEarly": false })).await;
    let (bob, carol) = (mosaic.equipped("bob").await, mosaic.equipped("carol").await);
    limit(&admin, "bob", &json!({ "memoryMib": 384 })).await;
    assert_eq!(bob.ask_once("hello").await["status"], "done");
    assert_eq!(admin.ask_once("hello").await["status"], "done");
    assert_eq!(reserved(&mosaic).await, 512 * MIB);
    // Smaller on paper, but the one that runs is as large as it was made: there is no room yet.
    limit(&admin, "bob", &json!({})).await;
    let turn = carol.ask(&carol.chat().await, "let me in").await;
    eventually("she waits", || async {
        let reason = container(&carol).await["reason"].as_str()?.to_owned();
        reason.contains("busy").then_some(())
    })
    .await;
    assert_eq!(reserved(&mosaic).await, 512 * MIB);
    // Made anew it needs less, and she gets in.
    assert_eq!(bob.post("/api/container/restart", &json!({})).await.status, 202);
    assert_eq!(carol.finished(&turn).await["status"], "done");
    observed(&bob, "ready").await;
    assert_eq!(reserved(&mosaic).await, 384 * MIB);
}

#[tokio::test]
async fn the_disk_is_limited_where_the_storage_can_and_refused_where_it_cannot() {
    let mosaic = Mosaic::start().await;
    let admin = by_hand(&mosaic).await;
    let can = limits_disks(&mosaic).await;
    let (status, said) = limit(&admin, "root", &json!({ "diskMib": 512 })).await;
    if can {
        assert_eq!(admin.ask_once("hello").await["status"], "done");
        let volume = docker(&["volume", "inspect", "-f", "{{.Options.size}}", &mosaic.containers().await[0]]);
        assert_eq!((status, volume.as_str()), (200, "512M"));
    } else {
        let refused = &said["errors"][0];
        assert_eq!((status, &refused["field"]), (422, &json!("limits.diskMib")));
        assert!(refused["message"].to_string().contains("project quotas"), "{said}");
        // Where it was possible once: said in one sentence instead of a start that fails for ever.
        let was = "update users set limits = '{\"diskMib\": 512}'";
        sqlx::query(was).execute(&mosaic.database.pool).await.unwrap();
        let turn = admin.ask(&admin.chat().await, "hello").await;
        let failed = admin.finished(&turn).await;
        assert_eq!(failed["error"]["code"], "no_disk_limits", "{failed}");
        assert!(failed["error"]["detail"].as_str().unwrap().contains("project quotas"), "{failed}");
    }
}

/// Own limits as they are shown.
fn all(memory_mib: Value, pids: Value) -> Value {
    json!({ "memoryMib": memory_mib, "cpuMillis": null, "pids": pids, "diskMib": null })
}

/// Memory, processes and thousandths of a core of a container, as the engine has them; `None` while it is made anew.
fn given(name: &str) -> Option<(u64, u64, u64)> {
    let format = "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.NanoCpus}}";
    let output = std::process::Command::new("docker").args(["inspect", "-f", format, name]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|number| number.parse::<u64>().unwrap());
    Some((numbers.next()?, numbers.next()?, numbers.next()? / 1_000_000))
}

async fn in_fleet(admin: &Person, name: &str) -> Value {
    let fleet = admin.get("/api/fleet/containers").await.body;
    fleet["items"].as_array().unwrap().iter().find(|item| item["user"]["username"] == name).unwrap().clone()
}

async fn reserved(mosaic: &Mosaic) -> u64 {
    let sum: i64 = sqlx::query_scalar("select coalesce(sum(reserved_bytes), 0)::bigint from user_containers")
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap();
    u64::try_from(sum).unwrap()
}
