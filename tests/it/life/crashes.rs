//! Containers that end by themselves, or from outside.

use super::{by_hand, container, count, observed, run, sql};
use std::io::Write;
use tests::{Engine, Mosaic, Options, docker, eventually};

const DEATHS: &str = "select count(*) from container_events where what in ('died', 'oom')";

#[tokio::test]
async fn a_container_that_ends_comes_back_by_itself_and_ever_more_slowly() {
    // Every worker hears of it; one acts.
    let mosaic = Mosaic::start_with(Options { workers: 3, ..Options::default() }).await;
    let admin = by_hand(&mosaic).await;
    let chat = admin.chat().await;
    let ask = async |text: &str| {
        let turn = admin.ask(&chat, text).await;
        admin.finished(&turn).await["status"].clone()
    };
    assert_eq!(ask("hello").await, "done");
    let name = mosaic.containers().await.remove(0);
    docker(&["kill", &name]);
    eventually("somebody noticed", || async { (count(&mosaic, DEATHS).await == 1).then_some(()) }).await;
    observed(&admin, "ready").await;
    docker(&["rm", "-f", &name]);
    eventually("the next one too", || async { (count(&mosaic, DEATHS).await == 2).then_some(()) }).await;
    let waits = observed(&admin, "starting").await;
    let reason = waits["reason"].as_str().unwrap();
    assert!(reason.contains("removed from outside") && reason.contains("in 5 s"), "{waits}");
    assert_eq!(ask("at once, please").await, "done", "whoever writes does not wait for the pause");
    assert_eq!(count(&mosaic, DEATHS).await, 2);
    // Twice more, as if it had happened.
    sql(
        &mosaic,
        "insert into container_events (container_id, user_id, generation, what)
         select id, user_id, generation, 'died' from user_containers, generate_series(1, 2)",
    )
    .await;
    docker(&["kill", &name]);
    let failed = observed(&admin, "failed").await;
    assert_eq!(failed["failure"]["code"], "crash_loop", "{failed}");
    assert!(failed["reason"].as_str().unwrap().contains("exit code 137"), "{failed}");
    run(&admin, "sweep-containers").await;
    assert_eq!(container(&admin).await["observed"], "failed", "it waits for its user");
    assert_eq!(ask("once more").await, "done");
    assert_eq!(mosaic.objects().await, (1, 1, 1));
}

#[tokio::test]
async fn memory_that_ran_out_is_named_with_its_limit() {
    let mosaic = Mosaic::start().await;
    let admin = by_hand(&mosaic).await;
    assert_eq!(admin.ask_once("hello").await["status"], "done");
    let name = mosaic.containers().await.remove(0);
    let environment = docker(&["inspect", "-f", "{{range .Config.Env}}{{println .}}{{end}}", &name]);
    let token = environment.lines().find_map(|line| line.strip_prefix("OPENCLAW_GATEWAY_TOKEN=")).unwrap();
    let address = docker(&["port", &name, "18789/tcp"]);
    // Bodies that never end: the agent keeps what has arrived, more than its 128 MiB.
    let hoard: Vec<_> = (0..10).filter_map(|_| hold(&address, token)).collect();
    let down = eventually("somebody noticed", || async {
        let reason = container(&admin).await["reason"].as_str()?.to_owned();
        reason.contains("ran out of memory").then_some(reason)
    });
    let ready = eventually("or it is up again already", || async {
        (count(&mosaic, "select count(*) from container_events where what = 'oom'").await > 0).then_some(())
    });
    tokio::select! { reason = down => assert!(reason.contains("(128 MiB)"), "{reason}"), () = ready => {} }
    drop(hoard);
    let said: String = sqlx::query_scalar("select detail from container_events where what = 'oom'")
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap();
    assert_eq!(said, "Your agent ran out of memory (128 MiB) and ended.");
    observed(&admin, "ready").await;
}

#[tokio::test]
async fn a_gateway_that_hangs_inside_a_living_container_is_noticed_and_started_again() {
    let mosaic = Mosaic::start().await;
    let admin = by_hand(&mosaic).await;
    assert_eq!(admin.ask_once("hello").await["status"], "done");
    run(&admin, "sweep-containers").await;
    let well: i64 = count(&mosaic, "select count(*) from container_events where what = 'queued'").await;
    assert_eq!((well, count(&mosaic, DEATHS).await), (0, 0), "one that answers is left alone");
    let name = mosaic.containers().await.remove(0);
    // Every process stands still: the engine calls that running.
    let processes = docker(&["top", &name, "-o", "pid"]);
    for process in processes.lines().skip(1) {
        let stopped = std::process::Command::new("kill").args(["-STOP", process.trim()]).status().unwrap();
        assert!(stopped.success());
    }
    assert_eq!(docker(&["inspect", "-f", "{{.State.Status}}", &name]), "running");
    run(&admin, "sweep-containers").await;
    let looked_after = observed(&admin, "starting").await;
    assert!(looked_after["reason"].as_str().unwrap().contains("does not answer"), "{looked_after}");
    eventually("it is ended", || async { (count(&mosaic, DEATHS).await == 1).then_some(()) }).await;
    let said: String = sqlx::query_scalar("select detail from container_events where what = 'died'")
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap();
    assert_eq!(said, "Your agent had stopped answering.");
    observed(&admin, "ready").await;
    assert_eq!(admin.ask_once("hello again").await["status"], "done");
    assert_eq!((count(&mosaic, DEATHS).await, mosaic.objects().await), (1, (1, 1, 1)));
}

