//! A Mosaic of real processes: one API, some workers, each of which can be killed.

use crate::{Database, agents, database, docker, engine::ENGINE, eventually, ports::free_port, prepared};
use serde_json::Value;
use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Mutex,
};
use stub_llm::Handle;
use tempfile::TempDir;

/// What seals everything.
pub const SECRET_KEY: &str = "a test key that is long enough for everything";

/// How a Mosaic is started.
pub struct Options {
    /// Image of its agents.
    pub image: String,
    /// How many worker processes.
    pub workers: usize,
    /// Starts that a worker has in hand at once.
    pub starts_at_once: usize,
    /// Memory of an agent in MiB.
    pub memory_mib: u32,
    /// MOSAIC_SECRET_KEY of the processes that are started from now on.
    pub secret_key: String,
    /// The folder of the embedding model.
    pub embeddings: PathBuf,
    /// An own database, if not a fresh one.
    pub database: Option<Database>,
    /// The engine's socket as workers reach it, if not the engine's own.
    pub engine: Option<PathBuf>,
    /// Where traces go.
    pub collector: Option<String>,
}

impl Default for Options {
    /// The stub agent, one worker.
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
    /// The real OpenClaw.
    pub fn real() -> Self {
        Self { image: prepared("MOSAIC_TEST_AGENT_IMAGE"), memory_mib: 3072, ..Self::default() }
    }
}

/// A running Mosaic.
pub struct Mosaic {
    /// Where its API answers.
    pub url: String,
    /// Where its internal port answers.
    pub internal_url: String,
    /// Its database.
    pub database: Database,
    /// The stand-in for a provider, reachable from here and from containers.
    pub llm: Handle,
    /// How it was started, and how further processes are.
    pub options: Options,
    ports: (u16, u16),
    pub(crate) api: Option<Child>,
    pub(crate) replicas: Vec<Child>,
    pub(crate) workers: Vec<Option<Child>>,
    folder: TempDir,
    /// Of each process, which one it is and where it serves its figures.
    figures: Mutex<Vec<(String, String)>>,
}

impl Mosaic {
    /// API, one worker, stub agents.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// As the options say.
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
            llm: agents::llm().await,
            ports,
            api: None,
            replicas: Vec::new(),
            workers: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
            figures: Mutex::default(),
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

    /// Starts an API on these ports (public, internal) and waits until it is ready.
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

    /// Starts one more worker; answers with its number.
    pub fn start_worker(&mut self) -> usize {
        let run = format!("mosaic.test={}", prepared("MOSAIC_TEST_RUN"));
        let port = self.ports.1.to_string();
        let socket = self.options.engine.clone().unwrap_or_else(|| ENGINE.into());
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

    /// `kill -9` of the API.
    pub fn kill_api(&mut self) {
        kill(self.api.take());
    }

    /// `kill -9` of a worker.
    pub fn kill_worker(&mut self, number: usize) {
        kill(self.workers[number].take());
    }

    /// The port that containers reach.
    pub const fn internal_port(&self) -> u16 {
        self.ports.1
    }

    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        let name = format!("{}-{}.log", args[0], uuid::Uuid::now_v7().simple());
        let log = File::create(self.folder.path().join(name)).unwrap();
        let figures = format!("127.0.0.1:{}", free_port());
        self.figures.lock().unwrap().push((args[0].to_owned(), format!("http://{figures}/metrics")));
        let mut command = self.command(args);
        command.args(["--metrics", &figures]);
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

    /// `mosaic …` over this instance's database.
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

    /// Everything its processes have logged.
    pub fn logs(&self) -> String {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect()
    }

    /// What the processes of this sort (api, worker, guard) that still run say in figures.
    pub async fn figures(&self, process: &str) -> String {
        let mut said = String::new();
        let all = self.figures.lock().unwrap().clone();
        for (_, url) in all.iter().filter(|(of, _)| of == process) {
            if let Ok(reply) = reqwest::get(url).await {
                said.push_str(&reply.text().await.unwrap());
            }
        }
        said
    }

    /// Where the first process of this sort serves its figures: host and port.
    pub fn listener_of(&self, process: &str) -> String {
        let all = self.figures.lock().unwrap();
        let (_, url) = all.iter().find(|(of, _)| of == process).expect("it was started");
        url.trim_start_matches("http://").trim_end_matches("/metrics").to_owned()
    }

    /// The token of the setup link, as the API printed it.
    pub fn setup_token(&self) -> String {
        let logs = self.logs();
        let (_, behind) = logs.split_once("/setup#token=").expect("the setup link is printed");
        behind.split_whitespace().next().unwrap().to_owned()
    }

    /// Names of this instance's containers.
    pub async fn containers(&self) -> Vec<String> {
        let filter = format!("label=mosaic.instance={}", self.instance().await);
        let names = docker(&["ps", "-a", "--filter", &filter, "--format", "{{.Names}}"]);
        names.lines().map(str::to_owned).collect()
    }

    /// Its instance id, as its labels bear it.
    pub async fn instance(&self) -> String {
        let value: Value = sqlx::query_scalar("select value from system_config where key = 'identity'")
            .fetch_one(&self.database.pool)
            .await
            .unwrap();
        value["instance"].as_str().unwrap().to_owned()
    }
}

fn kill(child: Option<Child>) {
    let mut child = child.expect("it runs");
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
            eprintln!("--- what its processes logged (last 60 lines above debug)");
            shown[shown.len().saturating_sub(60)..].iter().for_each(|line| eprintln!("{line}"));
        }
        agents::remove_containers(&self.database.url);
    }
}
