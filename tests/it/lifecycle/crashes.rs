//! Containers that end by themselves or are removed from outside.

use super::{admin_without_schedules, count_rows, execute_sql, get_container, run_schedule, wait_for_state};
use serde_json::json;
use std::io::Write;
use tests::{EngineProxy, Mosaic, Options, docker, eventually};

const COUNT_CRASHES: &str = "select count(*) from container_events where what in ('died', 'oom')";

#[tokio::test]
async fn a_crashed_container_is_restarted_with_growing_delays() {
    // Every worker gets the event; one acts on it.
    let mosaic = Mosaic::start_with(Options { workers: 3, ..Options::default() }).await;
    let admin = admin_without_schedules(&mosaic).await;
    let chat = admin.create_chat().await;
    let ask = async |text: &str| {
        let turn = admin.ask(&chat, text).await;
        admin.wait_for_turn(&turn).await["status"].clone()
    };
    assert_eq!(ask("hello").await, "done");
    let name = mosaic.containers().await.remove(0);
    docker(&["kill", &name]);
    eventually("the crash is recorded", || async {
        (count_rows(&mosaic, COUNT_CRASHES).await == 1).then_some(())
    })
    .await;
    wait_for_state(&admin, "ready").await;
    docker(&["rm", "-f", &name]);
    eventually("the next crash is recorded", || async {
        (count_rows(&mosaic, COUNT_CRASHES).await == 2).then_some(())
    })
    .await;
    let waiting = wait_for_state(&admin, "starting").await;
    let reason = waiting["reason"].as_str().unwrap();
    assert!(reason.contains("removed from outside") && reason.contains("in 5 s"), "{waiting}");
    assert_eq!(ask("at once, please").await, "done", "a message does not wait for the delay");
    assert_eq!(count_rows(&mosaic, COUNT_CRASHES).await, 2);
    // As if it had crashed twice more.
    execute_sql(
        &mosaic,
        "insert into container_events (container_id, user_id, generation, what)
         select id, user_id, generation, 'died' from user_containers, generate_series(1, 2)",
    )
    .await;
    docker(&["kill", &name]);
    let failed = wait_for_state(&admin, "failed").await;
    assert_eq!(failed["failure"]["code"], "crash_loop", "{failed}");
    assert!(failed["reason"].as_str().unwrap().contains("exit code 137"), "{failed}");
    run_schedule(&admin, "sweep-containers").await;
    assert_eq!(get_container(&admin).await["observed"], "failed", "it stays failed until its user acts");
    assert_eq!(ask("once more").await, "done");
    assert_eq!(mosaic.count_objects().await, (1, 1, 1));
}

#[tokio::test]
async fn running_out_of_memory_is_reported_with_the_limit() {
    let mosaic = Mosaic::start().await;
    let admin = admin_without_schedules(&mosaic).await;
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    let name = mosaic.containers().await.remove(0);
    let environment = docker(&["inspect", "-f", "{{range .Config.Env}}{{println .}}{{end}}", &name]);
    let token = environment.lines().find_map(|line| line.strip_prefix("OPENCLAW_GATEWAY_TOKEN=")).unwrap();
    let address = docker(&["port", &name, "18789/tcp"]);
    // Endless request bodies: the agent keeps more than its 128 MiB in memory.
    let requests: Vec<_> = (0..10).filter_map(|_| send_endless_request(&address, token)).collect();
    let down = eventually("the crash is recorded", || async {
        let reason = get_container(&admin).await["reason"].as_str()?.to_owned();
        reason.contains("ran out of memory").then_some(reason)
    });
    let ready = eventually("or the crash is recorded", || async {
        (count_rows(&mosaic, "select count(*) from container_events where what = 'oom'").await > 0)
            .then_some(())
    });
    tokio::select! { reason = down => assert!(reason.contains("(128 MiB)"), "{reason}"), () = ready => {} }
    drop(requests);
    let detail: String = sqlx::query_scalar("select detail from container_events where what = 'oom'")
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap();
    assert_eq!(detail, "Your agent ran out of memory (128 MiB) and ended.");
    wait_for_state(&admin, "ready").await;
}

