//! The users of the instance before its upgrade, and everything they have.

use crate::comparison::Document;
use serde_json::{Value, json};
use std::process::Command;
use stub_llm::Handle;
use tests::{AgentContainer, Person, Project, docker, eventually, setup};

/// How many users chat during the upgrade, the admin included.
const CHATTING: usize = 5;
const SCOPES: [&str; 3] = ["chat", "jobs", "knowledge"];
const SYSTEM_AGENTS: &str = "/api/fleet/system-containers";

/// State, image, limits and volume, a line for each.
const CONTAINER_FORMAT: &str = "{{.State.StartedAt}} {{.State.Running}}
{{.Image}}
{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpuQuota}} {{.HostConfig.PidsLimit}} {{.HostConfig.Runtime}}
{{range .Mounts}}{{if eq .Type \"volume\"}}{{.Name}} {{end}}{{end}}";

/// All users of the instance.
pub struct Users {
    /// Those who chat during the upgrade. The admin is the first.
    pub chatting: Vec<User>,
    /// A user whose container was stopped before the upgrade.
    pub stopped: User,
    /// An agent of the instance itself: the admin acts for it, and a program has its token.
    pub system_agent: User,
}

/// A user with everything that the release before gave them.
pub struct User {
    pub name: String,
    /// With the old session.
    pub session: Person,
    /// With the old API token.
    pub program: Person,
    /// The last four characters of their provider's key. The stub provider records no more of it.
    pub key_ends_in: String,
    /// A chat with answers.
    pub chat: String,
    /// Their agent, as the API returned it.
    pub agent: Value,
    /// Their container before the upgrade.
    pub container: Container,
}

/// A container as Docker knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    pub id: String,
    /// When it was started, and whether it runs.
    pub state: String,
    /// The id of its image.
    pub image: String,
    /// What it may use.
    pub limits: String,
    /// Its volume.
    pub volume: String,
}

impl Users {
    /// Creates them on the release before: with keys, tokens, chats, findings, memory and running containers.
    pub async fn create(project: &Project, llm: &Handle) -> Self {
        let admin = project.set_up(&provider(llm, 0)).await;
        change_settings(&admin).await;
        let mut chatting = vec![User::create("root", admin.clone(), 0).await];
        for number in 1..CHATTING {
            let name = format!("person{number}");
            let person = setup::create_user(&project.pool, &project.url, &name).await;
            setup::add_provider_and_agent(&person, &provider(llm, number)).await;
            chatting.push(User::create(&name, person, number).await);
        }

        let agent = json!({ "name": "desk", "purpose": "Answers questions" });
        let agent = admin.post(SYSTEM_AGENTS, &agent).await;
        assert_eq!(agent.status, 201, "{:?}", agent.body);
        let agent = admin.acting_for(agent.body["id"].as_str().unwrap());
        setup::add_provider_and_agent(&agent, &provider(llm, CHATTING)).await;
        let system_agent = User::create("desk", agent, CHATTING).await;

        let person = setup::create_user(&project.pool, &project.url, "stopped").await;
        setup::add_provider_and_agent(&person, &provider(llm, CHATTING + 1)).await;
        let stopped = User::create("stopped", person, CHATTING + 1).await;
        assert_eq!(stopped.session.post("/api/container/stop", &json!({})).await.status, 202);
        eventually("the container is stopped", || async {
            let container = stopped.session.get("/api/container").await.body["container"].clone();
            (container["observed"] == "stopped").then_some(())
        })
        .await;
        Self { chatting, stopped, system_agent }
    }

    pub fn admin(&self) -> &User {
        &self.chatting[0]
    }

    pub fn chatting_sessions(&self) -> Vec<Person> {
        self.chatting.iter().map(|user| user.session.clone()).collect()
    }

    pub fn all(&self) -> impl Iterator<Item = &User> {
        self.chatting.iter().chain([&self.stopped, &self.system_agent])
    }

    /// Everything that the API returns about the instance and about what its users have.
    pub async fn documents(&self) -> Vec<Document> {
        let mut documents = Vec::new();
        for route in [
            "/api/settings",
            "/api/settings/oidc",
            "/api/auth/methods",
            "/api/users",
            "/api/lanes",
            "/api/schedules",
            SYSTEM_AGENTS,
        ] {
            documents.push(self.admin().document(route, route).await);
        }
        for user in self.all() {
            let chat = format!("/api/chats/{}", user.chat);
            documents.push(user.document("/api/chats/{id}", &chat).await);
            let memory = format!("/api/memory/bird?agentId={}", user.agent_id());
            documents.push(user.document("/api/memory/{key}", &memory).await);
            for route in [
                "/api/auth/me",
                "/api/agents",
                "/api/providers",
                "/api/tokens",
                "/api/findings",
                "/api/conversations",
            ] {
                documents.push(user.document(route, route).await);
            }
        }
        documents
    }
}

impl User {
    /// Creates a token, a finding, a memory entry and a chat with two answers, and waits until the chat is archived.
    async fn create(name: &str, session: Person, number: usize) -> Self {
        let token = json!({ "name": "before the upgrade", "scopes": SCOPES });
        let token = session.post("/api/tokens", &token).await;
        assert_eq!(token.status, 201, "{:?}", token.body);
        let program = Person::with_token(session.url(), token.body["token"].as_str().unwrap());
        let agent = session.get("/api/agents").await.body["items"][0].clone();
        let finding =
            json!({ "content": format!("The heron of {name} stands on one leg."), "tags": ["bird"] });
        assert_eq!(session.post("/api/findings", &finding).await.status, 201);
        let memory = format!("/api/memory/bird?agentId={}", agent["id"].as_str().unwrap());
        assert_eq!(session.put(&memory, &json!({ "value": { "colour": "blue" } })).await.status, 200);

        let chat = session.create_chat().await;
        for question in ["Please remember the blue heron.", "Is it still blue?"] {
            let turn = session.ask(&chat, question).await;
            let turn = session.wait_for_turn(&turn).await;
            assert_eq!(turn["status"], "done", "{turn}");
        }
        eventually("the chat is in the archive", || async {
            let archived = session.get("/api/conversations").await.body;
            archived["items"].as_array()?.first().map(|_| ())
        })
        .await;
        let container = Container::of(&session).await;
        let key_ends_in = format!("{number:04}");
        Self { name: name.to_owned(), session, program, key_ends_in, chat, agent, container }
    }

    pub fn agent_id(&self) -> &str {
        self.agent["id"].as_str().unwrap()
    }

    /// Calls one of Mosaic's tools as the agent does: with the address and the token that its container was given.
    pub async fn call_tool(&self, tool: &str, arguments: Value) -> Value {
        let container = AgentContainer::of(&self.session).await;
        let call = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool, "arguments": arguments },
        });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client
            .post(format!("http://{}/api/internal/mcp", container.host))
            .bearer_auth(&container.token)
            .header("X-Mosaic-Agent", self.agent["slug"].as_str().unwrap())
            .json(&call);
        let reply = request.send().await.unwrap();
        assert_eq!(reply.status(), 200, "the tool {tool} of {}", self.name);
        reply.json().await.unwrap()
    }

    async fn document(&self, route: &'static str, path: &str) -> Document {
        let reply = self.session.get(path).await;
        let name = format!("{path} of {}", self.name);
        assert!(matches!(reply.status, 200 | 204), "{name}: {} {:?}", reply.status, reply.body);
        Document { route, name, body: reply.body }
    }
}

impl Container {
    /// This person's container. Panics unless there is exactly one.
    pub async fn of(person: &Person) -> Self {
        Self::find(person).await.expect("the person has exactly one container")
    }

    /// The same, or nothing: while it is replaced there may be none.
    pub async fn find(person: &Person) -> Option<Self> {
        let container = person.get("/api/container").await.body["container"].clone();
        let label = format!("label=mosaic.container={}", container["id"].as_str()?);
        let id = docker(&["ps", "-aq", "--no-trunc", "--filter", &label]);
        let output = Command::new("docker").args(["inspect", "-f", CONTAINER_FORMAT, &id]).output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        let mut lines = output.lines().map(str::to_owned);
        let (state, image, limits, volume) = (lines.next()?, lines.next()?, lines.next()?, lines.next()?);
        Some(Self { id, state, image, limits, volume })
    }
}

/// Sets values that are no defaults.
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

/// The stub provider with a key of its own for each user. The last four characters are their number.
fn provider(llm: &Handle, number: usize) -> Value {
    let mut provider = setup::stub_provider(llm);
    provider["apiKey"] = format!("sk-canary-1234567890-{number:04}").into();
    provider
}
