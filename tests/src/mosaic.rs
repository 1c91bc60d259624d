//! A Mosaic of real processes: one API, some workers, each of which can be killed.

use crate::{Database, Person, agents, database, docker, eventually, prepared};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
};
use stub_llm::Handle;
use tempfile::TempDir;

/// How a Mosaic is started.
pub struct Options {
    /// Image of its agents.
    pub image: String,
    /// How many worker processes.
    pub workers: usize,
    /// Memory of an agent in MiB.
    pub memory_mib: u32,
    /// An own database, if not a fresh one.
    pub database: Option<Database>,
}

impl Default for Options {
    /// The stub agent, one worker.
    fn default() -> Self {
        Self { image: prepared("MOSAIC_TEST_STUB_IMAGE"), workers: 1, memory_mib: 128, database: None }
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
    options: Options,
    key: String,
    ports: (u16, u16),
    api: Option<Child>,
    workers: Vec<Option<Child>>,
    folder: TempDir,
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
            key: "a test key that is long enough for everything".into(),
            ports,
            api: None,
            workers: Vec::new(),
            folder: tempfile::tempdir().unwrap(),
            options,
        };
        mosaic.start_api().await;
        for _ in 0..mosaic.options.workers {
            mosaic.start_worker();
        }
        mosaic
    }

    /// Starts the API and waits until it is ready.
    pub async fn start_api(&mut self) {
        let (public, internal) = self.ports;
        let child = self.spawn(&[
            "api",
            "--listen",
            &format!("127.0.0.1:{public}"),
            "--listen-internal",
            &format!("0.0.0.0:{internal}"),
        ]);
        self.api = Some(child);
        let ready = format!("{}/readyz", self.url);
        eventually("the API is ready", || async {
            reqwest::get(&ready).await.ok().filter(|reply| reply.status() == 200)
        })
        .await;
    }

    /// Starts one more worker; answers with its number.
    pub fn start_worker(&mut self) -> usize {
        let run = format!("mosaic.test={}", prepared("MOSAIC_TEST_RUN"));
        let port = self.ports.1.to_string();
        let child = self.spawn(&["worker", "--internal-port", &port, "--docker-label", &run]);
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

    fn spawn(&self, args: &[&str]) -> Child {
        let name = format!("{}-{}.log", args[0], uuid::Uuid::now_v7().simple());
        let log = File::create(self.folder.path().join(name)).unwrap();
        Command::new(prepared("MOSAIC_TEST_BIN"))
            .args(args)
            .env("DATABASE_URL", &self.database.url)
            .env("MOSAIC_SECRET_KEY", &self.key)
            .env("MOSAIC_LOG", "debug")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// Everything its processes have logged.
    pub fn logs(&self) -> String {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect()
    }

    /// The token of the setup link, as the API printed it.
    pub fn setup_token(&self) -> String {
        let logs = self.logs();
        let (_, behind) = logs.split_once("/setup#token=").expect("the setup link is printed");
        behind.split_whitespace().next().unwrap().to_owned()
    }

    /// Somebody who is not signed in.
    pub fn anon(&self) -> Person {
        Person::new(&self.url)
    }

    /// The first admin, signed in, with nothing set up; the instance uses the test's image and subnets.
    pub async fn admin(&self) -> Person {
        let admin = self.anon();
        let credentials = json!({ "username": "root", "password": "correct horse battery staple" });
        let reply = admin
            .post_with("/api/onboarding/breakglass", &credentials, &[("X-Setup-Token", &self.setup_token())])
            .await;
        assert_eq!(reply.status, 201, "{:?}", reply.body);
        let settings = json!({
            "agentImage": self.options.image,
            "limits": { "memoryMib": self.options.memory_mib },
            "subnetPool": "10.78.0.0/16",
        });
        let reply = admin.patch_with("/api/settings", &settings, &[("If-Match", "\"0\"")]).await;
        assert_eq!(reply.status, 200, "{:?}", reply.body);
        admin
    }

    /// The first admin with a provider and an agent, and the onboarding closed.
    pub async fn onboarded(&self) -> Person {
        let admin = self.admin().await;
        let provider = admin.post("/api/onboarding/provider", &self.provider()).await;
        assert_eq!(provider.status, 202, "{:?}", provider.body);
        let agent = json!({ "name": "Ada", "model": "stub/stub-1" });
        let agent = admin.post("/api/onboarding/agent", &agent).await;
        assert_eq!(agent.status, 201, "{:?}", agent.body);
        let complete = admin.post("/api/onboarding/complete", &json!({})).await;
        assert_eq!(complete.status, 204, "{:?}", complete.body);
        admin
    }

    /// The stand-in as a provider, as the API takes it.
    pub fn provider(&self) -> Value {
        json!({
            "kind": "openai-compatible",
            "name": "Stub",
            "baseUrl": format!("{}/v1", self.llm.url()),
            "apiKey": "sk-canary-1234567890abcdef",
            "models": [{ "id": "stub-1" }],
            "allowPrivateHost": true,
        })
    }

    /// A further person with a session, made behind the product's back: it has no way yet to invite people.
    pub async fn user(&self, name: &str) -> Person {
        let (user, session) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
        let random: [u8; 32] = rand::random();
        let token = format!(
            "mse_{}",
            base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, random)
        );
        sqlx::query("insert into users (id, username, display_name, role) values ($1, $2, $2, 'user')")
            .bind(user)
            .bind(name)
            .execute(&self.database.pool)
            .await
            .unwrap();
        sqlx::query("insert into sessions (id, user_id, token_hash, expires_at) values ($1, $2, $3, now() + interval '1 hour')")
            .bind(session)
            .bind(user)
            .bind(Sha256::digest(&token).to_vec())
            .execute(&self.database.pool)
            .await
            .unwrap();
        Person::with_session(&self.url, &token)
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

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn kill(child: Option<Child>) {
    let mut child = child.expect("it runs");
    child.kill().unwrap();
    child.wait().unwrap();
}

impl Drop for Mosaic {
    fn drop(&mut self) {
        let children = self.workers.drain(..).chain([self.api.take()]).flatten();
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