#[tokio::test]
async fn a_gateway_that_hangs_in_a_running_container_is_restarted() {
    let mosaic = Mosaic::start().await;
    let admin = admin_without_schedules(&mosaic).await;
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    run_schedule(&admin, "sweep-containers").await;
    let starts: i64 =
        count_rows(&mosaic, "select count(*) from container_events where what = 'queued'").await;
    assert_eq!(
        (starts, count_rows(&mosaic, COUNT_CRASHES).await),
        (0, 0),
        "a gateway that answers is not restarted"
    );
    let name = mosaic.containers().await.remove(0);
    // All processes are stopped by a signal; for the engine the container is running.
    let processes = docker(&["top", &name, "-o", "pid"]);
    for process in processes.lines().skip(1) {
        let stopped = std::process::Command::new("kill").args(["-STOP", process.trim()]).status().unwrap();
        assert!(stopped.success());
    }
    assert_eq!(docker(&["inspect", "-f", "{{.State.Status}}", &name]), "running");
    run_schedule(&admin, "sweep-containers").await;
    let restarting = wait_for_state(&admin, "starting").await;
    assert!(restarting["reason"].as_str().unwrap().contains("does not answer"), "{restarting}");
    eventually("the container is ended", || async {
        (count_rows(&mosaic, COUNT_CRASHES).await == 1).then_some(())
    })
    .await;
    let detail: String = sqlx::query_scalar("select detail from container_events where what = 'died'")
        .fetch_one(&mosaic.database.pool)
        .await
        .unwrap();
    assert_eq!(detail, "Your agent had stopped answering.");
    wait_for_state(&admin, "ready").await;
    assert_eq!(admin.ask_in_new_chat("hello again").await["status"], "done");
    assert_eq!((count_rows(&mosaic, COUNT_CRASHES).await, mosaic.count_objects().await), (1, (1, 1, 1)));
}

