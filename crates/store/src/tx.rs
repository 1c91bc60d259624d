//! Transactions that are bound to an actor.
//!
//! A connection is only handed out inside a transaction whose role, scope and user were set by the message that began
//! it. So no statement can run without them, and the binding costs no extra round trip. `SET LOCAL` ends with the
//! transaction: a reused connection carries nothing over.

use crate::{Error, Result, rights::Rights};
use domain::{Actor, TraceParent};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Postgres, Transaction, postgres::PgPoolOptions};
use std::time::{Duration, Instant};

/// A connection that was idle for longer is pinged before it is used.
const PING_AFTER_IDLE: Duration = Duration::from_secs(1);
/// How long a transaction waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// The database, as an actor may use it.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    rights: Rights,
}

/// This process's connections: in use, open but not in use, and how many there may be.
#[derive(Debug, Clone, Copy)]
pub struct PoolUsage {
    pub busy: u32,
    pub idle: u32,
    pub max: u32,
}

impl Store {
    /// Connects with at most `connections` connections and finds out how rows are protected.
    ///
    /// Fails when neither a restricted role nor forced row-level security is in force, because then every query would
    /// see the rows of all users.
    pub async fn connect(url: &str, connections: u32) -> Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // A restarted database costs a reconnect, not a failed request: a connection that was idle is pinged
            // before it is used.
            .test_before_acquire(false)
            .before_acquire(|connection, idle| {
                Box::pin(async move {
                    if idle.idle_for > PING_AFTER_IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect(url)
            .await?;
        Self::new(pool).await
    }

    /// Wraps an existing pool; see [`Store::connect`].
    pub async fn new(pool: PgPool) -> Result<Self> {
        let rights = Rights::detect(&pool).await?;
        Ok(Self { pool, rights })
    }

    /// How rows are protected on this database.
    pub const fn rights(&self) -> Rights {
        self.rights
    }

    /// The database's host (a folder, when it is reached by a Unix socket) and its port.
    pub fn server(&self) -> (String, u16) {
        let options = self.pool.connect_options();
        (options.get_host().to_owned(), options.get_port())
    }

    /// The pool, for LISTEN connections and health checks only.
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// How many connections are in use and idle, and how many there may be.
    pub fn connections(&self) -> PoolUsage {
        let (open, idle) = (self.pool.size(), u32::try_from(self.pool.num_idle()).unwrap_or_default());
        PoolUsage { busy: open.saturating_sub(idle), idle, max: self.pool.options().get_max_connections() }
    }

    /// Begins a transaction that sees what `actor` may see.
    pub async fn begin(&self, actor: &Actor) -> Result<Tx> {
        let role = match self.rights {
            Rights::RestrictedRole => "set local role mosaic_app;",
            Rights::ForcedPolicies => "",
        };
        // Only fixed words and UUIDs go into the text.
        let scope = actor.scope().as_str();
        let user = actor.person().map(|person| person.id.uuid().to_string()).unwrap_or_default();
        // Without it the acting user is the real one.
        let real_user = match actor {
            Actor::Delegate { admin, .. } => format!("; set local app.real_user_id = '{}'", admin.uuid()),
            Actor::User(_) | Actor::Admin(_) | Actor::System(_) => String::new(),
        };
        let statement = format!(
            "begin; {role} set local app.scope = '{scope}'; set local app.user_id = '{user}'{real_user}"
        );
        if let Actor::System(reason) = actor {
            tracing::trace!(reason, "system scope");
        }
        let requested_at = Instant::now();
        // The one place that may begin a transaction: all others call this function.
        #[allow(clippy::disallowed_methods)]
        let inner = self.pool.begin_with(AssertSqlSafe(statement)).await?;
        telemetry::TRANSACTION_BEGIN_SECONDS.record_duration([], requested_at.elapsed());
        Ok(Tx { inner, trace: None })
    }

    /// Begins a transaction that sees everything; `reason` says why that is needed.
    pub async fn system(&self, reason: &'static str) -> Result<Tx> {
        self.begin(&Actor::System(reason)).await
    }

    /// Runs `work` in a transaction that sees what `actor` may see, and commits it. An error rolls it back.
    ///
    /// For one statement or a few that belong together:
    /// `store.run(&actor, async |tx| chats::rename(tx, id, title).await).await?`.
    pub async fn run<T, E: From<Error>>(
        &self,
        actor: &Actor,
        work: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = self.begin(actor).await?;
        let result = work(&mut tx).await?;
        tx.commit().await?;
        Ok(result)
    }

    /// The same in a transaction that sees everything; `reason` says why that is needed.
    pub async fn run_system<T, E: From<Error>>(
        &self,
        reason: &'static str,
        work: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(&Actor::System(reason), work).await
    }
}

/// An open transaction. Dropped without [`Tx::commit`] it rolls back.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    trace: Option<TraceParent>,
}

impl Tx {
    /// The connection, for the SQL of this crate and of `jobs`.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// The same for a request: jobs that are enqueued in it belong to its trace.
    #[must_use]
    pub fn traced(self, trace: Option<TraceParent>) -> Self {
        Self { trace, ..self }
    }

    /// The trace of the request that it belongs to, if any.
    pub const fn trace(&self) -> Option<&TraceParent> {
        self.trace.as_ref()
    }

    /// Makes everything done in it permanent.
    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await.map_err(Error::from)
    }

    /// Lets this transaction commit without waiting for the disk: for data that is written again if a power failure
    /// loses it.
    pub async fn relax_durability(&mut self) -> Result<()> {
        sqlx::query!("set local synchronous_commit = off").execute(self.conn()).await?;
        Ok(())
    }

    /// Sends a notification with an id as payload; it is delivered when the transaction commits.
    pub async fn notify(&mut self, channel: &str, id: &str) -> Result<()> {
        sqlx::query!("select pg_notify($1, $2)", channel, id).execute(self.conn()).await?;
        Ok(())
    }
}
