//! A compose project under test, by the labels that compose and its workers give.

use crate::{Person, cast, docker, prepared};
use serde_json::{Value, json};
use sqlx::{Executor, PgPool, postgres::PgPoolOptions};

/// The project that a script of deploy/setup brought up.
pub struct Project {
    /// What `docker-compose -p` was told.
    pub name: String,
    /// Where its proxy answers.
    pub url: String,
    /// Its database, in the scope that sees all rows.
    pub pool: PgPool,
}

impl Project {
    /// As deploy/setup/test-project.sh exports it.
    pub async fn of_environment() -> Self {
        let options = PgPoolOptions::new().max_connections(2).after_connect(|connection, _| {
            Box::pin(async move { connection.execute("set app.scope = 'system'").await.map(|_| ()) })
        });
        let pool = options.connect(&prepared("DATABASE_URL")).await.unwrap();
        Self { name: prepared("COMPOSE_PROJECT_NAME"), url: prepared("COMPOSE_URL"), pool }
    }

    /// Ids of a service's running containers.
    pub fn containers(&self, service: &str) -> Vec<String> {
        let [project, service] = [("project", self.name.as_str()), ("service", service)]
            .map(|(label, value)| format!("label=com.docker.compose.{label}={value}"));
        lines(&docker(&["ps", "-q", "--filter", &project, "--filter", &service]))
    }

    /// The label of everything that this run made.
    pub fn label(&self) -> String {
        format!("label=mosaic.test={}", prepared("MOSAIC_TEST_RUN"))
    }

    /// Ids of the agents' containers, those that do not run included.
    pub fn agents(&self) -> Vec<String> {
        lines(&docker(&["ps", "-aq", "--filter", &self.label(), "--filter", "label=mosaic.user"]))
    }

    /// Ids of the agents' containers that run.
    pub fn running_agents(&self) -> Vec<String> {
        lines(&docker(&["ps", "-q", "--filter", &self.label(), "--filter", "label=mosaic.user"]))
    }

    /// Names of the agents' volumes.
    pub fn volumes(&self) -> Vec<String> {
        lines(&docker(&["volume", "ls", "-q", "--filter", &self.label(), "--filter", "label=mosaic.user"]))
    }

    /// The first admin with this provider and an agent, and the onboarding closed.
    pub async fn set_up(&self, provider: &Value) -> Person {
        let memory: u32 = prepared("AGENT_MEMORY_MIB").parse().unwrap();
        let settings = json!({ "limits": { "memoryMib": memory }, "subnetPool": prepared("SUBNET_POOL") });
        let admin = cast::first_admin(&self.url, &self.setup_token(), &settings).await;
        cast::complete(&admin, provider).await;
        admin
    }

    fn setup_token(&self) -> String {
        let logs = docker(&["logs", &self.containers("api")[0]]);
        let (_, behind) = logs.split_once("/setup#token=").expect("the setup link is printed");
        behind.split_whitespace().next().unwrap().to_owned()
    }
}

fn lines(listed: &str) -> Vec<String> {
    listed.lines().map(str::to_owned).collect()
}
