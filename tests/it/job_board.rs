//! The job board for browsers and programs, and jobs for containers.

mod containers;

use serde_json::{Value, json};
use tests::{Mosaic, Person, eventually};

/// Starts a test of the user's provider; returns the job's id.
async fn start_provider_test(person: &Person) -> String {
    let provider = person.get("/api/providers").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let test = person.post(&format!("/api/providers/{provider}/test"), &json!({})).await;
    test.body["jobId"].as_str().unwrap().to_owned()
}

async fn get_job(person: &Person, id: &str) -> Value {
    person.get(&format!("/api/jobs/{id}")).await.body
}

async fn wait_for_job(person: &Person, id: &str, state: &str) -> Value {
    eventually(&format!("{id} is {state}"), || async {
        let job = get_job(person, id).await;
        (job["state"] == state).then_some(job)
    })
    .await
}

async fn job_ids(person: &Person, query: &str) -> Vec<String> {
    let reply = person.get(&format!("/api/jobs?{query}")).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    let items = reply.body["items"].as_array().unwrap().clone();
    items.iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
}

async fn execute_sql(mosaic: &Mosaic, statement: &'static str) {
    sqlx::query(statement).execute(&mosaic.database.pool).await.unwrap();
}

#[tokio::test]
async fn a_user_sees_their_own_jobs_an_admin_all_jobs_and_a_token_its_owners() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    let bobs_job = start_provider_test(&bob).await;
    let done = wait_for_job(&bob, &bobs_job, "done").await;
    assert_eq!(done["attempts"][0]["outcome"], "done");
    let phases = done["phases"].as_array().unwrap();
    assert!(!phases.is_empty() && phases.iter().all(|phase| phase["finishedAt"].is_string()), "{done}");
    assert!(done.get("waits").is_none() && !done.to_string().contains("payload"));
    let admins_job = start_provider_test(&admin).await;
    wait_for_job(&admin, &admins_job, "done").await;

    let program = async |person: &Person| {
        let made = person.post("/api/tokens", &json!({ "name": "board", "scopes": ["jobs"] })).await;
        Person::with_token(&mosaic.url, made.body["token"].as_str().unwrap())
    };
    let (by_bob, by_admin) = (program(&bob).await, program(&admin).await);
    assert_eq!(job_ids(&bob, "kind=test-provider").await, [bobs_job.as_str()]);
    assert_eq!(job_ids(&by_bob, "kind=test-provider").await, [bobs_job.as_str()]);
    let all = job_ids(&admin, "kind=test-provider&state=done").await;
    assert!(all.contains(&bobs_job) && all.contains(&admins_job), "{all:?}");
    let own = job_ids(&by_admin, "").await;
    assert!(
        own.contains(&admins_job) && !own.contains(&bobs_job),
        "an admin's program sees only the admin's own jobs"
    );
    assert_eq!(by_admin.get(&format!("/api/jobs/{bobs_job}")).await.status, 404);
    assert_eq!(get_job(&admin, &bobs_job).await["owner"], done["owner"]);
    assert_eq!(job_ids(&bob, &format!("q={bobs_job}")).await, [bobs_job.as_str()]);
    assert!(job_ids(&bob, &format!("q={admins_job}")).await.is_empty());

    let stats = bob.get("/api/jobs/stats").await.body;
    assert_eq!(stats["throughput"].as_array().unwrap().len(), 60);
    let counted = |stats: &Value| {
        let counts = stats["counts"].as_array().unwrap().clone();
        counts
            .iter()
            .filter(|count| count["lane"] == "providers")
            .map(|c| c["count"].as_i64().unwrap())
            .sum::<i64>()
    };
    assert_eq!(counted(&stats), 1);
    assert!(counted(&admin.get("/api/jobs/stats").await.body) >= 2);
    assert!(stats["times"][0]["runMs"]["p95"].as_f64().unwrap() > 0.0, "{stats}");
}

