//! Transactions that know who acts.
//!
//! A connection is only ever handed out inside a transaction whose role, scope and user were set by
//! the same message that began it, so that no statement can run without them and the binding costs
//! no extra round trip. `SET LOCAL` ends with the transaction: a reused connection carries nothing over.

use crate::{Error, Result, rights::Rights};
use domain::{Actor, TraceParent};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Postgres, Transaction, postgres::PgPoolOptions};
use std::time::{Duration, Instant};

/// So long a connection is taken to live without being asked.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// The database, as an actor may use it.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    rights: Rights,
}

/// This process's connections.
#[derive(Debug, Clone, Copy)]
pub struct Connections {
    /// In use.
    pub busy: u32,
    /// Open and not in use.
    pub idle: u32,
    /// The most that are opened.
    pub most: u32,
}

impl Store {
    /// Connects with at most `connections` connections and finds out how rows are protected.
    ///
    /// Fails when neither a restricted role nor forced row-level security can hold, because then
    /// every query would see everybody's rows.
    pub async fn connect(url: &str, connections: u32) -> Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            // A restarted database costs a reconnect, not a failed request: a connection that lay idle is
            // asked before its use. One that was given back a moment ago was asked then.
            .test_before_acquire(false)
            .before_acquire(|connection, idle| {
                Box::pin(async move {
                    if idle.idle_for > TRUSTED_FOR {
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

    /// Where the database listens: its host (a folder, when it is reached by a Unix socket) and its port.
    pub fn server(&self) -> (String, u16) {
        let options = self.pool.connect_options();
        (options.get_host().to_owned(), options.get_port())
    }

    /// The pool, for LISTEN connections and health checks only.
    pub const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// How many connections are busy, how many lie idle, and how many there may be.
    pub fn connections(&self) -> Connections {
        let (open, idle) = (self.pool.size(), u32::try_from(self.pool.num_idle()).unwrap_or_default());
        Connections { busy: open.saturating_sub(idle), idle, most: self.pool.options().get_max_connections() }
    }

    /// Begins a transaction that sees what `actor` may see.
    pub async fn begin(&self, actor: &Actor) -> Result<Tx> {
        let role = match self.rights {
            Rights::RestrictedRole => "set local role mosaic_app;",
            Rights::ForcedPolicies => "",
        };
        // Only fixed words and a UUID go into the text.
        let scope = actor.scope().as_str();
        let user = actor.person().map(|person| person.id.uuid().to_string()).unwrap_or_default();
        // Else it is the acting user's.
        let hand = match actor {
            Actor::Delegate { admin, .. } => format!("; set local app.hand_id = '{}'", admin.uuid()),
            Actor::User(_) | Actor::Admin(_) | Actor::System(_) => String::new(),
        };
        let statement =
            format!("begin; {role} set local app.scope = '{scope}'; set local app.user_id = '{user}'{hand}");
        if let Actor::System(reason) = actor {
            tracing::trace!(reason, "system scope");
        }
        let asked = Instant::now();
        // The door itself: everybody else comes through here.
        #[allow(clippy::disallowed_methods)]
        let inner = self.pool.begin_with(AssertSqlSafe(statement)).await?;
        telemetry::BEGIN_SECONDS.record_duration([], asked.elapsed());
        Ok(Tx { inner, trace: None })
    }

    /// Begins a transaction that sees everything; `reason` says why that is needed.
    pub async fn system(&self, reason: &'static str) -> Result<Tx> {
        self.begin(&Actor::System(reason)).await
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

    /// The same on account of a request: jobs enqueued in it belong to its trace.
    #[must_use]
    pub fn traced(self, trace: Option<TraceParent>) -> Self {
        Self { trace, ..self }
    }

    /// On account of which request it is, if of one.
    pub const fn trace(&self) -> Option<&TraceParent> {
        self.trace.as_ref()
    }

    /// Makes everything done in it permanent.
    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await.map_err(Error::from)
    }

    /// Lets this transaction commit without waiting for the disk: for data whose loss in a power
    /// failure costs nothing that is not found again.
    pub async fn relax_durability(&mut self) -> Result<()> {
        sqlx::query("set local synchronous_commit = off").execute(self.conn()).await?;
        Ok(())
    }

    /// Sends a notification with an id as payload; it is delivered when the transaction commits.
    pub async fn notify(&mut self, channel: &str, id: &str) -> Result<()> {
        sqlx::query("select pg_notify($1, $2)").bind(channel).bind(id).execute(self.conn()).await?;
        Ok(())
    }
}
