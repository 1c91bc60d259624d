//! Everything that is measured, started and put in touch.

use crate::{
    ask::Way,
    people::{self, Agents, Person},
    processes::{Process, answers, free_port, prepared},
};
use reqwest::Client;
use serde_json::json;
use sqlx::PgPool;
use std::{fs, process::Command};
use tempfile::TempDir;

const KEY: &str = "a key for benchmarks that is long enough for everything";
const AGENT_TOKEN: &str = "bench-gateway-token";
const LITELLM_TOKEN: &str = "sk-bench";

/// The processes, and how to reach them.
pub struct World {
    /// The agent's gateway.
    pub agent_url: String,
    /// Its token.
    pub agent_token: String,
    /// Mosaic's API.
    pub mosaic_url: String,
    /// LiteLLM's proxy.
    pub litellm_url: String,
    /// Its master key: with it there is no database to ask.
    pub litellm_token: String,
    /// Mosaic's database.
    pub database_url: String,
    /// Who asks.
    pub people: Vec<Person>,
    /// A client that keeps its connections.
    pub client: Client,
    mosaic: Process,
    litellm: Process,
    _agent: Process,
    _folder: TempDir,
}

impl World {
    /// Starts everything and waits until it answers.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let (agent_port, mosaic_port, litellm_port) = (free_port(), free_port(), free_port());
        let agent = agent(&folder, agent_port);
        let litellm = litellm(&folder, litellm_port, agent_port);
        let database_url = prepared("BENCH_DATABASE_URL");
        let migrated = mosaic(&database_url).arg("migrate").status().unwrap();
        assert!(migrated.success(), "the database could not be migrated");
        let mosaic = serve(&database_url, mosaic_port);
        let mosaic_url = format!("http://127.0.0.1:{mosaic_port}");
        let litellm_url = format!("http://127.0.0.1:{litellm_port}");
        let agent_url = format!("http://127.0.0.1:{agent_port}");
        answers(&format!("{mosaic_url}/readyz")).await;
        answers(&format!("{agent_url}/readyz")).await;
        answers(&format!("{litellm_url}/health/liveliness")).await;
        let agents = Agents { address: ([127, 0, 0, 1], agent_port).into(), token: AGENT_TOKEN };
        let pool = PgPool::connect(&database_url).await.unwrap();
        let people = people::make(&pool, KEY, &agents).await;
        pool.close().await;
        Self {
            agent_url,
            agent_token: AGENT_TOKEN.to_owned(),
            mosaic_url,
            litellm_url,
            litellm_token: LITELLM_TOKEN.to_owned(),
            database_url,
            people,
            client: Client::new(),
            mosaic,
            litellm,
            _agent: agent,
            _folder: folder,
        }
    }

    /// A fresh API on a fresh port, over the same database.
    pub async fn restart_mosaic(&mut self) {
        let port = free_port();
        self.mosaic = serve(&self.database_url, port);
        self.mosaic_url = format!("http://127.0.0.1:{port}");
        answers(&format!("{}/readyz", self.mosaic_url)).await;
    }

    /// Resident memory of the API in bytes.
    pub fn mosaic_memory(&self) -> u64 {
        self.mosaic.memory()
    }

    /// Processor seconds that the proxy on this way has used so far; `None` where there is none.
    pub fn cpu(&self, way: Way) -> Option<f64> {
        match way {
            Way::Direct => None,
            Way::PassThrough | Way::Turn => Some(self.mosaic.cpu()),
            Way::LiteLlm => Some(self.litellm.cpu()),
        }
    }
}

/// The stand-in for an agent; its sessions are kept in memory, so that the disk is Postgres' alone.
fn agent(folder: &TempDir, port: u16) -> Process {
    let config = folder.path().join("openclaw.json");
    let text = json!({
        "gateway": {
            "mode": "local",
            "auth": { "mode": "token", "token": AGENT_TOKEN },
            "http": { "endpoints": { "chatCompletions": { "enabled": true } } },
        },
        "agents": { "entries": { people::AGENT: { "model": "stub/stub-echo" } } },
    });
    fs::write(&config, text.to_string()).unwrap();
    let mut command = Command::new(prepared("BENCH_AGENT"));
    command.env("STUB_PORT", port.to_string()).env("OPENCLAW_CONFIG_PATH", config);
    Process::start(command.env("OPENCLAW_STATE_DIR", folder.path().join("state")))
}

/// LiteLLM's proxy with one model: the same agent. One process, as it starts by default and as Mosaic is;
/// no database, no extra logging.
fn litellm(folder: &TempDir, port: u16, agent_port: u16) -> Process {
    let config = folder.path().join("litellm.yaml");
    // JSON is YAML.
    let text = json!({
        "model_list": [{ "model_name": people::AGENT, "litellm_params": {
            "model": "openai/openclaw",
            "api_base": format!("http://127.0.0.1:{agent_port}/v1"),
            "api_key": AGENT_TOKEN,
        } }],
        "general_settings": { "master_key": LITELLM_TOKEN },
    });
    fs::write(&config, text.to_string()).unwrap();
    let mut command = Command::new(prepared("BENCH_LITELLM"));
    command.args(["--host", "127.0.0.1", "--telemetry", "False", "--config"]);
    command.arg(config).args(["--port", &port.to_string()]);
    command.env("LITELLM_LOG", "ERROR").env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
    let log = fs::File::create(prepared("BENCH_LITELLM_LOG")).unwrap();
    Process::start(command.stderr(log))
}

fn mosaic(database_url: &str) -> Command {
    let mut command = Command::new(prepared("BENCH_MOSAIC"));
    command.env("DATABASE_URL", database_url).env("MOSAIC_SECRET_KEY", KEY);
    command
}

fn serve(database_url: &str, port: u16) -> Process {
    let (public, internal) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{}", free_port()));
    let mut command = mosaic(database_url);
    let log = fs::File::create(prepared("BENCH_MOSAIC_LOG")).unwrap();
    Process::start(command.args(["api", "--listen", &public, "--listen-internal", &internal]).stderr(log))
}