#[tokio::test]
async fn pages_follow_each_other_and_invalid_filters_are_refused_by_field() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    for _ in 0..5 {
        let id = start_provider_test(&admin).await;
        wait_for_job(&admin, &id, "done").await;
    }
    let all = job_ids(&admin, "limit=100").await;
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = admin.get(&format!("/api/jobs?limit=2{cursor}")).await.body;
        found.extend(
            page["items"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, all);
    for (query, field) in [
        ("state=gone", "state"),
        ("lane=fast", "lane"),
        ("from=yesterday", "from"),
        ("to=2026-13-01T00:00:00Z", "to"),
        (&format!("q={}", "x".repeat(101)), "q"),
    ] {
        let refused = admin.get(&format!("/api/jobs?{query}")).await;
        assert_eq!(
            (refused.status, refused.body["errors"][0]["field"].as_str()),
            (422, Some(field)),
            "{query}"
        );
    }
    assert_eq!(admin.get("/api/jobs?cursor=nonsense").await.body["code"], "bad_cursor");
    for body in [
        json!({}),
        json!({ "ids": [], "filter": {} }),
        json!({ "filter": { "states": "done" } }),
        json!({ "ids": ["x"] }),
    ] {
        let refused = admin.post("/api/jobs/retry", &body).await;
        assert_eq!(refused.status, 422, "{body}: {:?}", refused.body);
    }
}

