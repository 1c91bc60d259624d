//! The people of the instance before its upgrade, and all that they have.

use crate::kept::Document;
use serde_json::{Value, json};
use stub_llm::Handle;
use tests::{Person, Project, agents::Cell, cast, docker, eventually};

/// Who chats during the upgrade, the admin among them.
const TALKERS: usize = 5;
/// What an API token may be given in the release before.
const SCOPES: [&str; 3] = ["chat", "jobs", "knowledge"];
const SYSTEM_AGENTS: &str = "/api/fleet/system-containers";

/// Everybody.
pub struct Household {
    /// The admin first. All of them chat during the upgrade.
    pub members: Vec<Member>,
    /// Somebody whose agent was stopped before.
    pub sleeper: Member,
    /// One of the instance's own agents: the admin acts for it, and a program has its token.
    pub desk: Member,
}

/// One of them.
pub struct Member {
    /// Their user name.
    pub name: String,
    /// With the session that the release before gave out.
    pub session: Person,
    /// With its token.
    pub program: Person,
    /// The last four characters of their provider's key: all that the stand-in for the provider shows of it.
    pub key_ends_in: String,
    /// A chat with answers.
    pub chat: String,
    /// Their first agent.
    pub agent: Value,
    /// Their container as the release before made it.
    pub container: Container,
}

/// A container as the engine has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its id at the engine.
    pub id: String,
    /// When it was started, and that it runs.
    pub run: String,
    /// The id of its image.
    pub image: String,
    /// What it may use.
    pub limits: String,
    /// Its volume.
    pub volume: String,
}

impl Household {
    /// Everybody moves in: people, keys, tokens, chats with answers, findings, memory, and agents that run.
    pub async fn move_in(project: &Project, llm: &Handle) -> Self {
        let root = project.set_up(&provider(llm, 0)).await;
        change_settings(&root).await;
        let mut members = vec![Member::of("root", root.clone(), 0).await];
        for number in 1..TALKERS {
            let name = format!("person{number}");
            let person = cast::account(&project.pool, &project.url, &name).await;
            cast::equip(&person, &provider(llm, number)).await;
            members.push(Member::of(&name, person, number).await);
        }

        let desk = root.post(SYSTEM_AGENTS, &json!({ "name": "desk", "purpose": "Answers questions" })).await;
        assert_eq!(desk.status, 201, "{:?}", desk.body);
        let desk = root.keeping(desk.body["id"].as_str().unwrap());
        cast::equip(&desk, &provider(llm, TALKERS)).await;
        let desk = Member::of("desk", desk, TALKERS).await;

        let sleeper = cast::account(&project.pool, &project.url, "sleeper").await;
        cast::equip(&sleeper, &provider(llm, TALKERS + 1)).await;
        let sleeper = Member::of("sleeper", sleeper, TALKERS + 1).await;
        assert_eq!(sleeper.session.post("/api/container/stop", &json!({})).await.status, 202);
        eventually("the sleeper's container is stopped", || async {
            let container = sleeper.session.get("/api/container").await.body["container"].clone();
            (container["observed"] == "stopped").then_some(())
        })
        .await;
        Self { members, sleeper, desk }
    }

    /// Who may do everything.
    pub fn admin(&self) -> &Member {
        &self.members[0]
    }

    /// Who chats during the upgrade.
    pub fn talkers(&self) -> Vec<Person> {
        self.members.iter().map(|member| member.session.clone()).collect()
    }

    /// All of them.
    pub fn everybody(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().chain([&self.sleeper, &self.desk])
    }

    /// All that they have, as the API tells it.
    pub async fn inventory(&self) -> Vec<Document> {
        let mut documents = Vec::new();
        let instance = [
            "/api/settings",
            "/api/settings/oidc",
            "/api/auth/methods",
            "/api/users",
            "/api/lanes",
            "/api/schedules",
            SYSTEM_AGENTS,
        ];
        for route in instance {
            documents.push(self.admin().document(route, route).await);
        }
        for member in self.everybody() {
            let chat = format!("/api/chats/{}", member.chat);
            documents.push(member.document("/api/chats/{id}", &chat).await);
            let memory = format!("/api/memory/bird?agentId={}", member.agent_id());
            documents.push(member.document("/api/memory/{key}", &memory).await);
            for route in [
                "/api/auth/me",
                "/api/agents",
                "/api/providers",
                "/api/tokens",
                "/api/findings",
                "/api/conversations",
            ] {
                documents.push(member.document(route, route).await);
            }
        }
        documents
    }
}

