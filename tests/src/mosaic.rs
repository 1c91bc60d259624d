//! A Mosaic of real processes: an API and workers, each of which can be killed.

use crate::{
    Database, agents, database, docker, engine_proxy::ENGINE_SOCKET, eventually, ports::free_port, prepared,
};
use serde_json::Value;
use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Mutex,
};
use stub_llm::Handle;
use tempfile::TempDir;

/// The default MOSAIC_SECRET_KEY.
pub const SECRET_KEY: &str = "a test key that is long enough for everything";

/// How to start a Mosaic.
pub struct Options {
    /// The agents' image.
    pub image: String,
    /// The number of worker processes.
    pub workers: usize,
    /// How many containers a worker starts at once.
    pub starts_at_once: usize,
    /// An agent's memory in MiB.
    pub memory_mib: u32,
    /// The MOSAIC_SECRET_KEY of processes that are started from now on.
    pub secret_key: String,
    /// The folder of the embedding model.
    pub embeddings: PathBuf,
    /// The database, if it is not to be a new one.
    pub database: Option<Database>,
    /// The engine's socket for workers, if it is not the machine's.
    pub engine: Option<PathBuf>,
    /// The address of the collector of traces.
    pub collector: Option<String>,
}

impl Default for Options {
    /// The stub agent and one worker.
    fn default() -> Self {
        Self {
            image: prepared("MOSAIC_TEST_STUB_IMAGE"),
            workers: 1,
            starts_at_once: 4,
            memory_mib: 128,
            secret_key: SECRET_KEY.to_owned(),
            embeddings: prepared("MOSAIC_TEST_EMBEDDINGS_DIR").into(),
            database: None,
            engine: None,
            collector: None,
        }
    }
}

impl Options {
    /// Real OpenClaw agents.
    pub fn real() -> Self {
        Self { image: prepared("MOSAIC_TEST_AGENT_IMAGE"), memory_mib: 3072, ..Self::default() }
    }
}

/// A running Mosaic.
pub struct Mosaic {
    /// The address of its API.
    pub url: String,
    /// The address of its internal port.
    pub internal_url: String,
    /// Its database.
    pub database: Database,
    /// The stub of a provider, reachable from this process and from containers.
    pub llm: Handle,
    /// How it was started; further processes use the same options.
    pub options: Options,
    ports: (u16, u16),
    pub(crate) api: Option<Child>,
    pub(crate) replicas: Vec<Child>,
    pub(crate) workers: Vec<Option<Child>>,
    folder: TempDir,
    /// The kind of each process, and the address of its metrics.
    metrics_urls: Mutex<Vec<(String, String)>>,
}

impl Mosaic {
    /// Starts an API, one worker and stub agents.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// Starts a Mosaic with these options.
    pub async fn start_with(mut options: Options) -> Self {
        let database = match options.database.take() {
            Some(database) => database,
            None => database().await,
        };
        let ports = (free_port(), free_port());
        let mut mosaic = Self {
            url: format!("http://127.0.0.1:{}", ports.0),
            internal_url: format!("http://127.0.0.1:{}", ports.1),
            database,
            llm: agents::start_llm().await,
            ports,
            api: None,
            replicas: Vec::new(),
            workers: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
            metrics_urls: Mutex::default(),
            options,
        };
        mosaic.start_api().await;
        agents::remove_guard(&mosaic.instance().await);
        for _ in 0..mosaic.options.workers {
            mosaic.start_worker();
        }
        mosaic
    }

    /// Starts the API and waits until it is ready.
    pub async fn start_api(&mut self) {
        self.api = Some(self.spawn_api(self.ports).await.1);
    }