#[tokio::test]
async fn the_board_explains_why_a_job_waits() {
    let mut mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    assert_eq!(admin.post("/api/lanes/providers/pause", &json!({})).await.status, 204);
    let id = start_provider_test(&bob).await;
    let wait_reason = async || {
        let waits = get_job(&bob, &id).await["waits"].clone();
        (waits["code"].as_str().unwrap().to_owned(), waits["sentence"].as_str().unwrap().to_owned())
    };
    let (code, sentence) = wait_reason().await;
    assert_eq!(code, "paused");
    assert!(sentence.starts_with("Lane providers is paused since"), "{sentence}");
    // The time at which a job is due comes first.
    execute_sql(&mosaic, "update jobs set due_at = now() + interval '1 hour' where state = 'queued'").await;
    let (code, sentence) = wait_reason().await;
    assert!(code == "due" && sentence.starts_with("Waits for its time: due in 59 min, at "), "{sentence}");
    execute_sql(&mosaic, "update jobs set failures = 1, max_attempts = 5, last_error = 'It did not answer.' where state = 'queued'").await;
    let (code, sentence) = wait_reason().await;
    assert!(
        code == "retry" && sentence.contains("Try 2 of 5 begins in 59 min. Before: It did not answer."),
        "{sentence}"
    );
    // No worker runs this lane.
    mosaic.kill_worker(0);
    execute_sql(&mosaic, "delete from jobs where state = 'running'").await;
    execute_sql(&mosaic, "update jobs set failures = 0, due_at = now() where state = 'queued'").await;
    execute_sql(&mosaic, "update workers set last_seen = now() - interval '3 minutes'").await;
    assert_eq!(admin.post("/api/lanes/providers/resume", &json!({})).await.status, 204);
    let (code, sentence) = wait_reason().await;
    assert_eq!(code, "no_worker");
    assert!(sentence.ends_with("is running; the last one was seen 3 min ago."), "{sentence}");
    // As if the worker ran again, with four busy slots and three jobs before this one.
    execute_sql(
        &mosaic,
        "update workers set last_seen = now() + interval '1 hour', lanes = lanes || '{\"providers\": 4}'",
    )
    .await;
    execute_sql(&mosaic, "insert into jobs (kind, lane, acts_for, reason, payload, max_attempts, state, lease_owner, lease_until)
                  select 'x', 'providers', 'system', 'a test', '{}', 1, 'running', id, now() + interval '1 hour'
                  from workers, generate_series(1, 4)").await;
    execute_sql(&mosaic, "insert into jobs (kind, lane, acts_for, reason, payload, max_attempts, due_at)
                  select 'x', 'providers', 'system', 'a test', '{}', 1, now() - interval '1 hour' from generate_series(1, 3)").await;
    execute_sql(&mosaic, "update jobs set priority = 1 where state = 'queued'").await;
    let (code, sentence) = wait_reason().await;
    assert_eq!(
        (code.as_str(), sentence.as_str()),
        ("slot", "Waits for a free slot in lane providers: 4 of 4 busy, 3 ahead.")
    );
    execute_sql(&mosaic, "delete from jobs where kind = 'x'").await;
    assert_eq!(wait_reason().await.0, "starting");
}

#[tokio::test]
async fn many_jobs_are_changed_at_once_counted_and_audited() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    assert_eq!(admin.post("/api/lanes/providers/pause", &json!({})).await.status, 204);
    let id = start_provider_test(&bob).await;
    let filter = |state: &str| json!({ "filter": { "kind": "test-provider", "state": state } });
    let counts =
        |matched: u64, changed: u64| json!({ "matched": matched, "changed": changed, "more": false });
    assert_eq!(bob.post("/api/jobs/cancel", &filter("done")).await.body, counts(0, 0));
    assert_eq!(bob.post("/api/jobs/cancel", &json!({ "ids": [id] })).await.body, counts(1, 1));
    wait_for_job(&bob, &id, "cancelled").await;
    assert_eq!(bob.post("/api/jobs/cancel", &json!({ "ids": [id] })).await.body, counts(1, 0));
    // The admin retries it; bob's later request changes nothing.
    assert_eq!(admin.post("/api/jobs/retry", &filter("cancelled")).await.body, counts(1, 1));
    assert_eq!(get_job(&bob, &id).await["state"], "queued");
    assert_eq!(bob.post("/api/jobs/retry", &json!({ "ids": [id] })).await.body, counts(1, 0));
    assert_eq!(bob.post("/api/jobs/discard", &json!({ "ids": [id] })).await.body, counts(1, 0));
    assert_eq!(admin.post("/api/lanes/providers/resume", &json!({})).await.status, 204);
    wait_for_job(&bob, &id, "done").await;
    // Bob cannot discard the admin's job.
    let admins_job = start_provider_test(&admin).await;
    wait_for_job(&admin, &admins_job, "done").await;
    assert_eq!(bob.post("/api/jobs/discard", &json!({ "ids": [id, admins_job] })).await.body, counts(2, 1));
    assert_eq!(bob.get(&format!("/api/jobs/{id}")).await.status, 404);
    assert_eq!(get_job(&admin, &admins_job).await["state"], "done");
    let audited: Vec<String> = sqlx::query_scalar(
        "select action from audit_log where action like 'job.%' or action like 'lane.%' order by at",
    )
    .fetch_all(&mosaic.database.pool)
    .await
    .unwrap();
    assert_eq!(audited, ["lane.pause", "job.cancel", "job.retry", "lane.resume", "job.discard"]);
}

#[tokio::test]
async fn the_board_sends_changes_and_nothing_else() {
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let (alice, bob) = (mosaic.user_with_agent("alice").await, mosaic.user_with_agent("bob").await);
    let mut live = bob.events("/api/jobs/events").await;
    let first = live.wait_for("jobs").await;
    assert!(first.data["changed"] == json!([]) && first.data["stats"]["counts"].is_array(), "{}", first.data);
    // Changes of other users' jobs are not sent.
    wait_for_job(&alice, &start_provider_test(&alice).await, "done").await;
    let bobs_job = start_provider_test(&bob).await;
    let change = live.wait_for("jobs").await;
    assert_eq!(change.data["changed"], json!([bobs_job]));
    wait_for_job(&bob, &bobs_job, "done").await;
    let quiet = tokio::time::timeout(std::time::Duration::from_secs(8), async {
        loop {
            assert_eq!(live.wait_for("jobs").await.data["changed"], json!([bobs_job]));
        }
    });
    let Err(_elapsed): Result<std::convert::Infallible, _> = quiet.await;
    let counts = bob.get("/api/jobs/stats").await.body["counts"].clone();
    assert_eq!(counts, json!([{ "state": "done", "lane": "providers", "count": 1, "more": false }]));
}

#[tokio::test]
async fn admins_read_and_change_lanes_and_schedules_and_list_workers() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let lane = async |name: &str| {
        let lanes = admin.get("/api/lanes").await.body["items"].as_array().unwrap().clone();
        lanes.into_iter().find(|lane| lane["name"] == name).unwrap()
    };
    let seen = lane("containers").await;
    assert!(
        seen["slots"].as_i64().unwrap() > 0 && seen["concurrency"].is_null() && seen["pausedAt"].is_null()
    );
    assert_eq!(admin.patch("/api/lanes/containers", &json!({ "concurrency": 2 })).await.status, 204);
    assert_eq!(lane("containers").await["concurrency"], 2);
    assert_eq!(admin.patch("/api/lanes/containers", &json!({ "concurrency": null })).await.status, 204);
    assert!(lane("containers").await["concurrency"].is_null());
    for body in [json!({ "concurrency": 0 }), json!({ "concurrency": 1001 })] {
        let refused = admin.patch("/api/lanes/containers", &body).await;
        assert_eq!((refused.status, refused.body["errors"][0]["field"].as_str()), (422, Some("concurrency")));
    }
    assert_eq!(admin.patch("/api/lanes/containers", &json!({})).await.status, 422);
    assert_eq!(admin.post("/api/lanes/fast/pause", &json!({})).await.status, 404);

    let workers = admin.get("/api/workers").await.body["items"].clone();
    assert_eq!((workers.as_array().unwrap().len(), workers[0]["state"].as_str()), (1, Some("alive")));
    assert!(
        workers[0]["lanes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|load| load["lane"] == "maintenance" && load["slots"] == 2)
    );
    assert!(workers[0]["lastSeen"].is_string() && workers[0]["version"].is_string());

    let schedules = admin.get("/api/schedules").await.body["items"].clone();
    let names: Vec<_> = schedules.as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert!(["prune-jobs", "reap-idle", "sweep-containers"].iter().all(|name| names.contains(name)));
    let path = "/api/schedules/prune-jobs";
    let changed = admin.patch(path, &json!({ "cron": "30 4 * * MON" })).await;
    assert_eq!((changed.status, changed.body["cron"].as_str()), (200, Some("30 4 * * MON")));
    assert!(changed.body["nextDue"].as_str().unwrap().contains("T04:30:00"), "{:?}", changed.body);
    let off = admin.patch(path, &json!({ "enabled": false })).await.body;
    assert!(off["nextDue"].is_null() && off["cron"] == "30 4 * * MON");
    for cron in ["every day", "0 0 30 2 *"] {
        let refused = admin.patch(path, &json!({ "cron": cron })).await;
        assert_eq!(
            (refused.status, refused.body["errors"][0]["field"].as_str()),
            (422, Some("cron")),
            "{cron}"
        );
    }
    assert_eq!(admin.patch("/api/schedules/nothing", &json!({})).await.status, 404);
    let run = admin.post(&format!("{path}/run"), &json!({})).await;
    assert_eq!(run.status, 202, "{:?}", run.body);
    wait_for_job(&admin, run.body["jobId"].as_str().unwrap(), "done").await;
    let after = admin.get("/api/schedules").await.body["items"].clone();
    let after = after.as_array().unwrap().iter().find(|s| s["name"] == "prune-jobs").unwrap().clone();
    assert_eq!((&after["lastJob"], after["lastState"].as_str()), (&run.body["jobId"], Some("done")));
}

#[tokio::test]
async fn a_requests_trace_continues_in_its_job() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    let chat = bob.create_chat().await;
    let sent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let asked = bob
        .post_with(
            &format!("/api/chats/{chat}/turns"),
            &json!({ "text": "Good morning" }),
            &[("traceparent", sent.as_str())],
        )
        .await;
    assert_eq!(asked.status, 202, "{:?}", asked.body);
    bob.wait_for_turn(asked.body["turnId"].as_str().unwrap()).await;
    let (kind, carried): (String, String) = sqlx::query_as(
        "select kind, trace_parent from jobs where trace_parent is not null and state = 'done'",
    )
    .fetch_one(&mosaic.database.pool)
    .await
    .unwrap();
    assert_eq!(kind, "start-container");
    assert!(carried.starts_with(&format!("00-{TRACE}-")) && carried != sent, "{carried}");
    let logs = mosaic.logs();
    let logged = |what: &str| logs.lines().any(|line| line.contains(TRACE) && line.contains(what));
    assert!(logged("answered") && logged("start-container"), "both processes log the trace id");
}
