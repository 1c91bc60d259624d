//! The job board as browsers and programs see it, and what its schedules do to containers.

mod containers;

use serde_json::{Value, json};
use tests::{Mosaic, Person, eventually};

/// Tests the person's provider; answers with the job's id.
async fn tested(person: &Person) -> String {
    let provider = person.get("/api/providers").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let test = person.post(&format!("/api/providers/{provider}/test"), &json!({})).await;
    test.body["jobId"].as_str().unwrap().to_owned()
}

async fn job(person: &Person, id: &str) -> Value {
    person.get(&format!("/api/jobs/{id}")).await.body
}

async fn until(person: &Person, id: &str, state: &str) -> Value {
    eventually(&format!("{id} is {state}"), || async {
        let job = job(person, id).await;
        (job["state"] == state).then_some(job)
    })
    .await
}

async fn ids(person: &Person, query: &str) -> Vec<String> {
    let reply = person.get(&format!("/api/jobs?{query}")).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    let items = reply.body["items"].as_array().unwrap().clone();
    items.iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
}

async fn sql(mosaic: &Mosaic, statement: &'static str) {
    sqlx::query(statement).execute(&mosaic.database.pool).await.unwrap();
}

#[tokio::test]
async fn a_user_sees_his_jobs_an_admin_all_and_a_token_its_owners() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let bob = mosaic.equipped("bob").await;
    let his = tested(&bob).await;
    let done = until(&bob, &his, "done").await;
    assert_eq!(done["attempts"][0]["outcome"], "done");
    let phases = done["phases"].as_array().unwrap();
    assert!(!phases.is_empty() && phases.iter().all(|phase| phase["finishedAt"].is_string()), "{done}");
    assert!(done.get("waits").is_none() && !done.to_string().contains("payload"));
    let hers = tested(&admin).await;
    until(&admin, &hers, "done").await;

    let program = async |person: &Person| {
        let made = person.post("/api/tokens", &json!({ "name": "board", "scopes": ["jobs"] })).await;
        Person::with_token(&mosaic.url, made.body["token"].as_str().unwrap())
    };
    let (by_bob, by_admin) = (program(&bob).await, program(&admin).await);
    assert_eq!(ids(&bob, "kind=test-provider").await, [his.as_str()]);
    assert_eq!(ids(&by_bob, "kind=test-provider").await, [his.as_str()]);
    let all = ids(&admin, "kind=test-provider&state=done").await;
    assert!(all.contains(&his) && all.contains(&hers), "{all:?}");
    let own = ids(&by_admin, "").await;
    assert!(own.contains(&hers) && !own.contains(&his), "an admin's program acts on his own jobs");
    assert_eq!(by_admin.get(&format!("/api/jobs/{his}")).await.status, 404);
    assert_eq!(job(&admin, &his).await["owner"], done["owner"]);
    assert_eq!(ids(&bob, &format!("q={his}")).await, [his.as_str()]);
    assert!(ids(&bob, &format!("q={hers}")).await.is_empty());

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
async fn pages_follow_each_other_and_wrong_questions_are_refused_by_name() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    for _ in 0..5 {
        let id = tested(&admin).await;
        until(&admin, &id, "done").await;
    }
    let all = ids(&admin, "limit=100").await;
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
async fn the_board_says_in_a_sentence_why_a_job_waits() {
    let mut mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let bob = mosaic.equipped("bob").await;
    assert_eq!(admin.post("/api/lanes/providers/pause", &json!({})).await.status, 204);
    let id = tested(&bob).await;
    let waits = async || {
        let waits = job(&bob, &id).await["waits"].clone();
        (waits["code"].as_str().unwrap().to_owned(), waits["sentence"].as_str().unwrap().to_owned())
    };
    let (code, sentence) = waits().await;
    assert_eq!(code, "paused");
    assert!(sentence.starts_with("Lane providers is paused since"), "{sentence}");
    // One that asks for the time is told that first.
    sql(&mosaic, "update jobs set due_at = now() + interval '1 hour' where state = 'queued'").await;
    let (code, sentence) = waits().await;
    assert!(code == "due" && sentence.starts_with("Waits for its time: due in 59 min, at "), "{sentence}");
    sql(&mosaic, "update jobs set failures = 1, max_attempts = 5, last_error = 'It did not answer.' where state = 'queued'").await;
    let (code, sentence) = waits().await;
    assert!(
        code == "retry" && sentence.contains("Try 2 of 5 begins in 59 min. Before: It did not answer."),
        "{sentence}"
    );
    // Nobody is there to take it.
    mosaic.kill_worker(0);
    sql(&mosaic, "delete from jobs where state = 'running'").await;
    sql(&mosaic, "update jobs set failures = 0, due_at = now() where state = 'queued'").await;
    sql(&mosaic, "update workers set last_seen = now() - interval '3 minutes'").await;
    assert_eq!(admin.post("/api/lanes/providers/resume", &json!({})).await.status, 204);
    let (code, sentence) = waits().await;
    assert_eq!(code, "no_worker");
    assert!(sentence.ends_with("is running; the last one was seen 3 min ago."), "{sentence}");
    // As if it lived again, with four places that are all taken and three jobs before this one.
    sql(
        &mosaic,
        "update workers set last_seen = now() + interval '1 hour', lanes = lanes || '{\"providers\": 4}'",
    )
    .await;
    sql(&mosaic, "insert into jobs (kind, lane, acts_for, reason, payload, max_attempts, state, lease_owner, lease_until)
                  select 'x', 'providers', 'system', 'a test', '{}', 1, 'running', id, now() + interval '1 hour'
                  from workers, generate_series(1, 4)").await;
    sql(&mosaic, "insert into jobs (kind, lane, acts_for, reason, payload, max_attempts, due_at)
                  select 'x', 'providers', 'system', 'a test', '{}', 1, now() - interval '1 hour' from generate_series(1, 3)").await;
    sql(&mosaic, "update jobs set priority = 1 where state = 'queued'").await;
    let (code, sentence) = waits().await;
    assert_eq!(
        (code.as_str(), sentence.as_str()),
        ("slot", "Waits for a free slot in lane providers: 4 of 4 busy, 3 ahead.")
    );
    sql(&mosaic, "delete from jobs where kind = 'x'").await;
    assert_eq!(waits().await.0, "starting");
}

#[tokio::test]
async fn many_jobs_are_moved_at_once_counted_and_audited() {
    let mosaic = Mosaic::start().await;
    let admin = mosaic.onboarded().await;
    let bob = mosaic.equipped("bob").await;
    assert_eq!(admin.post("/api/lanes/providers/pause", &json!({})).await.status, 204);
    let id = tested(&bob).await;
    let filter = |state: &str| json!({ "filter": { "kind": "test-provider", "state": state } });
    let counts =
        |matched: u64, changed: u64| json!({ "matched": matched, "changed": changed, "more": false });
    assert_eq!(bob.post("/api/jobs/cancel", &filter("done")).await.body, counts(0, 0));
    assert_eq!(bob.post("/api/jobs/cancel", &json!({ "ids": [id] })).await.body, counts(1, 1));
    until(&bob, &id, "cancelled").await;
    assert_eq!(bob.post("/api/jobs/cancel", &json!({ "ids": [id] })).await.body, counts(1, 0));
    // The admin brings it back and bob's program, too late, has nothing to do.
    assert_eq!(admin.post("/api/jobs/retry", &filter("cancelled")).await.body, counts(1, 1));
    assert_eq!(job(&bob, &id).await["state"], "queued");
    assert_eq!(bob.post("/api/jobs/retry", &json!({ "ids": [id] })).await.body, counts(1, 0));
    assert_eq!(bob.post("/api/jobs/discard", &json!({ "ids": [id] })).await.body, counts(1, 0));
    assert_eq!(admin.post("/api/lanes/providers/resume", &json!({})).await.status, 204);
    until(&bob, &id, "done").await;
    // Nothing of the admin's is bob's to discard.
    let hers = tested(&admin).await;
    until(&admin, &hers, "done").await;
    assert_eq!(bob.post("/api/jobs/discard", &json!({ "ids": [id, hers] })).await.body, counts(2, 1));
    assert_eq!(bob.get(&format!("/api/jobs/{id}")).await.status, 404);
    assert_eq!(job(&admin, &hers).await["state"], "done");
    let audited: Vec<String> = sqlx::query_scalar(
        "select action from audit_log where action like 'job.%' or action like 'lane.%' order by at",
    )
    .fetch_all(&mosaic.database.pool)
    .await
    .unwrap();
    assert_eq!(audited, ["lane.pause", "job.cancel", "job.retry", "lane.resume", "job.discard"]);
}

#[tokio::test]
async fn the_board_is_live_and_silent_when_nothing_happens() {
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let (alice, bob) = (mosaic.equipped("alice").await, mosaic.equipped("bob").await);
    let mut live = bob.events("/api/jobs/events").await;
    let first = live.until("jobs").await;
    assert!(first.data["changed"] == json!([]) && first.data["stats"]["counts"].is_array(), "{}", first.data);
    // What happens to others is not told.
    until(&alice, &tested(&alice).await, "done").await;
    let his = tested(&bob).await;
    let told = live.until("jobs").await;
    assert_eq!(told.data["changed"], json!([his]));
    until(&bob, &his, "done").await;
    let quiet = tokio::time::timeout(std::time::Duration::from_secs(8), async {
        loop {
            assert_eq!(live.until("jobs").await.data["changed"], json!([his]));
        }
    });
    let Err(_elapsed): Result<std::convert::Infallible, _> = quiet.await;
    let counts = bob.get("/api/jobs/stats").await.body["counts"].clone();
    assert_eq!(counts, json!([{ "state": "done", "lane": "providers", "count": 1, "more": false }]));
}

#[tokio::test]
async fn admins_read_and_steer_lanes_workers_and_schedules() {
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
    until(&admin, run.body["jobId"].as_str().unwrap(), "done").await;
    let after = admin.get("/api/schedules").await.body["items"].clone();
    let after = after.as_array().unwrap().iter().find(|s| s["name"] == "prune-jobs").unwrap().clone();
    assert_eq!((&after["lastJob"], after["lastState"].as_str()), (&run.body["jobId"], Some("done")));
}

#[tokio::test]
async fn a_request_is_followed_through_the_job_that_it_asked_for() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    let mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let bob = mosaic.equipped("bob").await;
    let chat = bob.chat().await;
    let sent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let asked = bob
        .post_with(
            &format!("/api/chats/{chat}/turns"),
            &json!({ "text": "Good morning" }),
            &[("traceparent", sent.as_str())],
        )
        .await;
    assert_eq!(asked.status, 202, "{:?}", asked.body);
    bob.finished(asked.body["turnId"].as_str().unwrap()).await;
    let (kind, carried): (String, String) = sqlx::query_as(
        "select kind, trace_parent from jobs where trace_parent is not null and state = 'done'",
    )
    .fetch_one(&mosaic.database.pool)
    .await
    .unwrap();
    assert_eq!(kind, "start-container");
    assert!(carried.starts_with(&format!("00-{TRACE}-")) && carried != sent, "{carried}");
    let logs = mosaic.logs();
    let told = |what: &str| logs.lines().any(|line| line.contains(TRACE) && line.contains(what));
    assert!(told("answered") && told("start-container"), "both processes name the trace");
}