impl Member {
    /// Gives them a token, two answers, a finding, something to remember, and waits for the archive.
    async fn of(name: &str, session: Person, number: usize) -> Self {
        let token = json!({ "name": "before the upgrade", "scopes": SCOPES });
        let token = session.post("/api/tokens", &token).await;
        assert_eq!(token.status, 201, "{:?}", token.body);
        let program = Person::with_token(session.url(), token.body["token"].as_str().unwrap());
        let agent = session.get("/api/agents").await.body["items"][0].clone();
        let finding = json!({ "content": format!("The heron of {name} stands on one leg."), "tags": ["bird"] });
        assert_eq!(session.post("/api/findings", &finding).await.status, 201);
        let memory = format!("/api/memory/bird?agentId={}", agent["id"].as_str().unwrap());
        assert_eq!(session.put(&memory, &json!({ "value": { "colour": "blue" } })).await.status, 200);

        let chat = session.chat().await;
        for question in ["Please remember the blue heron.", "Is it still blue?"] {
            let turn = session.ask(&chat, question).await;
            let turn = session.finished(&turn).await;
            assert_eq!(turn["status"], "done", "{turn}");
        }
        eventually("the chat is in the archive", || async {
            let archived = session.get("/api/conversations").await.body;
            archived["items"].as_array()?.first().map(|_| ())
        })
        .await;
        let container = Container::of(&session).await;
        let key_ends_in = key(number).split_off(key(number).len() - 4);
        Self { name: name.to_owned(), session, program, key_ends_in, chat, agent, container }
    }

    /// Their first agent's id.
    pub fn agent_id(&self) -> &str {
        self.agent["id"].as_str().unwrap()
    }

    async fn document(&self, route: &'static str, path: &str) -> Document {
        let reply = self.session.get(path).await;
        let of = format!("{path} of {}", self.name);
        assert!(matches!(reply.status, 200 | 204), "{of}: {} {:?}", reply.status, reply.body);
        Document { route, of, body: reply.body }
    }
}

impl Container {
    /// The container of this person, which exists.
    pub async fn of(person: &Person) -> Self {
        let container = person.get("/api/container").await.body["container"].clone();
        let label = format!("label=mosaic.container={}", container["id"].as_str().unwrap());
        let id = docker(&["ps", "-aq", "--no-trunc", "--filter", &label]);
        assert_eq!(id.lines().count(), 1, "one container for {container}: {id}");
        let told = |format: &str| docker(&["inspect", "-f", format, &id]);
        Self {
            run: told("{{.State.StartedAt}} {{.State.Running}}"),
            image: told("{{.Image}}"),
            limits: told(
                "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpuQuota}} {{.HostConfig.PidsLimit}} {{.HostConfig.Runtime}}",
            ),
            volume: told("{{range .Mounts}}{{if eq .Type \"volume\"}}{{.Name}} {{end}}{{end}}"),
            id,
        }
    }
}

/// What was set by hand must not become a default.
async fn change_settings(admin: &Person) {
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    let settings = json!({ "idleTimeoutMinutes": 45, "sessionDays": 29, "exportLimitMib": 300 });
    let reply = admin.patch_with("/api/settings", &settings, &[("If-Match", &version)]).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    let oidc = json!({
        "issuer": "https://id.example.test",
        "clientId": "mosaic",
        "clientSecret": "a secret of the release before",
        "allowedDomains": ["example.test"],
    });
    let reply = admin.put("/api/settings/oidc", &oidc).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
}

/// Everybody has a key of their own.
fn provider(llm: &Handle, number: usize) -> Value {
    let mut provider = cast::provider(llm);
    provider["apiKey"] = key(number).into();
    provider
}

fn key(number: usize) -> String {
    format!("sk-canary-1234567890-{number:04}")
}

/// The container as it calls Mosaic: by its own address and token.
pub async fn ask_as_container(person: &Person, body: &Value) -> (u16, Value) {
    let cell = Cell::of(person).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("http://{}/api/internal/mcp", cell.host)).bearer_auth(&cell.token);
    let reply = request.json(body).send().await.unwrap();
    (reply.status().as_u16(), reply.json().await.unwrap_or(Value::Null))
}
