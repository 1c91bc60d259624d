//! The processes that are measured, started and connected.

use crate::{
    processes::{Process, free_port, variable, wait_until_ready},
    route::Route,
    users::{self, Agents, User},
};
use reqwest::Client;
use serde_json::json;
use sqlx::PgPool;
use std::{fs, process::Command};
use tempfile::TempDir;

const SECRET_KEY: &str = "a key for benchmarks that is long enough for everything";
const AGENT_TOKEN: &str = "bench-gateway-token";
const LITELLM_TOKEN: &str = "sk-bench";

/// The processes, and how to reach them.
pub struct Environment {
    /// Of the agent's gateway.
    pub agent_url: String,
    pub agent_token: String,
    pub mosaic_url: String,
    pub litellm_url: String,
    /// The master key: LiteLLM needs no database to check it.
    pub litellm_token: String,
    pub database_url: String,
    pub users: Vec<User>,
    /// Keeps its connections.
    pub client: Client,
    mosaic: Process,
    litellm: Process,
    _agent: Process,
    _folder: TempDir,
}

impl Environment {
    /// Starts everything and waits until it is ready.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let (agent_port, mosaic_port, litellm_port) = (free_port(), free_port(), free_port());
        let agent = agent(&folder, agent_port);
        let litellm = litellm(&folder, litellm_port, agent_port);
        let database_url = variable("BENCH_DATABASE_URL");
        let migrated = mosaic(&database_url).arg("migrate").status().unwrap();
        assert!(migrated.success(), "the database could not be migrated");
        let mosaic = serve(&database_url, mosaic_port);
        let mosaic_url = format!("http://127.0.0.1:{mosaic_port}");
        let litellm_url = format!("http://127.0.0.1:{litellm_port}");
        let agent_url = format!("http://127.0.0.1:{agent_port}");
        wait_until_ready(&format!("{mosaic_url}/readyz")).await;
        wait_until_ready(&format!("{agent_url}/readyz")).await;
        wait_until_ready(&format!("{litellm_url}/health/liveliness")).await;
        let agents = Agents { address: ([127, 0, 0, 1], agent_port).into(), token: AGENT_TOKEN };
        let pool = PgPool::connect(&database_url).await.unwrap();
        let users = users::create(&pool, SECRET_KEY, &agents).await;
        pool.close().await;
        Self {
            agent_url,
            agent_token: AGENT_TOKEN.to_owned(),
            mosaic_url,
            litellm_url,
            litellm_token: LITELLM_TOKEN.to_owned(),
            database_url,
            users,
            client: Client::new(),
            mosaic,
            litellm,
            _agent: agent,
            _folder: folder,
        }
    }

    /// Starts a new API on a new port, with the same database.
    pub async fn restart_mosaic(&mut self) {
        let port = free_port();
        self.mosaic = serve(&self.database_url, port);
        self.mosaic_url = format!("http://127.0.0.1:{port}");
        wait_until_ready(&format!("{}/readyz", self.mosaic_url)).await;
    }

    /// Resident memory of the API.
    pub fn mosaic_memory_bytes(&self) -> u64 {
        self.mosaic.memory_bytes()
    }

    /// Processor time that the proxy on this route has used so far; `None` if there is no proxy.
    pub fn cpu_secs(&self, route: Route) -> Option<f64> {
        match route {
            Route::Direct => None,
            Route::PassThrough | Route::Turn => Some(self.mosaic.cpu_secs()),
            Route::LiteLlm => Some(self.litellm.cpu_secs()),
        }
    }
}

/// The stand-in for an agent. Its sessions are in memory, so that only Postgres uses the disk.
fn agent(folder: &TempDir, port: u16) -> Process {
    let config = folder.path().join("openclaw.json");
    let text = json!({
        "gateway": {
            "mode": "local",
            "auth": { "mode": "token", "token": AGENT_TOKEN },
            "http": { "endpoints": { "chatCompletions": { "enabled": true } } },
        },
        "agents": { "entries": { users::AGENT: { "model": "stub/stub-echo" } } },
    });
    fs::write(&config, text.to_string()).unwrap();
    let mut command = Command::new(variable("BENCH_AGENT"));
    command.env("STUB_PORT", port.to_string()).env("OPENCLAW_CONFIG_PATH", config);
    Process::start(command.env("OPENCLAW_STATE_DIR", folder.path().join("state")))
}

/// LiteLLM's proxy with one model: the same agent. One process, as is its default and like Mosaic; no database, no
/// extra logging.
fn litellm(folder: &TempDir, port: u16, agent_port: u16) -> Process {
    let config = folder.path().join("litellm.yaml");
    // JSON is YAML.
    let text = json!({
        "model_list": [{ "model_name": users::AGENT, "litellm_params": {
            "model": "openai/openclaw",
            "api_base": format!("http://127.0.0.1:{agent_port}/v1"),
            "api_key": AGENT_TOKEN,
        } }],
        "general_settings": { "master_key": LITELLM_TOKEN },
    });
    fs::write(&config, text.to_string()).unwrap();
    let mut command = Command::new(variable("BENCH_LITELLM"));
    command.args(["--host", "127.0.0.1", "--telemetry", "False", "--config"]);
    command.arg(config).args(["--port", &port.to_string()]);
    command.env("LITELLM_LOG", "ERROR").env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
    let log = fs::File::create(variable("BENCH_LITELLM_LOG")).unwrap();
    Process::start(command.stderr(log))
}

fn mosaic(database_url: &str) -> Command {
    let mut command = Command::new(variable("BENCH_MOSAIC"));
    command.env("DATABASE_URL", database_url).env("MOSAIC_SECRET_KEY", SECRET_KEY);
    command
}

fn serve(database_url: &str, port: u16) -> Process {
    let (public, internal) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{}", free_port()));
    let mut command = mosaic(database_url);
    let log = fs::File::create(variable("BENCH_MOSAIC_LOG")).unwrap();
    Process::start(command.args(["api", "--listen", &public, "--listen-internal", &internal]).stderr(log))
}