/// Sends 19 MB of a body of 19.5; `None` when the other side is gone already.
fn hold(address: &str, token: &str) -> Option<std::net::TcpStream> {
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: agent\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 19500000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&vec![b' '; 19_000_000]).ok()?;
    Some(stream)
}

#[tokio::test]
async fn what_happened_while_the_engine_was_away_is_found_when_it_is_back() {
    let engine = Engine::start();
    let socket = Some(engine.socket().to_owned());
    let mosaic = Mosaic::start_with(Options { engine: socket, ..Options::default() }).await;
    let admin = by_hand(&mosaic).await;
    assert_eq!(admin.ask_once("hello").await["status"], "done");
    engine.cut();
    let name = mosaic.containers().await.remove(0);
    docker(&["rm", "-f", &name]);
    docker(&["network", "rm", &name]);
    engine.mend();
    eventually("it is there again", || async { (mosaic.objects().await == (1, 1, 1)).then_some(()) }).await;
    observed(&admin, "ready").await;
    assert_eq!(admin.ask_once("hello again").await["status"], "done");
    // A wish whose job was lost, and a container that nobody wants to run.
    sql(&mosaic, "update user_containers set observed = 'starting', stage = 'queued'").await;
    run(&admin, "sweep-containers").await;
    observed(&admin, "ready").await;
    sql(&mosaic, "update user_containers set desired = 'stopped'").await;
    run(&admin, "sweep-containers").await;
    observed(&admin, "stopped").await;
    assert_eq!(docker(&["inspect", "-f", "{{.State.Running}}", &name]), "false");
    docker(&["start", &name]);
    run(&admin, "sweep-containers").await;
    eventually("nobody wanted it", || async {
        (docker(&["inspect", "-f", "{{.State.Running}}", &name]) == "false").then_some(())
    })
    .await;
    // The database is older than the container, as after a restored backup.
    sql(
        &mosaic,
        "update user_containers set generation = 0, gateway_token = null, gateway_token_hash = null",
    )
    .await;
    assert_eq!(admin.ask_once("from the past").await["status"], "done");
}

#[tokio::test]
async fn what_belongs_to_nobody_goes_but_for_memories_and_the_things_of_others() {
    let mosaic = Mosaic::start().await;
    let admin = by_hand(&mosaic).await;
    let bob = mosaic.equipped("bob").await;
    let carol = mosaic.equipped("carol").await;
    for person in [&admin, &bob, &carol] {
        assert_eq!(person.ask_once("hello").await["status"], "done");
    }
    let name_of = async |person: &str| {
        let id: uuid::Uuid = sqlx::query_scalar("select id from users where username = $1")
            .bind(person)
            .fetch_one(&mosaic.database.pool)
            .await
            .unwrap();
        let label = format!("label=mosaic.user={}", domain::UserId::from(id));
        (id, docker(&["volume", "ls", "-q", "--filter", &label]))
    };
    let (bobs_id, bobs) = name_of("bob").await;
    let (_, carols) = name_of("carol").await;
    // Somebody else's, who uses the same words for another instance.
    let foreign = format!("mosaic-foreign-{}", uuid::Uuid::now_v7().simple());
    let run_label = format!("mosaic.test={}", tests::prepared("MOSAIC_TEST_RUN"));
    let labels = ["--label", "mosaic.instance=ins_00000000000000000000000000000000", "--label", &run_label];
    docker(&[&["volume", "create"], &labels[..], &[foreign.as_str()]].concat());
    // Bob asked to be deleted; Carol is only missing, as after a restored backup.
    let asked = "insert into audit_log (id, actor_kind, action, subject, outcome) values ($1, 'user', 'user.delete', $2, 'ok')";
    sqlx::query(asked)
        .bind(uuid::Uuid::now_v7())
        .bind(domain::UserId::from(bobs_id).to_string())
        .execute(&mosaic.database.pool)
        .await
        .unwrap();
    sql(&mosaic, "delete from users where username in ('bob', 'carol')").await;
    run(&admin, "sweep-containers").await;
    assert_eq!(mosaic.objects().await, (3, 3, 3), "younger than a minute: somebody may just be at it");
    eventually("they are gone", || async {
        run(&admin, "sweep-containers").await;
        (mosaic.objects().await == (1, 1, 2)).then_some(())
    })
    .await;
    let left = docker(&["volume", "ls", "-q"]);
    assert!(!left.contains(&bobs) && left.contains(&carols) && left.contains(&foreign));
    assert_eq!(container(&admin).await["observed"], "ready");
    docker(&["volume", "rm", &foreign]);
}
