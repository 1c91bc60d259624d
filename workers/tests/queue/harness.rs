//! A database for each test, copied from a migrated template, and workers on it.

use domain::{Actor, JobId, Person, Role, UserId, WorkerId};
use jobs::{Due, Enqueued, Job, JobState, JobView, Lane, Options, Store};
use sqlx::{Connection, Executor, PgConnection, PgPool, postgres::PgConnectOptions};
use std::{collections::HashMap, future::Future, num::NonZeroUsize, time::Duration};
use tokio::{sync::OnceCell, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::{Registry, RunError, WorkerConfig};

pub const SYSTEM: Actor = Actor::System("a test");
/// No test waits longer for something that must happen.
pub const TIMEOUT: Duration = Duration::from_secs(60);

static TEMPLATE: OnceCell<String> = OnceCell::const_new();

pub fn server() -> PgConnectOptions {
    let Ok(url) = std::env::var("TEST_DATABASE_URL") else {
        panic!("TEST_DATABASE_URL is not set: run `make test`, which brings a Postgres");
    };
    url.parse().unwrap()
}

async fn template() -> &'static str {
    TEMPLATE
        .get_or_init(|| async {
            let name = format!("queue_template_{}", Uuid::now_v7().simple());
            let mut server = PgConnection::connect_with(&server()).await.unwrap();
            server.execute(sqlx::AssertSqlSafe(format!("create database {name}"))).await.unwrap();
            let mut db = PgConnection::connect_with(&self::server().database(&name)).await.unwrap();
            migrations::MIGRATOR.run(&mut db).await.unwrap();
            db.execute(
                "create table effects (job uuid, attempt int, at timestamptz default clock_timestamp())",
            )
            .await
            .unwrap();
            store::rights::prepare(&mut db).await.unwrap();
            db.close().await.unwrap();
            name
        })
        .await
}

/// A database of its own.
pub struct Db {
    pub name: String,
    pub store: Store,
    /// Without row-level security, to read and change everything.
    pub raw: PgPool,
}

impl Db {
    pub async fn new() -> Self {
        let name = format!("queue_{}", Uuid::now_v7().simple());
        let mut server = PgConnection::connect_with(&server()).await.unwrap();
        // A template can only be copied while no one uses it.
        let copy = format!("create database {name} template {}", template().await);
        server.execute("select pg_advisory_lock(7131)").await.unwrap();
        server.execute(sqlx::AssertSqlSafe(copy)).await.unwrap();
        server.close().await.unwrap();
        Self::open(&name).await
    }

    pub async fn open(name: &str) -> Self {
        let raw = PgPool::connect_with(server().database(name)).await.unwrap();
        let store = Store::new(raw.clone()).await.unwrap();
        Self { name: name.to_owned(), store, raw }
    }

    pub async fn user(&self) -> UserId {
        let id = UserId::from(Uuid::now_v7());
        sqlx::query("insert into users (id, username, display_name, role) values ($1, $2, 'x', 'user')")
            .bind(id.uuid())
            .bind(id.to_string())
            .execute(&self.raw)
            .await
            .unwrap();
        id
    }

    pub async fn enqueue<J: Job>(&self, job: &J) -> JobId {
        self.enqueue_with(&SYSTEM, job, Options::default()).await.id
    }

    pub async fn enqueue_in<J: Job>(&self, job: &J, due: Duration) -> JobId {
        self.enqueue_with(&SYSTEM, job, Options { due: Due::In(due), ..Options::default() }).await.id
    }

    pub async fn enqueue_with<J: Job>(&self, actor: &Actor, job: &J, options: Options) -> Enqueued {
        let mut tx = self.store.begin(actor).await.unwrap();
        let added = jobs::enqueue(&mut tx, actor, job, options).await.unwrap();
        tx.commit().await.unwrap();
        added
    }

    pub async fn job(&self, id: JobId) -> JobView {
        let mut tx = self.store.begin(&SYSTEM).await.unwrap();
        jobs::get(&mut tx, id).await.unwrap().expect("the job is there")
    }

    /// The outcomes of its ended attempts, in order.
    pub async fn outcomes(&self, id: JobId) -> Vec<&'static str> {
        let mut tx = self.store.begin(&SYSTEM).await.unwrap();
        jobs::attempts(&mut tx, id)
            .await
            .unwrap()
            .into_iter()
            .map(|attempt| attempt.outcome.as_str())
            .collect()
    }

    pub async fn wait_for_state(&self, id: JobId, state: JobState) -> JobView {
        eventually(&format!("{id} is {}", state.as_str()), || async {
            let job = self.job(id).await;
            (job.state == state).then_some(job)
        })
        .await
    }

    pub async fn effects(&self, id: JobId) -> i64 {
        sqlx::query_scalar("select count(*) from effects where job = $1")
            .bind(id.uuid())
            .fetch_one(&self.raw)
            .await
            .unwrap()
    }

    pub fn start_worker(&self, registry: Registry) -> Worker {
        self.start_worker_with(registry, |_| {})
    }

    pub fn start_worker_with(&self, registry: Registry, change: impl FnOnce(&mut WorkerConfig)) -> Worker {
        let mut config = config();
        change(&mut config);
        Worker::start(self.store.clone(), registry, config)
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        if std::env::var_os("QUEUE_TEST_CHILD").is_some() {
            return;
        }
        let name = std::mem::take(&mut self.name);
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut server = PgConnection::connect_with(&server()).await.unwrap();
                let drop = format!("drop database if exists {name} with (force)");
                let _ = server.execute(sqlx::AssertSqlSafe(drop)).await;
            });
        });
        let _ = dropped.join();
    }
}

/// Two slots in each lane, and a poll interval so long that a test which needs the poll fails.
pub fn config() -> WorkerConfig {
    WorkerConfig {
        lanes: slots(2),
        poll_interval: Duration::from_secs(600),
        ..WorkerConfig::new(WorkerId::from(Uuid::now_v7()), "test", "0")
    }
}

pub fn slots(slots: usize) -> HashMap<Lane, NonZeroUsize> {
    Lane::ALL.into_iter().map(|lane| (lane, NonZeroUsize::new(slots).unwrap())).collect()
}

pub struct Worker {
    pub shutdown: CancellationToken,
    pub task: JoinHandle<Result<(), RunError>>,
}

impl Worker {
    pub fn start(store: Store, registry: Registry, config: WorkerConfig) -> Self {
        let shutdown = CancellationToken::new();
        let token = shutdown.clone();
        let task = tokio::spawn(async move { workers::run(&store, registry, config, token).await });
        Self { shutdown, task }
    }

    /// Shuts it down and waits until it has ended.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

pub const fn person(id: UserId) -> Actor {
    Actor::User(Person { id, role: Role::User })
}

pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut check: impl FnMut() -> F) -> T {
    let found = tokio::time::timeout(TIMEOUT, async {
        loop {
            if let Some(found) = check().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    found.unwrap_or_else(|_| panic!("waited {TIMEOUT:?} in vain until: {what}"))
}
