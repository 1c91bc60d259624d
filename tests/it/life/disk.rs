//! Disks that are full, and disks that are limited: a real one, of this test's own, below an engine of its own.

use super::{by_hand, container, limit, limits_disks, observed, run, set};
use serde_json::{Value, json};
use std::path::Path;
use tests::{Disk, Mosaic, Options, OwnEngine, Person, eventually, fill, prepared};

/// MiB with room for the stand-in's image and some agents.
const SMALL: u64 = 120;
/// MiB with room for more than one person may have.
const LARGE: u64 = 1024;
/// MiB that one person may have.
const HIS: u64 = 256;

/// A Mosaic over an engine whose data lies on that disk.
async fn above(disk: Disk) -> (OwnEngine, Mosaic, Person) {
    let engine = OwnEngine::start_as(&prepared("MOSAIC_TEST_STUB_IMAGE"), &json!({}), Some(disk)).await;
    let socket = Some(engine.socket().to_owned());
    let mosaic = Mosaic::start_with(Options { engine: socket, ..Options::default() }).await;
    let admin = by_hand(&mosaic).await;
    // This engine does not know which networks the machine's own one has.
    set(&admin, json!({ "subnetPool": engine.pool() })).await;
    (engine, mosaic, admin)
}

/// What a person is told once the start of his agent waits for space.
async fn told(person: &Person) -> String {
    eventually("he is told that the disk is full", || async {
        let reason = container(person).await["reason"].as_str()?.to_owned();
        reason.contains("disk is full").then_some(reason)
    })
    .await
}

/// The person is told that his agent has run out of space, and why it does not answer.
async fn outgrown(person: &Person) {
    eventually("its container says that its disk is full", || async {
        let reason = container(person).await["reason"].as_str()?.to_owned();
        reason.contains("disk of your container is full").then_some(())
    })
    .await;
    let failed = person.ask_once("ibis").await;
    assert_eq!((&failed["status"], &failed["error"]["code"]), (&json!("failed"), &json!("disk_full")));
}

#[tokio::test]
async fn a_full_disk_is_explained_and_starts_go_on_when_there_is_space_again() {
    let (engine, mosaic, admin) = above(Disk::plain(SMALL)).await;
    assert_eq!(admin.ask_once("hello").await["status"], "done");
    // A first start needs a volume and a container.
    let bob = mosaic.equipped("bob").await;
    engine.disk().fill();
    // An agent that runs says so itself, and what it cannot write down has that reason.
    outgrown(&admin).await;
    let turn = bob.ask(&bob.chat().await, "heron").await;
    let said = told(&bob).await;
    assert!(said.contains("free some space") && said.contains("by itself"), "{said}");
    let shown = container(&bob).await;
    assert_eq!((&shown["observed"], &shown["failure"]), (&json!("starting"), &Value::Null));
    // So does one of a container that is there.
    assert_eq!(admin.post("/api/container/stop", &json!({})).await.status, 202);
    observed(&admin, "stopped").await;
    assert_eq!(admin.post("/api/container/start", &json!({})).await.status, 202);
    told(&admin).await;
    run(&admin, "sweep-containers").await;
    told(&admin).await;

    engine.disk().relieve();
    assert_eq!(bob.finished(&turn).await["status"], "done", "the message waited");
    assert_eq!(mosaic.asked("heron"), 1);
    // Nobody waits for the other one: the schedule does it, every minute.
    run(&admin, "sweep-containers").await;
    observed(&admin, "ready").await;
    assert_eq!(container(&admin).await["reason"], Value::Null);
    assert_eq!(admin.ask_once("and now").await["status"], "done");
    assert_eq!(engine.objects(), (2, 2, 2));
}

#[tokio::test]
async fn who_fills_his_limited_disk_is_alone_with_it_and_where_none_can_be_limited_that_is_said() {
    // Not every kernel was built with quotas; then that they are refused is what can be shown.
    let limited = Disk::with_quotas(LARGE);
    let can = limited.as_ref().map_err(|why| eprintln!("no project quotas here: {why}")).is_ok();
    let (engine, mosaic, admin) = above(limited.unwrap_or_else(|_| Disk::without_quotas(LARGE))).await;
    let bob = mosaic.equipped("bob").await;
    assert_eq!(limits_disks(&mosaic).await, can);
    let (status, said) = limit(&admin, "bob", &json!({ "diskMib": HIS })).await;
    if !can {
        assert_eq!((status, &said["errors"][0]["field"]), (422, &json!("limits.diskMib")));
        assert!(said.to_string().contains("project quotas"), "{said}");
        return;
    }
    assert_eq!(status, 200, "{said}");
    assert_eq!(bob.ask_once("hello").await["status"], "done");
    let volume = engine.docker(&["volume", "ls", "-q"]);
    assert_eq!(engine.docker(&["volume", "inspect", "-f", "{{.Options.size}}", &volume]), format!("{HIS}M"));
    let folder = engine.docker(&["volume", "inspect", "-f", "{{.Mountpoint}}", &volume]);
    let ballast = fill(Path::new(&folder));
    let mib = ballast.metadata().unwrap().len() >> 20;
    assert!((HIS - 16..=HIS).contains(&mib), "{mib}");
    outgrown(&bob).await;
    assert_eq!(admin.ask_once("hello").await["status"], "done", "it is nobody else's trouble");
    std::fs::remove_file(ballast).unwrap();
    assert_eq!(bob.ask_once("and now").await["status"], "done");
}
