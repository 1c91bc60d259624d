//! A running compose project, found by the labels that compose and the workers set.

use crate::{Person, docker, prepared, setup};
use serde_json::{Value, json};
use sqlx::{Executor, PgPool, postgres::PgPoolOptions};

/// The project that deploy/setup/test-compose.sh or test-upgrade.sh started.
pub struct Project {
    /// The compose project's name.
    pub name: String,
    /// The address of its proxy.
    pub url: String,
    /// Its database, in the scope that sees all rows.
    pub pool: PgPool,
}

impl Project {
    /// Reads the variables that deploy/setup/test-project.sh exports.
    pub async fn from_environment() -> Self {
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

    /// Ids of the agents' containers, running or not.
    pub fn agents(&self) -> Vec<String> {
        lines(&docker(&["ps", "-aq", "--filter", &run_label(), "--filter", "label=mosaic.user"]))
    }

    /// Ids of the agents' containers that run.
    pub fn running_agents(&self) -> Vec<String> {
        lines(&docker(&["ps", "-q", "--filter", &run_label(), "--filter", "label=mosaic.user"]))
    }

    /// Names of the agents' volumes.
    pub fn volumes(&self) -> Vec<String> {
        lines(&docker(&["volume", "ls", "-q", "--filter", &run_label(), "--filter", "label=mosaic.user"]))
    }

    /// Sets the instance up: the first admin, with this provider and an agent.
    pub async fn set_up(&self, provider: &Value) -> Person {
        let memory: u32 = prepared("AGENT_MEMORY_MIB").parse().unwrap();
        let settings = json!({ "limits": { "memoryMib": memory }, "subnetPool": prepared("SUBNET_POOL") });
        let admin = setup::create_first_admin(&self.url, &self.setup_token(), &settings).await;
        setup::complete_onboarding(&admin, provider).await;
        admin
    }

    fn setup_token(&self) -> String {
        let logs = docker(&["logs", &self.containers("api")[0]]);
        let (_, rest) = logs.split_once("/setup#token=").expect("the setup link is in the API's log");
        rest.split_whitespace().next().unwrap().to_owned()
    }
}

/// The filter for everything that this run of a test created.
fn run_label() -> String {
    format!("label=mosaic.test={}", prepared("MOSAIC_TEST_RUN"))
}

fn lines(output: &str) -> Vec<String> {
    output.lines().map(str::to_owned).collect()
}
