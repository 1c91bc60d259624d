//! The four steps: what each reports, where the test stops, and with which cause.

use crate::support::{HUNG_UP, KEY, Reply, Seen, Server, json, loopback, loopback_within, with_headers};
use async_trait::async_trait;
use domain::provider::ProviderKind::{self, Groq, OpenaiCompatible, Openrouter};
use providers::{
    AllowedHosts, Cause, Progress, ProviderAccount, Report, StepReport,
    StepStatus::{self, Failed, NotRun, Passed, Running, Skipped},
    outbound::RequestLimits,
    test_connection,
};
use serde_json::{Value, json};
use std::time::Duration;

fn statuses(report: &Report) -> [StepStatus; 4] {
    report.steps.iter().map(|step| step.status).collect::<Vec<_>>().try_into().unwrap()
}

fn cause(report: &Report) -> Option<Cause> {
    report.failure().map(|failure| failure.cause)
}

async fn run(server: &Server, target: &ProviderAccount) -> Report {
    test_connection(&loopback(), &server.allowed(), target, &mut ()).await
}

/// A server in OpenAI's dialect whose list and completion are given.
async fn server(list: fn() -> Reply, completion: fn(&Seen) -> Reply) -> Server {
    Server::start(move |seen| match seen.line() {
        "GET /v1/models" => list(),
        "POST /v1/chat/completions" => completion(seen),
        _ => with_headers(404, "", ""),
    })
    .await
}

fn listed() -> Reply {
    json(200, json!({"data": [{"id": "m-1"}, {"id": "m-2"}]}))
}

fn answered(_: &Seen) -> Reply {
    json(200, json!({"choices": [{"message": {"content": "ready"}}]}))
}

fn refused(status: u16, message: &str) -> Reply {
    json(status, json!({"error": {"message": message}}))
}

#[derive(Default)]
struct Heard(Vec<StepReport>);

#[async_trait]
impl Progress for Heard {
    async fn step(&mut self, report: &StepReport) {
        self.0.push(report.clone());
    }
}

#[tokio::test]
async fn a_good_account_passes_and_every_step_is_reported_twice() {
    let server = server(listed, answered).await;
    let target = server.target(Groq, "/v1", &["m-1"]);
    let mut heard = Heard::default();
    let report = test_connection(&loopback(), &server.allowed(), &target, &mut heard).await;
    assert_eq!(statuses(&report), [Passed; 4]);
    assert_eq!(report.models.as_ref().unwrap().len(), 2);
    let told: Vec<_> = heard.0.iter().map(|step| (step.step.as_str(), step.status)).collect();
    let expected = ["reach", "key", "model", "answer"].map(|step| [(step, Running), (step, Passed)]);
    assert_eq!(told, expected.concat());
}

#[tokio::test]
async fn elapsed_time_belongs_to_its_step() {
    let slow = || {
        std::thread::sleep(Duration::from_millis(120));
        listed()
    };
    let server = server(slow, answered).await;
    let report = run(&server, &server.target(Groq, "/v1", &["m-1"])).await;
    let elapsed: Vec<_> = report.steps.iter().map(|step| step.elapsed_ms).collect();
    assert!(elapsed[1] >= 120 && elapsed[2] < 120, "{elapsed:?}");
}

#[tokio::test]
async fn the_first_failing_step_ends_the_test() {
    let server = server(|| refused(401, "bad key sk-test-0123456789, sorry"), answered).await;
    let report = run(&server, &server.target(Groq, "/v1", &["m-1"])).await;
    assert_eq!(statuses(&report), [Passed, Failed, NotRun, NotRun]);
    let failure = report.failure().unwrap();
    assert_eq!(failure.title(), "The provider rejected this key (401).");
    assert_eq!(failure.provider_says.as_deref(), Some("bad key [key] sorry"));
    assert!(!serde_json::to_string(&report).unwrap().contains(KEY));
    assert_eq!(server.lines(), ["GET /v1", "GET /v1/models"]);
}

