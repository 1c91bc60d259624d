//! Authentication, health, and all refusals before a stream.

use serde_json::{Value, json};

use crate::harness::Agent;

#[tokio::test]
async fn health_is_open_and_details_are_not() {
    let agent = Agent::start().await;
    let live: Value = agent.get("/healthz").send().await.unwrap().json().await.unwrap();
    assert_eq!(live, json!({"ok": true, "status": "live"}));
    let started = agent.get("/startupz").send().await.unwrap();
    assert_eq!(started.status(), 200);
    assert_eq!(started.headers()["x-content-type-options"], "nosniff");
    let ready: Value = agent.get("/readyz").send().await.unwrap().json().await.unwrap();
    assert_eq!(ready["failing"], json!([]));
    let url = agent.get("/readyz").build().unwrap().url().clone();
    let plain = agent.client.get(url);
    let plain: Value = plain.send().await.unwrap().json().await.unwrap();
    assert_eq!(plain, json!({"ready": true}));
}

#[tokio::test]
async fn a_wrong_token_and_a_proxy_header_are_refused() {
    let agent = Agent::start().await;
    let url = agent.get("/v1/models").build().unwrap().url().clone();
    let wrong = agent.client.get(url.clone()).bearer_auth("nope").send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    let body: Value = wrong.json().await.unwrap();
    assert_eq!(body, json!({"error": {"message": "Unauthorized", "type": "unauthorized"}}));
    let proxied = agent.get("/v1/models").header("x-forwarded-for", "1.2.3.4");
    let proxied = proxied.send().await.unwrap();
    assert_eq!(proxied.status(), 403);
    let body: Value = proxied.json().await.unwrap();
    assert_eq!(body["error"]["type"], "proxy_attribution_required");
    // The real gateway answers health requests of any caller.
    let health = agent.get("/healthz").header("x-forwarded-for", "1.2.3.4");
    assert_eq!(health.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn models_are_the_agents() {
    let agent = Agent::start().await;
    let list: Value = agent.get("/v1/models").send().await.unwrap().json().await.unwrap();
    let ids: Vec<_> = list["data"].as_array().unwrap().iter().map(|m| m["id"].as_str()).collect();
    assert_eq!(ids[..3], [Some("openclaw"), Some("openclaw/default"), Some("openclaw/ant")]);
}

#[tokio::test]
async fn sessions_are_listed_and_deleted_for_the_agent_that_may() {
    let agent = Agent::start().await;
    let call = async |who: &str, tool: &str, args: Value| {
        let call = json!({"tool": tool, "agentId": who, "args": args});
        let answer = agent.post("/tools/invoke", &call).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["result"]["details"].take())
    };
    assert_eq!(call("echo", "sessions_list", json!({})).await.0, 404);
    let body = json!({"model": "openclaw/echo", "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(agent.post("/v1/chat/completions", &body).send().await.unwrap().status(), 200);
    let (_, listed) = call("lister", "sessions_list", json!({"limit": 1})).await;
    let (row, more) = (listed["sessions"][0].clone(), &listed["hasMore"]);
    assert!(row["key"].as_str().unwrap().starts_with("agent:echo:openai:") && *more == false, "{listed}");
    let named = json!({"action": "delete", "sessionKey": row["key"]});
    assert_eq!(call("lister", "sessions", named.clone()).await.0, 400);
    let meant = json!({"action": "delete", "sessionKey": row["key"], "expectedSessionId": row["sessionId"]});
    assert_eq!(call("lister", "sessions", meant.clone()).await.1["deleted"], true);
    assert_eq!(call("lister", "sessions", meant).await.0, 500, "it is gone");
    assert_eq!(call("lister", "sessions_list", json!({})).await.1["sessions"], json!([]));
}

#[tokio::test]
async fn invalid_requests_get_openclaws_errors() {
    let agent = Agent::start().await;
    let messages = json!([{"role": "user", "content": "hi"}]);
    for (body, words) in [
        (json!({"model": "openclaw", "messages": messages}), "Multiple agents are configured"),
        (json!({"model": "openclaw/nope", "messages": messages}), "Unknown agent 'nope'."),
        (json!({"model": "gpt-5", "messages": messages}), "Invalid `model`. Use `openclaw`"),
        (json!({"model": "openclaw/echo", "messages": []}), "Missing user message in `messages`."),
    ] {
        let answer = agent.post("/v1/chat/completions", &body).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{body}");
        let answer: Value = answer.json().await.unwrap();
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(words), "{message}");
        assert_eq!(answer["error"]["type"], "invalid_request_error");
    }
    let get = agent.get("/v1/chat/completions").send().await.unwrap();
    assert_eq!((get.status().as_u16(), get.headers()["allow"].to_str().unwrap()), (405, "POST"));
    assert_eq!(get.text().await.unwrap(), "Method Not Allowed");
}
