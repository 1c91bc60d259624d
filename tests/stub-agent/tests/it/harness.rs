//! Starts the binary with a config, a state directory and a provider; ends it on drop.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

pub const TOKEN: &str = "tok-of-this-test";

/// A running stand-in.
pub struct Agent {
    pub child: Child,
    pub client: Client,
    pub dir: TempDir,
    pub llm: stub_llm::Handle,
    port: u16,
}

/// A config like Mosaic's: one agent on each dialect, one that echoes, one with a bad key.
pub fn config(llm: &str) -> Value {
    let provider = |base: String, api: &str, key: &str| json!({"baseUrl": base, "api": api, "apiKey": key, "models": []});
    let agent = |model: &str| json!({"name": model, "model": {"primary": model, "fallbacks": []}});
    json!({
        "gateway": {
            "mode": "local", "auth": {"mode": "token", "token": "${OPENCLAW_GATEWAY_TOKEN}"},
            "http": {"endpoints": {"chatCompletions": {"enabled": true}}},
        },
        "logging": {"consoleLevel": "info", "consoleStyle": "json"},
        "models": {"providers": {
            "chat": provider(format!("{llm}/v1"), "openai-completions", "${TEST_KEY}"),
            "resp": provider(format!("{llm}/v1"), "openai-responses", "sk-resp"),
            "ant": provider(llm.to_owned(), "anthropic-messages", "sk-anth"),
            "bad": provider(format!("{llm}/v1"), "openai-completions", "sk-bad-key"),
            "limited": provider(format!("{llm}/v1"), "openai-completions", "sk-ratelimit"),
            "down": provider("http://127.0.0.1:1/v1".to_owned(), "openai-completions", "sk-x"),
        }},
        "agents": {"ownership": "explicit", "entries": {
            "echo": agent("any/stub-echo"), "chat": agent("chat/stub-small"),
            "resp": agent("resp/stub-small"), "ant": agent("ant/stub-small"),
            "bad": agent("bad/stub-small"), "limited": agent("limited/stub-small"),
            "down": agent("down/stub-small"),
            "lister": {"model": "any/stub-echo", "tools": {"alsoAllow": ["sessions", "sessions_list"]}},
            "fallback": {"model": {"primary": "down/x", "fallbacks": ["chat/stub-small"]}},
        }},
    })
}

impl Agent {
    /// Starts and waits until it is ready.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let llm = stub_llm::serve(listener).unwrap();
        let dir = tempfile::tempdir().unwrap();
        write_config(dir.path(), &config(&llm.url()));
        let port = free_port().await;
        let agent = Self {
            child: spawn(dir.path(), port, &[]),
            client: Client::builder().no_proxy().build().unwrap(),
            dir,
            llm,
            port,
        };
        agent.until_ready().await;
        agent
    }

    /// The same state and port, a new process.
    pub async fn restart(&mut self) {
        self.child = spawn(self.dir.path(), self.port, &[]);
        self.until_ready().await;
    }

    async fn until_ready(&self) {
        for _ in 0..200 {
            let probe = self.get("/readyz").send().await;
            if probe.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the stand-in did not get ready");
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        self.client.get(url).bearer_auth(TOKEN)
    }

    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        self.client.post(url).bearer_auth(TOKEN).json(body)
    }

    /// A chat request that streams.
    pub async fn stream(&self, agent: &str, user: &str, text: &str) -> Response {
        let body = json!({
            "model": format!("openclaw/{agent}"), "user": user, "stream": true,
            "stream_options": {"include_usage": true},
            "messages": [{"role": "user", "content": text}],
        });
        self.post("/v1/chat/completions", &body).send().await.unwrap()
    }

    /// The events of a chat to its end.
    pub async fn chat(&self, agent: &str, user: &str, text: &str) -> Vec<Value> {
        events(&self.stream(agent, user, text).await.text().await.unwrap())
    }

    /// The messages of a session, `None` when it does not exist.
    pub async fn history(&self, session: &str) -> Option<Vec<Value>> {
        let answer = self.get(&format!("/sessions/{session}/history")).send().await;
        let answer: Value = answer.unwrap().json().await.unwrap();
        answer["items"].as_array().cloned()
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap().to_string();
        let status = std::process::Command::new("kill").args([name, &pid]).status();
        assert!(status.unwrap().success());
    }

    pub async fn exit_code(&mut self) -> Option<i32> {
        let wait = tokio::time::timeout(Duration::from_secs(10), self.child.wait());
        wait.await.expect("it should have ended").unwrap().code()
    }

    /// Everything printed; only after the end of the process.
    pub async fn output(&mut self) -> (String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut out).await.unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).await.unwrap();
        (out, err)
    }
}

pub fn spawn(dir: &Path, port: u16, extra: &[(&str, &str)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_stub-agent"))
        .args(["gateway", "run", "--bind", "lan"])
        .env("STUB_PORT", port.to_string())
        .env("STUB_BOOT_MS", "40")
        .env("OPENCLAW_GATEWAY_TOKEN", TOKEN)
        .env("OPENCLAW_CONFIG_PATH", config_path(dir))
        .env("OPENCLAW_STATE_DIR", dir)
        .env("TEST_KEY", "sk-from-env-9876")
        .envs(extra.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

pub fn config_path(dir: &Path) -> PathBuf {
    dir.join("openclaw.json")
}

/// Written as the entry process does: beside it, then renamed.
pub fn write_config(dir: &Path, config: &Value) {
    let temporary = dir.join("openclaw.tmp");
    std::fs::write(&temporary, config.to_string()).unwrap();
    std::fs::rename(temporary, config_path(dir)).unwrap();
}

pub async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

/// The `data:` lines of a stream; `[DONE]` becomes a text.
pub fn events(body: &str) -> Vec<Value> {
    body.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap_or_else(|_| json!(data)))
        .collect()
}

/// The answer's text out of a chat's events.
pub fn text_of(events: &[Value]) -> String {
    let deltas = events.iter().map(|event| &event["choices"][0]["delta"]["content"]);
    deltas.filter_map(Value::as_str).collect()
}
