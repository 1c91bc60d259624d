//! Mosaic's tools for agents, used through MCP's official clients. A container sees only its own user's data.

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tests::{AgentContainer, Mosaic, Person, eventually, prepared};
use tokio::process::Command;

/// The MCP endpoint with a container's token.
struct Endpoint {
    url: String,
    token: String,
}

impl Endpoint {
    async fn of(mosaic: &Mosaic, person: &Person) -> Self {
        Self {
            url: format!("{}/api/internal/mcp", mosaic.internal_url),
            token: AgentContainer::of(person).await.token,
        }
    }
}

fn request(endpoint: &Endpoint, method: Method) -> RequestBuilder {
    Client::builder().no_proxy().build().unwrap().request(method, &endpoint.url)
}

fn rpc(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params })
}

async fn call(endpoint: &Endpoint, body: &Value) -> (StatusCode, Value) {
    let response =
        request(endpoint, Method::POST).bearer_auth(&endpoint.token).json(body).send().await.unwrap();
    (response.status(), response.json().await.unwrap_or(Value::Null))
}

/// Runs an official client's script; returns its report.
async fn run_client(endpoint: &Endpoint, program: &str, script: &str, calls: &Value) -> Value {
    let clients = prepared("MOSAIC_TEST_CLIENTS");
    let output = Command::new(program.replace("{clients}", &clients))
        .arg(format!("{clients}/node/{script}"))
        .env("MCP_URL", &endpoint.url)
        .env("MCP_TOKEN", &endpoint.token)
        .env("MCP_AGENT", "ada")
        .env("CALLS", calls.to_string())
        .env("NO_PROXY", "*")
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The endpoint of this user's agent, after a chat about `topic` that is in the archive.
async fn endpoint_after_chat(mosaic: &Mosaic, person: &Person, topic: &str) -> Endpoint {
    assert_eq!(person.ask_in_new_chat(&format!("remember the {topic}")).await["status"], "done");
    eventually("it is in the archive", || async {
        let found = person.post("/api/conversations/search", &json!({ "query": topic })).await.body;
        (found["items"].as_array()?.len() == 2).then_some(())
    })
    .await;
    Endpoint::of(mosaic, person).await
}

#[tokio::test]
async fn what_an_agent_saves_belongs_to_its_user_only() {
    let mosaic = Mosaic::start().await;
    let (alice, bob) = (mosaic.onboarded().await, mosaic.user_with_agent("bob").await);
    let (alices, bobs) = (
        endpoint_after_chat(&mosaic, &alice, "amber anchor").await,
        endpoint_after_chat(&mosaic, &bob, "bronze bell").await,
    );
    let boat = json!({ "content": "The boat is moored at pier nine.", "title": "Boat", "tags": ["boat"] });
    let calls = json!([
        ["finding_save", boat],
        ["finding_save", boat],
        ["finding_save", { "content": " " }],
        ["findings_search", { "query": "where is the boat", "tags": ["boat"] }],
        ["memory_set", { "key": "garden/plan", "value": { "beds": 3 } }],
        ["memory_set", { "key": "garden/plan", "value": 4, "ifVersion": 0 }],
        ["memory_get", { "key": "garden/plan" }],
        ["memory_get", { "key": "garden/plan", "whose": "shared" }],
        ["memory_list", { "prefix": "garden/" }],
    ]);
    let seen = run_client(&alices, "node", "mcp_client.mjs", &calls).await["calls"].clone();
    let structured = |n: usize| &seen[n]["structured"];
    assert_eq!((&structured(0)["merged"], &structured(1)["merged"]), (&json!(false), &json!(true)), "{seen}");
    assert_eq!(structured(0)["id"], structured(1)["id"]);
    assert_eq!((&seen[2]["isError"], &seen[5]["isError"]), (&json!(true), &json!(true)), "{seen}");
    assert_eq!(structured(3)["items"][0]["content"], boat["content"], "{seen}");
    assert_eq!(
        (&structured(6)["value"], &structured(6)["version"]),
        (&json!({ "beds": 3 }), &json!(1)),
        "{seen}"
    );
    assert_eq!(structured(7)["version"], 0, "the shared memory is separate: {seen}");
    assert_eq!(structured(8)["items"].as_array().unwrap().len(), 1, "{seen}");
    // The user sees both, with the agent as the source.
    let agent = alice.get("/api/agents").await.body["items"][0]["id"].clone();
    let found = alice.get("/api/findings").await.body["items"][0].clone();
    assert_eq!((&found["source"]["kind"], &found["source"]["agentId"]), (&json!("agent"), &agent), "{found}");
    let path = format!("/api/memory/garden%2Fplan?agentId={}", agent.as_str().unwrap());
    assert_eq!(alice.get(&path).await.body["value"], json!({ "beds": 3 }));
    let seen = run_client(
        &bobs,
        "{clients}/python/bin/python",
        "mcp_client.py",
        &foreign_calls(&agent, &found["id"]),
    )
    .await["calls"]
        .clone();
    assert_eq!(
        (&seen[0]["structured"]["items"], &seen[1]["structured"]["version"]),
        (&json!([]), &json!(0)),
        "{seen}"
    );
    assert_eq!(seen[2]["structured"]["items"], json!([]), "{seen}");
    // The tools accept no ids of alice's.
    for call in 3..7 {
        assert_eq!(seen[call]["isError"], true, "{seen}");
        assert!(seen[call]["text"].as_str().unwrap().contains("unknown"), "{seen}");
    }
    assert!(!seen.to_string().contains("pier nine"), "{seen}");
}

fn foreign_calls(agent: &Value, finding: &Value) -> Value {
    json!([
        ["findings_search", { "query": "boat pier nine" }],
        ["memory_get", { "key": "garden/plan" }],
        ["memory_list", {}],
        ["findings_search", { "query": "boat", "agentId": agent }],
        ["conversations_search", { "query": "amber", "agentId": agent }],
        ["memory_get", { "key": "garden/plan", "whose": agent }],
        ["finding_save", { "content": "mine now", "id": finding }],
    ])
}

#[tokio::test]
async fn the_official_clients_work_unmodified_and_see_their_own_user_only() {
    let mosaic = Mosaic::start().await;
    let (alice, bob) = (mosaic.onboarded().await, mosaic.user_with_agent("bob").await);
    let (alices, bobs) = (
        endpoint_after_chat(&mosaic, &alice, "amber anchor").await,
        endpoint_after_chat(&mosaic, &bob, "bronze bell").await,
    );
    let search = |query: &str| json!(["conversations_search", { "query": query }]);
    let calls = json!([
        search("amber anchor"),
        search("bronze bell"),
        ["conversations_search", { "query": "amber", "role": "user", "limit": 1 }],
        ["conversations_search", { "query": " " }],
        ["conversations_search", { "question": "amber" }],
        ["conversations_search", { "query": "amber", "since": "yesterday" }],
        ["nothing", {}],
    ]);
    for (program, script) in [("{clients}/python/bin/python", "mcp_client.py"), ("node", "mcp_client.mjs")] {
        let seen = run_client(&alices, program, script, &calls).await;
        assert_eq!(seen["server"], "mosaic");
        assert!(seen["tools"].as_array().unwrap().contains(&json!("conversations_search")), "{seen}");
        let calls = &seen["calls"];
        let found = calls[0]["structured"]["items"].as_array().unwrap();
        assert!(found[0]["text"].as_str().unwrap().contains("amber anchor"), "{seen}");
        assert_eq!(
            serde_json::from_str::<Value>(calls[0]["text"].as_str().unwrap()).unwrap(),
            calls[0]["structured"]
        );
        // The search by meaning may find something of alice's own, but not bob's words.
        assert!(!calls[1]["structured"].to_string().contains("bronze bell"), "bob's words: {seen}");
        assert_eq!(calls[2]["structured"]["items"].as_array().unwrap().len(), 1, "{seen}");
        for (call, says) in [(3, "Enter what to look for"), (4, "unknown field `question`"), (5, "RFC 3339")]
        {
            assert_eq!(calls[call]["isError"], true, "{seen}");
            assert!(calls[call]["text"].as_str().unwrap().contains(says), "{seen}");
        }
        assert_eq!(calls[6], json!({ "refused": -32602 }), "{seen}");
    }
    let (_, found) = call(
        &bobs,
        &rpc("tools/call", json!({ "name": "conversations_search", "arguments": { "query": "amber bell" } })),
    )
    .await;
    let found = found["result"]["structuredContent"]["items"].to_string();
    assert!(found.contains("bronze bell") && !found.contains("amber"), "{found}");
    assert_container_token_is_required(&alice, &alices).await;
    assert_protocol(&alices).await;
    // The token is valid only as long as the container and its user are.
    assert_new_container_has_new_token(&mosaic, &alice, &alices).await;
    let sql = "update users set disabled_at = now() where username = 'bob'";
    sqlx::query(sql).execute(&mosaic.database.pool).await.unwrap();
    assert_eq!(call(&bobs, &rpc("ping", json!({}))).await.0, 401);
}

async fn assert_new_container_has_new_token(mosaic: &Mosaic, person: &Person, old: &Endpoint) {
    let job = person.post("/api/container/restart", &json!({})).await;
    let job = format!("/api/jobs/{}", job.body["jobId"].as_str().unwrap());
    eventually("the container is recreated", || async {
        (person.get(&job).await.body["state"] == "done").then_some(())
    })
    .await;
    assert_eq!(call(old, &rpc("ping", json!({}))).await.0, 401, "revoked");
    assert_eq!(call(&Endpoint::of(mosaic, person).await, &rpc("ping", json!({}))).await.0, 200);
}

async fn assert_container_token_is_required(person: &Person, endpoint: &Endpoint) {
    let made = person.post("/api/tokens", &json!({ "name": "t", "scopes": ["knowledge"] })).await;
    let gateway = "mgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for token in ["", "nonsense", gateway, made.body["token"].as_str().unwrap(), &endpoint.token[1..]] {
        let refused =
            request(endpoint, Method::POST).bearer_auth(token).json(&rpc("tools/list", json!({}))).send();
        assert_eq!(refused.await.unwrap().status(), 401, "{token}");
    }
    assert_eq!(
        request(endpoint, Method::POST).json(&rpc("ping", json!({}))).send().await.unwrap().status(),
        401
    );
}