/// Sends 19 MB of a body of 19.5 MB; `None` if the connection fails.
fn send_endless_request(address: &str, token: &str) -> Option<std::net::TcpStream> {
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
async fn changes_during_an_outage_of_the_engine_are_found_afterwards() {
    let engine = EngineProxy::start();
    let socket = Some(engine.socket().to_owned());
    let mosaic = Mosaic::start_with(Options { engine: socket, ..Options::default() }).await;
    let admin = admin_without_schedules(&mosaic).await;
    assert_eq!(admin.ask_in_new_chat("hello").await["status"], "done");
    engine.disconnect();
    let name = mosaic.containers().await.remove(0);
    docker(&["rm", "-f", &name]);
    docker(&["network", "rm", &name]);
    engine.reconnect();
    eventually("the container is created again", || async {
        (mosaic.count_objects().await == (1, 1, 1)).then_some(())
    })
    .await;
    wait_for_state(&admin, "ready").await;
    assert_eq!(admin.ask_in_new_chat("hello again").await["status"], "done");
    // A desired start whose job was lost, and a container that should not run.
    execute_sql(&mosaic, "update user_containers set observed = 'starting', stage = 'queued'").await;
    run_schedule(&admin, "sweep-containers").await;
    wait_for_state(&admin, "ready").await;
    execute_sql(&mosaic, "update user_containers set desired = 'stopped'").await;
    run_schedule(&admin, "sweep-containers").await;
    wait_for_state(&admin, "stopped").await;
    assert_eq!(docker(&["inspect", "-f", "{{.State.Running}}", &name]), "false");
    docker(&["start", &name]);
    run_schedule(&admin, "sweep-containers").await;
    eventually("the container is stopped again", || async {
        (docker(&["inspect", "-f", "{{.State.Running}}", &name]) == "false").then_some(())
    })
    .await;
    // The database is older than the container, as after a restored backup.
    execute_sql(
        &mosaic,
        "update user_containers set generation = 0, gateway_token = null, gateway_token_hash = null",
    )
    .await;
    assert_eq!(admin.ask_in_new_chat("from the past").await["status"], "done");
}

#[tokio::test]
async fn the_container_of_a_user_who_was_disabled_during_an_outage_is_stopped_after_it() {
    let engine = EngineProxy::start();
    let socket = Some(engine.socket().to_owned());
    let mosaic = Mosaic::start_with(Options { engine: socket, ..Options::default() }).await;
    let admin = admin_without_schedules(&mosaic).await;
    let bob = mosaic.user_with_agent("bob").await;
    assert_eq!(bob.ask_in_new_chat("hello").await["status"], "done");
    let name = mosaic.containers().await.remove(0);
    let running = || docker(&["inspect", "-f", "{{.State.Running}}", &name]);

    engine.disconnect();
    let disabled = admin.patch(&admin.user_path("bob").await, &json!({ "disabled": true })).await;
    assert_eq!(disabled.status, 200, "{:?}", disabled.body);
    // As after an outage that outlasts all attempts of the stop.
    eventually("the stop is given up", || async {
        let give_up =
            "update jobs set state = 'dead', finished_at = now(), lease_owner = null, lease_until = null
                       where kind = 'stop-container' and state = 'queued'";
        execute_sql(&mosaic, give_up).await;
        let dead = "select count(*) from jobs where kind = 'stop-container' and state = 'dead'";
        (count_rows(&mosaic, dead).await == 1).then_some(())
    })
    .await;
    assert_eq!(running(), "true");

    engine.reconnect();
    run_schedule(&admin, "sweep-containers").await;
    eventually("the container stops", || async { (running() == "false").then_some(()) }).await;
}

#[tokio::test]
async fn objects_without_an_owner_are_removed_but_not_volumes_or_foreign_objects() {
    let mosaic = Mosaic::start().await;
    let admin = admin_without_schedules(&mosaic).await;
    let bob = mosaic.user_with_agent("bob").await;
    let carol = mosaic.user_with_agent("carol").await;
    for person in [&admin, &bob, &carol] {
        assert_eq!(person.ask_in_new_chat("hello").await["status"], "done");
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
    // A volume with the labels of another instance.
    let foreign = format!("mosaic-foreign-{}", uuid::Uuid::now_v7().simple());
    let run_label = format!("mosaic.test={}", tests::prepared("MOSAIC_TEST_RUN"));
    let labels = ["--label", "mosaic.instance=ins_00000000000000000000000000000000", "--label", &run_label];
    docker(&[&["volume", "create"], &labels[..], &[foreign.as_str()]].concat());
    // Bob asked for the deletion of his account; Carol's is only missing, as after a restored backup.
    let asked = "insert into audit_log (id, actor_kind, action, subject, outcome) values ($1, 'user', 'user.delete', $2, 'ok')";
    sqlx::query(asked)
        .bind(uuid::Uuid::now_v7())
        .bind(domain::UserId::from(bobs_id).to_string())
        .execute(&mosaic.database.pool)
        .await
        .unwrap();
    execute_sql(&mosaic, "delete from users where username in ('bob', 'carol')").await;
    run_schedule(&admin, "sweep-containers").await;
    assert_eq!(
        mosaic.count_objects().await,
        (3, 3, 3),
        "objects younger than a minute are kept: a start may be in progress"
    );
    eventually("they are removed", || async {
        run_schedule(&admin, "sweep-containers").await;
        (mosaic.count_objects().await == (1, 1, 2)).then_some(())
    })
    .await;
    let left = docker(&["volume", "ls", "-q"]);
    assert!(!left.contains(&bobs) && left.contains(&carols) && left.contains(&foreign));
    assert_eq!(get_container(&admin).await["observed"], "ready");
    docker(&["volume", "rm", &foreign]);
}