#[tokio::test]
async fn a_host_that_cannot_be_reached_has_a_named_cause() {
    let server = Server::start(|_| Reply::Silence).await;
    let limits = RequestLimits { total: Duration::from_millis(200), ..RequestLimits::default() };
    let target = server.target(Groq, "/v1", &["m-1"]);
    let report = test_connection(&loopback_within(limits), &server.allowed(), &target, &mut ()).await;
    assert_eq!(
        (statuses(&report), cause(&report)),
        ([Failed, NotRun, NotRun, NotRun], Some(Cause::TimedOut))
    );

    let report = test_connection(&loopback(), &AllowedHosts::none(), &target, &mut ()).await;
    assert_eq!(cause(&report), Some(Cause::AddressNotAllowed));
    assert!(!serde_json::to_string(&report).unwrap().contains("127.0.0.1"), "no address leaks");

    let nowhere = ProviderAccount { base_url: Some("no url".into()), ..target };
    let report = test_connection(&loopback(), &server.allowed(), &nowhere, &mut ()).await;
    assert_eq!(cause(&report), Some(Cause::BadUrl));
}

#[tokio::test]
async fn key_faults_are_found_before_anything_is_sent_with_it() {
    let server = server(listed, answered).await;
    let target = server.target(Groq, "/v1", &["m-1"]);
    for (key, expected) in [(None, Cause::KeyMissing), (Some("sk bad\n"), Cause::KeyMalformed)] {
        let target = ProviderAccount { key: key.map(Into::into), ..target.clone() };
        let report = run(&server, &target).await;
        assert_eq!((statuses(&report), cause(&report)), ([Passed, Failed, NotRun, NotRun], Some(expected)));
    }
    assert_eq!(server.lines(), ["GET /v1", "GET /v1"]);
}

#[tokio::test]
async fn a_server_without_a_list_is_judged_by_its_answer() {
    for (completion, expected) in [
        (answered as fn(&Seen) -> Reply, None),
        (|_| refused(401, "no"), Some(Cause::KeyRejected)),
        (|_| refused(404, "The model `m-1` does not exist"), Some(Cause::ModelUnknown)),
        (|_| with_headers(404, "", "nothing here"), Some(Cause::NotFound)),
        (|_| with_headers(200, "", "<html>welcome</html>"), Some(Cause::BadAnswer)),
        (|_| json(200, json!({"ok": true})), Some(Cause::BadAnswer)),
        (|_| refused(503, "busy"), Some(Cause::Overloaded)),
    ] {
        let server = server(|| with_headers(404, "", ""), completion).await;
        let report = run(&server, &server.target(OpenaiCompatible, "/v1", &["m-1"])).await;
        let last = if expected.is_some() { Failed } else { Passed };
        assert_eq!((statuses(&report), cause(&report)), ([Passed, Skipped, Skipped, last], expected));
    }
}

#[tokio::test]
async fn a_key_that_may_chat_but_not_list_passes() {
    let list = || refused(403, "You have insufficient permissions. Missing scopes: api.model.read.");
    let server = server(list, answered).await;
    let report = run(&server, &server.target(Groq, "/v1", &["m-1"])).await;
    assert_eq!(statuses(&report), [Passed, Skipped, Skipped, Passed]);
}

#[tokio::test]
async fn a_public_list_proves_no_key() {
    let server = Server::start(|seen| match seen.line() {
        "GET /v1/key" => refused(401, "User not found."),
        "GET /v1/models" => listed(),
        _ => with_headers(404, "", ""),
    })
    .await;
    let report = run(&server, &server.target(Openrouter, "/v1", &["m-1"])).await;
    assert_eq!((statuses(&report)[1], cause(&report)), (Failed, Some(Cause::KeyRejected)));
}

#[tokio::test]
async fn an_unlisted_model_that_answers_is_an_alias() {
    let server = server(listed, answered).await;
    let report = run(&server, &server.target(Groq, "/v1", &["m-latest"])).await;
    assert_eq!(statuses(&report), [Passed; 4]);
    let asked = server.lines().iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!(asked, 1, "the answer that proved the model is the answer");
}

#[tokio::test]
async fn an_unlisted_model_that_is_refused_is_unknown_with_the_nearest_names() {
    let refuses = |seen: &Seen| match seen.json()["model"].as_str() {
        Some("m-1") => answered(seen),
        _ => refused(400, "bad request"),
    };
    let server = server(listed, refuses).await;
    let report = run(&server, &server.target(Groq, "/v1", &["m-1", "m-3"])).await;
    assert_eq!(
        (statuses(&report), cause(&report)),
        ([Passed, Passed, Failed, NotRun], Some(Cause::ModelUnknown))
    );
    assert_eq!(report.failure().unwrap().did_you_mean, ["m-1", "m-2"]);
}