async fn assert_protocol(endpoint: &Endpoint) {
    for (asked, spoken) in
        [("2025-11-25", "2025-11-25"), ("2025-03-26", "2025-03-26"), ("1999-01-01", "2025-11-25")]
    {
        let (status, answer) = call(endpoint, &rpc("initialize", json!({ "protocolVersion": asked }))).await;
        assert_eq!((status.as_u16(), &answer["result"]["protocolVersion"]), (200, &json!(spoken)));
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(7)));
    }
    assert_eq!(call(endpoint, &rpc("ping", json!({}))).await.1["result"], json!({}));
    assert_eq!(call(endpoint, &rpc("resources/list", json!({}))).await.1["error"]["code"], -32601);
    assert_eq!(call(endpoint, &rpc("tools/call", json!({}))).await.1["error"]["code"], -32602);
    let notification = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(call(endpoint, &notification).await, (StatusCode::ACCEPTED, Value::Null));
    let (status, answer) = call(endpoint, &json!([rpc("ping", json!({}))])).await;
    assert_eq!((status.as_u16(), &answer["error"]["code"]), (400, &json!(-32600)));
    let garbage =
        request(endpoint, Method::POST).bearer_auth(&endpoint.token).body("{").send().await.unwrap();
    assert_eq!(garbage.status(), 400);
    let newer = request(endpoint, Method::POST)
        .bearer_auth(&endpoint.token)
        .header("MCP-Protocol-Version", "2999-01-01");
    assert_eq!(newer.json(&rpc("ping", json!({}))).send().await.unwrap().status(), 400);
    for method in [Method::GET, Method::DELETE] {
        let refused = request(endpoint, method).bearer_auth(&endpoint.token).send().await.unwrap();
        assert_eq!((refused.status().as_u16(), refused.headers()["allow"].to_str().unwrap()), (405, "POST"));
    }
}
