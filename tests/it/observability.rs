//! What an operator observes: metrics, traces, logs, and the dashboard, alerts and documents for them.

use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};
use telemetry::MetricType;
use tests::{Collector, Mosaic, Options, SpanRecord, eventually};

/// Metrics that appear only after a failure.
const ONLY_AFTER_FAILURES: [&str; 2] = ["mosaic_job_leases_lost_total", "mosaic_embedding_failures_total"];
/// A user's input, which must appear in no metric, span or log line.
const CANARY: &str = "the glass-harmonica canary";

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// The names of the metrics that a text uses; a histogram's series count as the histogram.
fn metric_names(text: &str) -> BTreeSet<&str> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let names = text.split(word).filter(|word| word.starts_with("mosaic_"));
    let series = ["_bucket", "_sum", "_count"];
    names.map(|name| series.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)).collect()
}

/// The labels that a text selects or groups by: `name{label=…` and `by (label)`.
fn labels(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for selector in text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(inside, _)| inside)
    {
        found.extend(
            selector.split(',').filter_map(|part| Some(part.split_once(['=', '!'])?.0.trim().to_owned())),
        );
    }
    for by in text.split("by (").skip(1).filter_map(|rest| rest.split_once(')')).map(|(inside, _)| inside) {
        found.extend(by.split(',').map(|label| label.trim().to_owned()));
    }
    found
}

