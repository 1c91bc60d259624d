//! The parts around Mosaic in a test: the stub of a provider, and the agents' containers.

use crate::{Person, docker};
use std::process::Command;
use stub_llm::Handle;
use tokio::net::TcpListener;

/// A user's running container, as Docker knows it.
pub struct AgentContainer {
    /// Its id in Mosaic.
    pub id: String,
    /// Its gateway token.
    pub token: String,
    /// The address and port at which it reaches Mosaic. The host cannot use that address.
    pub host: String,
}

impl AgentContainer {
    /// The container of this user.
    pub async fn of(person: &Person) -> Self {
        let container = person.get("/api/container").await.body["container"].clone();
        let id = container["id"].as_str().unwrap().to_owned();
        let name = docker(&["ps", "-q", "--filter", &format!("label=mosaic.container={id}")]);
        let environment = docker(&["inspect", "-f", "{{range .Config.Env}}{{println .}}{{end}}", &name]);
        let variable = |name: &str| {
            let line = environment.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.unwrap().to_owned()
        };
        let host = variable("MOSAIC_CONFIG_URL").split('/').nth(2).unwrap().to_owned();
        Self { id, token: variable("OPENCLAW_GATEWAY_TOKEN"), host }
    }
}

/// A stub of a provider, at an address that both this process and the containers reach.
pub async fn start_llm() -> Handle {
    stub_llm::serve(TcpListener::bind((bridge_address(), 0)).await.unwrap()).unwrap()
}

/// The host's own address on Docker's default bridge.
pub fn bridge_address() -> String {
    let gateway = docker(&["network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}"]);
    if gateway.is_empty() { "172.17.0.1".to_owned() } else { gateway }
}

/// The name of the instance's packet filter. It ends in three base 32 characters from the last 40 bits of the instance
/// id; the names of its bridges contain the same characters.
pub(crate) fn guard_table(instance: &str) -> String {
    let alphabet = b"0123456789abcdefghjkmnpqrstvwxyz";
    let id = uuid::Uuid::try_parse(instance.trim_start_matches("ins_")).unwrap().as_u128();
    let tag = [35, 30, 25].map(|bits| char::from(alphabet[(id >> bits) as usize & 31]));
    format!("mosaic_guard_{}", String::from_iter(tag))
}

/// Removes that packet filter. A run that was killed leaves its own behind, and a later instance with the same three
/// characters would be filtered by it. So this also happens before the first container starts.
pub(crate) fn remove_guard(instance: &str) {
    // Usually there is none.
    let _ = Command::new("nft").args(["delete", "table", "inet", &guard_table(instance)]).output();
}

/// Removes the containers, networks and volumes of the instance in this database.
pub(crate) fn remove_containers(url: &str) {
    let url = url.to_owned();
    let instance = std::thread::spawn(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            use sqlx::Connection;
            let mut connection = sqlx::PgConnection::connect(&url).await.ok()?;
            let sql = "set app.scope = 'system'; select value->>'instance' from system_config where key = 'identity'";
            let rows = sqlx::raw_sql(sql).fetch_all(&mut connection).await.ok()?;
            rows.first().map(|row| sqlx::Row::get::<String, _>(row, 0))
        })
    });
    let Ok(Some(instance)) = instance.join() else { return };
    remove_guard(&instance);
    let filter = format!("label=mosaic.instance={instance}");
    for (list, remove) in [
        (vec!["ps", "-aq"], vec!["rm", "-f"]),
        (vec!["network", "ls", "-q"], vec!["network", "rm"]),
        (vec!["volume", "ls", "-q"], vec!["volume", "rm"]),
    ] {
        let Ok(output) = Command::new("docker").args(list).args(["--filter", &filter]).output() else {
            return;
        };
        let ids = String::from_utf8_lossy(&output.stdout).into_owned();
        if !ids.trim().is_empty() {
            let _ = Command::new("docker").args(remove).args(ids.split_whitespace()).output();
        }
    }
}
