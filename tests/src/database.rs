//! A migrated database for each test, copied from one that is migrated once per run.

use crate::prepared;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};
use std::{process::Command, sync::OnceLock};

/// A database of a test's own; dropped with it.
pub struct Database {
    /// Where to connect, as DATABASE_URL.
    pub url: String,
    /// Superuser connections, for looking behind the walls.
    pub pool: PgPool,
    name: String,
}

/// A fresh, migrated database, to which the product connects as superuser.
pub async fn database() -> Database {
    let template = template();
    let name = format!("it_{}", uuid::Uuid::now_v7().simple());
    admin(&format!("create database {name} template {template}")).await;
    connect(name).await
}

/// A fresh, empty database owned by a plain role without any privilege of its own: as a hosted Postgres gives it.
/// Migrated by the product itself, through that role.
pub async fn database_of(role: &str) -> Database {
    let name = format!("it_{}", uuid::Uuid::now_v7().simple());
    admin(&format!(
        "do $$ begin create role {role} login nosuperuser nocreaterole nobypassrls; \
         exception when duplicate_object then null; end $$"
    ))
    .await;
    admin(&format!("create database {name} owner {role}")).await;
    let mut database = connect(name).await;
    database.pool.execute("create extension if not exists vector").await.unwrap();
    database.url = database.url.replacen("postgres@", &format!("{role}@"), 1);
    migrate(&database.url);
    database
}

async fn connect(name: String) -> Database {
    let url = of(&name);
    let pool = PgPool::connect(&url).await.unwrap();
    Database { url, pool, name }
}

fn template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = format!("template_{}", uuid::Uuid::now_v7().simple());
        // Its own thread: the caller's runtime must not be blocked on itself.
        let create = format!("create database {name}");
        std::thread::spawn(move || tokio::runtime::Runtime::new().unwrap().block_on(admin(&create)))
            .join()
            .unwrap();
        migrate(&of(&name));
        name
    })
}

fn migrate(url: &str) {
    let output =
        Command::new(prepared("MOSAIC_TEST_BIN")).arg("migrate").env("DATABASE_URL", url).output().unwrap();
    assert!(output.status.success(), "migrating: {}", String::from_utf8_lossy(&output.stderr));
}

async fn admin(sql: &str) {
    let mut connection = PgConnection::connect(&prepared("TEST_DATABASE_URL")).await.unwrap();
    connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
}

fn of(name: &str) -> String {
    prepared("TEST_DATABASE_URL").replace("/postgres?", &format!("/{name}?"))
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("drop database if exists {} with (force)", self.name);
        let _ =
            std::thread::spawn(move || tokio::runtime::Runtime::new().unwrap().block_on(admin(&drop))).join();
    }
}
