//! What `mosaic doctor` asks the database server, whether or not it is Mosaic's already.

use sqlx::{Connection, PgConnection};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A connection of its own, outside the pool: no role is set, and nothing is read that belongs to a user.
#[derive(Debug)]
pub struct Inspection {
    connection: PgConnection,
}

impl Inspection {
    pub async fn connect(url: &str) -> Result<Self> {
        Ok(Self { connection: PgConnection::connect(url).await? })
    }

    pub async fn server_version(&mut self) -> Result<String> {
        sqlx::query_scalar!(r#"select current_setting('server_version') as "version!""#)
            .fetch_one(&mut self.connection)
            .await
    }

    /// The installed version of pgvector; `None` when it is missing.
    pub async fn pgvector_version(&mut self) -> Result<Option<String>> {
        sqlx::query_scalar!("select extversion from pg_extension where extname = 'vector'")
            .fetch_optional(&mut self.connection)
            .await
    }

    /// The database's clock.
    pub async fn now(&mut self) -> Result<chrono::DateTime<chrono::Utc>> {
        sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(&mut self.connection).await
    }

    /// The server process behind this connection; a pooler changes it between statements.
    pub async fn session(&mut self) -> Result<i32> {
        sqlx::query_scalar!(r#"select pg_backend_pid() as "pid!""#).fetch_one(&mut self.connection).await
    }

    /// The versions of the migrations that were applied. An error when there are none yet.
    pub async fn applied_migrations(&mut self) -> Result<Vec<i64>> {
        // Unchecked: the table is the migrator's, and the schema that queries are checked against does not have it.
        sqlx::query_scalar("select version from _sqlx_migrations where success")
            .fetch_all(&mut self.connection)
            .await
    }
}

/// Whether row-level security is enabled and forced on tables with users' rows.
pub async fn policies_are_forced(tx: &mut crate::Tx) -> crate::Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select bool_and(relrowsecurity and relforcerowsecurity) as "forced!" from pg_class
         where relnamespace = current_schema()::regnamespace and relkind = 'r'
           and relname in ('users', 'llm_providers', 'user_agent_configs', 'user_containers', 'chats', 'turns', 'jobs')"#,
    )
    .fetch_one(tx.conn())
    .await?)
}
