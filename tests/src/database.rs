//! A migrated database for each test, copied from a template that is migrated once per run.

use crate::prepared;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};
use std::{process::Command, sync::OnceLock};

/// A database that belongs to one test; dropped with the value.
pub struct Database {
    /// Its address, as DATABASE_URL.
    pub url: String,
    /// Superuser connections, which see all rows.
    pub pool: PgPool,
    name: String,
}

/// A new, migrated database. The product connects to it as superuser.
pub async fn database() -> Database {
    let template = template();
    let name = format!("it_{}", uuid::Uuid::now_v7().simple());
    execute_as_admin(&format!("create database {name} template {template}")).await;
    connect(name).await
}

/// A new database owned by a role without privileges, as a hosted Postgres provides it. The product migrates it through
/// that role.
pub async fn database_owned_by(role: &str) -> Database {
    let name = format!("it_{}", uuid::Uuid::now_v7().simple());
    execute_as_admin(&format!(
        "do $$ begin create role {role} login nosuperuser nocreaterole nobypassrls; \
         exception when duplicate_object then null; end $$"
    ))
    .await;
    execute_as_admin(&format!("create database {name} owner {role}")).await;
    let mut database = connect(name).await;
    database.pool.execute("create extension if not exists vector").await.unwrap();
    database.url = database.url.replacen("postgres@", &format!("{role}@"), 1);
    migrate(&database.url);
    database
}

async fn connect(name: String) -> Database {
    let url = url_of(&name);
    let pool = PgPool::connect(&url).await.unwrap();
    Database { url, pool, name }
}

fn template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = format!("template_{}", uuid::Uuid::now_v7().simple());
        // On its own thread: the caller's runtime must not block on itself.
        let create = format!("create database {name}");
        std::thread::spawn(move || {
            tokio::runtime::Runtime::new().unwrap().block_on(execute_as_admin(&create))
        })
        .join()
        .unwrap();
        migrate(&url_of(&name));
        name
    })
}

fn migrate(url: &str) {
    let output =
        Command::new(prepared("MOSAIC_TEST_BIN")).arg("migrate").env("DATABASE_URL", url).output().unwrap();
    assert!(output.status.success(), "migrating: {}", String::from_utf8_lossy(&output.stderr));
}

async fn execute_as_admin(sql: &str) {
    let mut connection = PgConnection::connect(&prepared("TEST_DATABASE_URL")).await.unwrap();
    connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
}

fn url_of(name: &str) -> String {
    prepared("TEST_DATABASE_URL").replace("/postgres?", &format!("/{name}?"))
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("drop database if exists {} with (force)", self.name);
        let _ = std::thread::spawn(move || {
            tokio::runtime::Runtime::new().unwrap().block_on(execute_as_admin(&drop))
        })
        .join();
    }
}