    /// Starts an API on these ports (public, internal) and waits until it is ready; returns its address and the
    /// process.
    pub(crate) async fn spawn_api(&self, (public, internal): (u16, u16)) -> (String, Child) {
        let mut child = self.spawn(&[
            "api",
            "--listen",
            &format!("127.0.0.1:{public}"),
            "--listen-internal",
            &format!("0.0.0.0:{internal}"),
        ]);
        let url = format!("http://127.0.0.1:{public}");
        let ready = format!("{url}/readyz");
        eventually("the API is ready", || {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "the API ended instead of becoming ready: {ended:?}");
            async { reqwest::get(&ready).await.ok().filter(|reply| reply.status() == 200) }
        })
        .await;
        (url, child)
    }

    /// Starts a further worker; returns its number.
    pub fn start_worker(&mut self) -> usize {
        let run = format!("mosaic.test={}", prepared("MOSAIC_TEST_RUN"));
        let port = self.ports.1.to_string();
        let socket = self.options.engine.clone().unwrap_or_else(|| ENGINE_SOCKET.into());
        let socket = socket.to_string_lossy();
        let starts = self.options.starts_at_once.to_string();
        let child = self.spawn(&[
            "worker",
            "--internal-port",
            &port,
            "--docker-label",
            &run,
            "--docker-socket",
            &socket,
            "--starts-at-once",
            &starts,
        ]);
        self.workers.push(Some(child));
        self.workers.len() - 1
    }

    /// Kills the API with SIGKILL.
    pub fn kill_api(&mut self) {
        kill(self.api.take());
    }

    /// Kills a worker with SIGKILL.
    pub fn kill_worker(&mut self, number: usize) {
        kill(self.workers[number].take());
    }

    /// The port for containers.
    pub const fn internal_port(&self) -> u16 {
        self.ports.1
    }

    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        let name = format!("{}-{}.log", args[0], uuid::Uuid::now_v7().simple());
        let log = File::create(self.folder.path().join(name)).unwrap();
        let metrics = format!("127.0.0.1:{}", free_port());
        self.metrics_urls.lock().unwrap().push((args[0].to_owned(), format!("http://{metrics}/metrics")));
        let mut command = self.command(args);
        command.args(["--metrics", &metrics]);
        if let Some(collector) = &self.options.collector {
            command.args(["--otlp", collector]);
        }
        command
            .env("MOSAIC_LOG", "debug")
            // An error's backtrace would push the error itself out of the end of the log.
            .env("RUST_LIB_BACKTRACE", "0")
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// The command `mosaic …` with this instance's database.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(prepared("MOSAIC_TEST_BIN"));
        command
            .args(args)
            .env("DATABASE_URL", &self.database.url)
            .env("MOSAIC_SECRET_KEY", &self.options.secret_key)
            .env("MOSAIC_EMBEDDINGS_DIR", &self.options.embeddings)
            .stdin(Stdio::null());
        command
    }

    /// All logs of its processes.
    pub fn logs(&self) -> String {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect()
    }

    /// The metrics of all running processes of this kind: api, worker or guard.
    pub async fn metrics(&self, process: &str) -> String {
        let mut text = String::new();
        let all = self.metrics_urls.lock().unwrap().clone();
        for (_, url) in all.iter().filter(|(of, _)| of == process) {
            if let Ok(reply) = reqwest::get(url).await {
                text.push_str(&reply.text().await.unwrap());
            }
        }
        text
    }

    /// The host and port at which the first process of this kind serves its metrics.
    pub fn metrics_address(&self, process: &str) -> String {
        let all = self.metrics_urls.lock().unwrap();
        let (_, url) = all.iter().find(|(of, _)| of == process).expect("the process was started");
        url.trim_start_matches("http://").trim_end_matches("/metrics").to_owned()
    }

    /// The token of the setup link that the API printed.
    pub fn setup_token(&self) -> String {
        let logs = self.logs();
        let (_, rest) = logs.split_once("/setup#token=").expect("the setup link is printed");
        rest.split_whitespace().next().unwrap().to_owned()
    }

    /// The names of this instance's containers.
    pub async fn containers(&self) -> Vec<String> {
        let filter = format!("label=mosaic.instance={}", self.instance().await);
        let names = docker(&["ps", "-a", "--filter", &filter, "--format", "{{.Names}}"]);
        names.lines().map(str::to_owned).collect()
    }

    /// The instance id, as in the labels of its containers.
    pub async fn instance(&self) -> String {
        let value: Value = sqlx::query_scalar("select value from system_config where key = 'identity'")
            .fetch_one(&self.database.pool)
            .await
            .unwrap();
        value["instance"].as_str().unwrap().to_owned()
    }
}

fn kill(child: Option<Child>) {
    let mut child = child.expect("the process runs");
    child.kill().unwrap();
    child.wait().unwrap();
}

impl Drop for Mosaic {
    fn drop(&mut self) {
        let children =
            self.workers.drain(..).chain([self.api.take()]).flatten().chain(self.replicas.drain(..));
        for mut child in children {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let logs: String = self.logs();
            let shown: Vec<&str> = logs.lines().filter(|line| !line.contains("DEBUG")).collect();
            eprintln!("--- the last 60 log lines above debug");
            shown[shown.len().saturating_sub(60)..].iter().for_each(|line| eprintln!("{line}"));
        }
        agents::remove_containers(&self.database.url);
    }
}
