//! Full disks and limited disks: each test has its own disk and an engine on it.

use super::{
    admin_without_schedules, change_settings, get_container, run_schedule, set_limits, supports_disk_limits,
    wait_for_state,
};
use serde_json::{Value, json};
use std::path::Path;
use tests::{Disk, Mosaic, Options, OwnEngine, Person, eventually, fill_folder, prepared};

/// Enough for the stub's image and some agents.
const SMALL_DISK_MIB: u64 = 120;
/// More than one user may have.
const LARGE_DISK_MIB: u64 = 1024;
/// What one user may have.
const USER_DISK_MIB: u64 = 256;

/// A Mosaic with an engine that keeps its data on this disk.
async fn mosaic_on_disk(disk: Disk) -> (OwnEngine, Mosaic, Person) {
    let engine =
        OwnEngine::start_with_settings(&prepared("MOSAIC_TEST_STUB_IMAGE"), &json!({}), Some(disk)).await;
    let socket = Some(engine.socket().to_owned());
    let mosaic = Mosaic::start_with(Options { engine: socket, ..Options::default() }).await;
    let admin = admin_without_schedules(&mosaic).await;
    // This engine does not know the networks of the machine's own engine.
    change_settings(&admin, json!({ "subnetPool": engine.pool() })).await;
    (engine, mosaic, admin)
}

/// The reason that a user sees while the start of their agent waits for disk space.
async fn wait_for_disk_full_reason(person: &Person) -> String {
    eventually("the reason names the full disk", || async {
        let reason = get_container(person).await["reason"].as_str()?.to_owned();
        reason.contains("disk is full").then_some(reason)
    })
    .await
}

/// The user sees that their own container's disk is full, also as the error of a message.
async fn assert_own_disk_full(person: &Person) {
    eventually("the reason names the container's full disk", || async {
        let reason = get_container(person).await["reason"].as_str()?.to_owned();
        reason.contains("disk of your container is full").then_some(())
    })
    .await;
    let failed = person.ask_in_new_chat("ibis").await;
    assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!("disk_full")));
}

#[tokio::test]
async fn a_full_disk_is_explained_and_starts_continue_when_there_is_space_again() {
    let (engine, mosaic, admin) = mosaic_on_disk(Disk::ext4(SMALL_DISK_MIB)).await;
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    // A first start needs a volume and a container.
    let bob = mosaic.user_with_agent("bob").await;
    engine.disk().fill();
    // A running agent reports the full disk, and a message that it cannot store fails with that reason.
    assert_own_disk_full(&admin).await;
    let turn = bob.ask(&bob.create_chat().await, "heron").await;
    let reason = wait_for_disk_full_reason(&bob).await;
    assert!(reason.contains("free some space") && reason.contains("by itself"), "{reason}");
    let shown = get_container(&bob).await;
    assert_eq!((&shown["observed"], &shown["failure"]), (&json!("starting"), &Value::Null));
    // The start of an existing container waits too.
    assert_eq!(admin.post("/api/container/stop", &json!({})).await.status, 202);
    wait_for_state(&admin, "stopped").await;
    assert_eq!(admin.post("/api/container/start", &json!({})).await.status, 202);
    wait_for_disk_full_reason(&admin).await;
    run_schedule(&admin, "sweep-containers").await;
    wait_for_disk_full_reason(&admin).await;

    engine.disk().free();
    assert_eq!(bob.wait_for_turn(&turn).await["status"], "done", "the message waited");
    assert_eq!(mosaic.requests_with("heron"), 1);
    // No message waits for the other container: the schedule starts it.
    run_schedule(&admin, "sweep-containers").await;
    wait_for_state(&admin, "ready").await;
    assert_eq!(get_container(&admin).await["reason"], Value::Null);
    assert_eq!(admin.ask_in_new_chat("and now").await["status"], "done");
    assert_eq!(engine.count_objects(), (2, 2, 2));
}

#[tokio::test]
async fn a_full_limited_disk_affects_its_user_only_and_without_quotas_a_limit_is_refused() {
    // Not every kernel supports quotas. Without them the test shows that a limit is refused.
    let limited = Disk::with_quotas(LARGE_DISK_MIB);
    let supported = limited.as_ref().map_err(|why| eprintln!("no project quotas here: {why}")).is_ok();
    let (engine, mosaic, admin) =
        mosaic_on_disk(limited.unwrap_or_else(|_| Disk::without_quotas(LARGE_DISK_MIB))).await;
    let bob = mosaic.user_with_agent("bob").await;
    assert_eq!(supports_disk_limits(&mosaic).await, supported);
    let (status, body) = set_limits(&admin, "bob", &json!({ "diskMib": USER_DISK_MIB })).await;
    if !supported {
        assert_eq!((status, &body["errors"][0]["field"]), (422, &json!("limits.diskMib")));
        assert!(body.to_string().contains("project quotas"), "{body}");
        return;
    }
    assert_eq!(status, 200, "{body}");
    assert_eq!(bob.ask_in_new_chat("hello").await["status"], "done");
    let volume = engine.docker(&["volume", "ls", "-q"]);
    assert_eq!(
        engine.docker(&["volume", "inspect", "-f", "{{.Options.size}}", &volume]),
        format!("{USER_DISK_MIB}M")
    );
    let folder = engine.docker(&["volume", "inspect", "-f", "{{.Mountpoint}}", &volume]);
    let ballast = fill_folder(Path::new(&folder));
    let mib = ballast.metadata().unwrap().len() >> 20;
    assert!((USER_DISK_MIB - 16..=USER_DISK_MIB).contains(&mib), "{mib}");
    assert_own_disk_full(&bob).await;
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done", "other users are not affected");
    std::fs::remove_file(ballast).unwrap();
    assert_eq!(bob.ask_in_new_chat("and now").await["status"], "done");
}