#[tokio::test]
async fn a_transient_failure_is_not_blamed_on_the_model() {
    let limited = |_: &Seen| {
        with_headers(429, "retry-after: 7\r\n", &json!({"error": {"message": "slow down"}}).to_string())
    };
    let server = server(listed, limited).await;
    for model in ["m-1", "m-3"] {
        let report = run(&server, &server.target(Groq, "/v1", &[model])).await;
        let failure = report.failure().unwrap();
        assert_eq!((failure.cause, failure.retry_after_seconds), (Cause::RateLimited, Some(7)));
    }
}

#[tokio::test]
async fn without_a_model_the_key_is_still_tested() {
    let server = server(listed, answered).await;
    let report = run(&server, &server.target(Groq, "/v1", &[])).await;
    assert_eq!(statuses(&report), [Passed, Passed, Skipped, Skipped]);
    assert!(server.lines().iter().all(|line| line.starts_with("GET")), "no tokens are spent");
}

#[tokio::test]
async fn the_newer_name_of_the_token_cap_is_tried_when_asked_for() {
    let picky = |seen: &Seen| match seen.json().get("max_completion_tokens").and_then(Value::as_u64) {
        Some(16) => answered(seen),
        _ => refused(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
    };
    let server = server(listed, picky).await;
    let report = run(&server, &server.target(OpenaiCompatible, "/v1", &["m-1"])).await;
    assert_eq!(statuses(&report), [Passed; 4]);

    let stubborn = self::server(listed, |_| refused(400, "Use 'max_completion_tokens'.")).await;
    let report = run(&stubborn, &stubborn.target(OpenaiCompatible, "/v1", &["m-1"])).await;
    assert_eq!(cause(&report), Some(Cause::RequestRejected));
    assert_eq!(stubborn.lines().iter().filter(|line| line.starts_with("POST")).count(), 2);
}

#[tokio::test]
async fn a_redirect_is_named_and_the_key_does_not_follow_it() {
    let victim = Server::start(|_| with_headers(200, "", "{}")).await;
    let to = format!("location: {}\r\n", victim.url("/"));
    let server = Server::start(move |_| with_headers(302, &to, "")).await;
    let allowed = server.allowed().with_host_of(&victim.url("/"));
    let target = server.target(Groq, "/v1", &["m-1"]);
    let report = test_connection(&loopback(), &allowed, &target, &mut ()).await;
    assert_eq!((statuses(&report)[1], cause(&report)), (Failed, Some(Cause::Redirected)));
    assert!(victim.seen().is_empty());
}

#[tokio::test]
async fn nothing_upstream_comes_through_but_one_scrubbed_line() {
    let body = format!("<script>{KEY}</script> root:x:0:0 10.0.0.7");
    let page = body.clone();
    let hostile = Server::start(move |_| with_headers(403, "x-internal: 10.0.0.7\r\n", &page)).await;
    for kind in ProviderKind::ALL {
        let report = run(&hostile, &hostile.target(kind, "/v1", &["m-1"])).await;
        let told = serde_json::to_string(&report).unwrap();
        assert_eq!(cause(&report), Some(Cause::KeyForbidden), "{kind}");
        for piece in [KEY, "script", "root:x", "10.0.0.7"] {
            assert!(!told.contains(piece), "{kind}: {told}");
        }
    }
}

#[tokio::test]
async fn dropping_the_test_cancels_the_request() {
    let server = Server::start(|seen| match seen.line() {
        "GET /v1" => with_headers(404, "", ""),
        _ => Reply::Silence,
    })
    .await;
    let target = server.target(Groq, "/v1", &["m-1"]);
    let (outbound, allowed) = (loopback(), server.allowed());
    let mut unheard = ();
    let test = test_connection(&outbound, &allowed, &target, &mut unheard);
    assert!(tokio::time::timeout(Duration::from_millis(300), test).await.is_err());
    tokio::time::timeout(Duration::from_secs(2), async {
        while server.lines().last().is_none_or(|line| line != HUNG_UP) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the server was not hung up on");
}