/// All queries in the dashboard.
fn queries(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, value)| match value.as_str().filter(|_| key == "expr") {
                Some(query) => vec![query.to_owned()],
                None => queries(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(queries).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn every_documented_metric_is_served_and_contains_no_user_data() {
    let mut mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    let chat = bob.create_chat().await;
    for _ in 0..2 {
        bob.wait_for_turn(&bob.ask(&chat, CANARY).await).await;
    }
    let wrong = json!({ "username": CANARY, "password": CANARY });
    assert_eq!(mosaic.anonymous().post("/api/auth/login", &wrong).await.status, 401);
    let saved = bob.post("/api/findings", &json!({ "title": CANARY, "content": CANARY, "tags": [] })).await;
    assert_eq!(saved.status, 201, "{:?}", saved.body);
    mosaic.start_guard().await;
    let _open_stream = bob.events("/api/container/events").await;

    let expected: BTreeSet<&str> = telemetry::all()
        .iter()
        .map(|metric| metric.name)
        .filter(|name| !ONLY_AFTER_FAILURES.contains(name))
        .collect();
    let mut missing = expected.clone();
    let served = wait_for_metrics(&mosaic, &mut missing).await;
    for metric in telemetry::all().iter().filter(|metric| expected.contains(metric.name)) {
        let metric_type = match metric.metric_type {
            MetricType::Counter => "counter",
            MetricType::Gauge => "gauge",
            MetricType::Histogram(_) => "histogram",
        };
        assert!(
            served.contains(&format!("# TYPE {} {metric_type}", metric.name)),
            "{} is a {metric_type}",
            metric.name
        );
    }
    for user_data in [CANARY, "\"usr_", "\"cht_", "\"job_", "bob"] {
        assert!(!served.contains(user_data), "the metrics contain {user_data}");
    }
    for url in [&mosaic.url, &mosaic.internal_url] {
        let reply = reqwest::get(format!("{url}/metrics")).await.unwrap().text().await.unwrap();
        assert!(!reply.contains("mosaic_build_info"), "{url} serves metrics publicly");
    }
}

#[tokio::test]
async fn doctor_reports_the_state_of_the_deployment() {
    let mut mosaic = Mosaic::start().await;
    mosaic.onboarded().await;
    let listener = mosaic.metrics_address("worker");
    eventually("a worker has sent a heartbeat", || async {
        mosaic.run_command(&["doctor"]).1.contains("pass  workers          1 live").then_some(())
    })
    .await;
    let (_, report) = mosaic.run_command(&["doctor", "--metrics", &listener]);
    for line in [
        "pass  schema           up to date",
        "pass  jobs ",
        "pass  agents ",
        "pass  metrics          served on",
    ] {
        assert!(report.contains(line), "{line} in\n{report}");
    }
    mosaic.kill_worker(0);
    let (succeeded, report) = mosaic.run_command(&["doctor", "--metrics", &listener]);
    assert!(!succeeded && report.contains("FAIL  metrics "), "{report}");
    sqlx::query("update workers set last_seen = now() - interval '1 minute'")
        .execute(&mosaic.database.pool)
        .await
        .unwrap();
    sqlx::query("delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)")
        .execute(&mosaic.database.pool)
        .await
        .unwrap();
    let (_, report) = mosaic.run_command(&["doctor"]);
    for line in
        ["FAIL  workers          none is running", "FAIL  schema           1 migrations are not applied"]
    {
        assert!(report.contains(line), "{line} in\n{report}");
    }
}

/// All metrics of API, worker and guard, once none is missing.
async fn wait_for_metrics(mosaic: &Mosaic, missing: &mut BTreeSet<&str>) -> String {
    for _ in 0..120 {
        let served =
            [mosaic.metrics("api").await, mosaic.metrics("worker").await, mosaic.metrics("guard").await]
                .concat();
        let there = metric_names(&served);
        missing.retain(|name| !there.contains(name));
        if missing.is_empty() {
            return served;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    panic!("not served: {missing:?}");
}

#[test]
fn dashboard_and_alerts_use_existing_metrics_only() {
    let all = telemetry::all();
    let names: BTreeSet<&str> = all.iter().map(|metric| metric.name).collect();
    let dashboard: Value =
        serde_json::from_str(&file("deploy/observability/grafana-dashboard.json")).unwrap();
    let queries = queries(&dashboard).join("\n");
    let rules = file("deploy/observability/alerts.yml");
    let rules: String = rules.lines().filter(|line| line.trim().starts_with("expr:")).collect();
    for (user, text) in [("the dashboard", &queries), ("the alerts", &rules)] {
        let used = metric_names(text);
        assert!(used.len() > 10, "{user} uses {used:?}");
        let unknown: Vec<_> = used.difference(&names).collect();
        assert!(unknown.is_empty(), "{user} uses unknown metrics: {unknown:?}");
        let known = all.iter().flat_map(|metric| metric.labels).chain(&["le", "job", "instance"]);
        let known: BTreeSet<&str> = known.copied().collect();
        let labels = labels(text);
        let unknown: Vec<_> = labels.iter().filter(|label| !known.contains(label.as_str())).collect();
        assert!(labels.len() > 5 && unknown.is_empty(), "{user} uses unknown labels: {unknown:?}");
    }
    let shown = metric_names(&queries);
    let left_out: Vec<_> = names.difference(&shown).collect();
    assert!(left_out.is_empty(), "the dashboard does not show {left_out:?}");
}

#[test]
fn the_document_lists_every_metric_and_every_alert() {
    let document = file("docs/OBSERVABILITY.md");
    for metric in telemetry::all() {
        let metric_type = match metric.metric_type {
            MetricType::Counter => "counter",
            MetricType::Gauge => "gauge",
            MetricType::Histogram(_) => "histogram",
        };
        let row =
            format!("| `{}` | {metric_type} | {} | {} |", metric.name, metric.labels.join(", "), metric.help);
        assert!(document.contains(&row), "docs/OBSERVABILITY.md needs the row\n{row}");
    }
    let rules = file("deploy/observability/alerts.yml");
    let alerts = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    for alert in alerts {
        assert!(document.contains(&format!("`{alert}`")), "docs/OBSERVABILITY.md does not explain {alert}");
    }
}

#[tokio::test]
async fn a_message_is_one_trace_from_the_request_to_the_start_of_the_container() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const CLIENT: &str = "b7ad6b7169203331";
    let collector = Collector::start().await;
    let options = Options { collector: Some(collector.url.clone()), ..Options::default() };
    let mosaic = Mosaic::start_with(options).await;
    mosaic.onboarded().await;
    let bob = mosaic.user_with_agent("bob").await;
    let chat = bob.create_chat().await;
    let parent = format!("00-{TRACE}-{CLIENT}-01");
    let headers = [("traceparent", parent.as_str())];
    let asked =
        bob.post_with(&format!("/api/chats/{chat}/turns"), &json!({ "text": CANARY }), &headers).await;
    assert_eq!(asked.status, 202, "{:?}", asked.body);
    bob.wait_for_turn(asked.body["turnId"].as_str().unwrap()).await;

    let of_trace = || collector.spans().into_iter().filter(|span| span.trace == TRACE).collect::<Vec<_>>();
    let named = |name: &str| of_trace().into_iter().find(|span| span.name == name);
    let mut missing = vec!["POST /api/chats/<id>/turns", "turn", "answer", "job", "ready"];
    for _ in 0..120 {
        missing.retain(|name| named(name).is_none());
        if missing.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    assert!(missing.is_empty(), "{missing:?} did not arrive, only {:?}", collector.spans());
    let one = |name: &str| named(name).unwrap();
    let (request, turn, job) = (one("POST /api/chats/<id>/turns"), one("turn"), one("job"));
    assert_eq!((request.parent.as_str(), request.service.as_str()), (CLIENT, "mosaic-api"));
    assert_eq!((&turn.parent, &one("answer").parent), (&request.id, &turn.id));
    assert_eq!((&job.parent, job.service.as_str()), (&request.id, "mosaic-worker"));
    for phase in ["network", "create", "boot", "ready"] {
        assert_eq!(one(phase).parent, job.id, "{phase} is a step of the start");
    }
    assert_no_content(&mosaic, &collector.spans());
    assert_ids_in_the_log(&mosaic, TRACE);
}

/// Spans have only the expected attributes, and contain no user input and no secret.
fn assert_no_content(mosaic: &Mosaic, spans: &[SpanRecord]) {
    const EXPECTED: [&str; 7] =
        ["id", "user_id", "trace_id", "request_id", "kind", "attempt", "http.response.status_code"];
    for span in spans {
        for secret in [CANARY, mosaic.options.secret_key.as_str(), "bob", "sk-"] {
            assert!(!span.raw.contains(secret), "{secret} is in {}", span.raw);
        }
        for attribute in &span.attributes {
            assert!(EXPECTED.contains(&attribute.as_str()), "{} has the attribute {attribute}", span.name);
        }
    }
}

/// A search for the trace finds the request, its user and the job. User input is not in the logs.
fn assert_ids_in_the_log(mosaic: &Mosaic, trace: &str) {
    let logs = mosaic.logs();
    assert!(!logs.contains(CANARY), "user input is logged");
    let lines: Vec<Value> = logs
        .lines()
        .filter(|line| line.contains(trace))
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    let request = lines.iter().find(|line| line["route"] == "/api/chats/<id>/turns").expect("the request");
    let user = request["user_id"].as_str().unwrap();
    assert!(user.starts_with("usr_") && request["request_id"].as_str().unwrap().starts_with("req_"));
    let spans = |line: &Value| line["spans"].as_array().cloned().unwrap_or_default();
    let job = lines.iter().flat_map(spans).find(|span| span["name"] == "job").expect("the job");
    assert!(job["id"].as_str().unwrap().starts_with("job_"), "{job}");
    assert_eq!((job["user_id"].as_str(), job["kind"].as_str()), (Some(user), Some("start-container")));
}

#[test]
fn the_design_for_several_machines_names_every_method_and_every_column() {
    let document = file("docs/SEVERAL-MACHINES.md");
    let port = file("crates/domain/src/containers.rs");
    let (_, port) = port.split_once("pub trait Containers").unwrap();
    let methods: Vec<&str> =
        port.split("async fn ").skip(1).filter_map(|rest| rest.split('(').next()).collect();
    assert!(methods.len() > 15, "{methods:?}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/sql");
    let schema: String = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let commented = schema.split("comment on column user_containers.").skip(1);
    let columns: Vec<&str> = commented.filter_map(|rest| rest.split(' ').next()).collect();
    assert!(columns.len() > 20, "{columns:?}");
    for name in methods.iter().chain(&columns) {
        assert!(
            document.contains(&format!("`{name}`")),
            "docs/SEVERAL-MACHINES.md does not mention `{name}`"
        );
    }
}
