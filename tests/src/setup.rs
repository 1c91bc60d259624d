//! Sets up an instance for a test: the first admin, further users, their providers and agents.

use crate::{Mosaic, Person};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use stub_llm::Handle;

impl Mosaic {
    /// A client that is not signed in.
    pub fn anonymous(&self) -> Person {
        Person::new(&self.url)
    }

    /// The first admin, signed in, with nothing else set up. The instance uses the test's image and subnets.
    pub async fn admin(&self) -> Person {
        let settings = json!({
            "agentImage": self.options.image,
            "limits": { "memoryMib": self.options.memory_mib },
            "subnetPool": "10.78.0.0/16",
        });
        create_first_admin(&self.url, &self.setup_token(), &settings).await
    }

    /// The first admin with a provider and an agent, and the onboarding completed.
    pub async fn onboarded(&self) -> Person {
        let admin = self.admin().await;
        complete_onboarding(&admin, &self.provider()).await;
        admin
    }

    /// The stub as a provider, in the form that the API accepts.
    pub fn provider(&self) -> Value {
        stub_provider(&self.llm)
    }

    /// A further user with a session.
    pub async fn user(&self, name: &str) -> Person {
        create_user(&self.database.pool, &self.url, name).await
    }

    /// A further user with a session, the stub as their provider, and an agent.
    pub async fn user_with_agent(&self, name: &str) -> Person {
        let person = self.user(name).await;
        add_provider_and_agent(&person, &self.provider()).await;
        person
    }
}

/// The first admin of the instance at that address, signed in, with these settings and nothing else set up.
pub async fn create_first_admin(url: &str, setup_token: &str, settings: &Value) -> Person {
    let admin = Person::new(url);
    let credentials = json!({ "username": "root", "password": "correct horse battery staple" });
    let header = [("X-Setup-Token", setup_token)];
    let reply = admin.post_with("/api/onboarding/breakglass", &credentials, &header).await;
    assert_eq!(reply.status, 201, "{:?}", reply.body);
    let version = admin.get("/api/settings").await.headers["etag"].to_str().unwrap().to_owned();
    let reply = admin.patch_with("/api/settings", settings, &[("If-Match", &version)]).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    admin
}

/// Gives the first admin a provider and an agent, and completes the onboarding.
pub async fn complete_onboarding(admin: &Person, provider: &Value) {
    let provider = admin.post("/api/onboarding/provider", provider).await;
    assert_eq!(provider.status, 202, "{:?}", provider.body);
    let agent = json!({ "name": "Ada", "model": "stub/stub-1" });
    let agent = admin.post("/api/onboarding/agent", &agent).await;
    assert_eq!(agent.status, 201, "{:?}", agent.body);
    let complete = admin.post("/api/onboarding/complete", &json!({})).await;
    assert_eq!(complete.status, 204, "{:?}", complete.body);
}

/// The stub as a provider, in the form that the API accepts from an admin.
pub fn stub_provider(llm: &Handle) -> Value {
    json!({
        "kind": "openai-compatible",
        "name": "Stub",
        "baseUrl": format!("{}/v1", llm.url()),
        "apiKey": "sk-canary-1234567890abcdef",
        "models": [{ "id": "stub-1" }],
        "allowPrivateHost": true,
    })
}

/// A further user with a session, written to the database directly: the product has no invitations yet.
pub async fn create_user(pool: &PgPool, url: &str, name: &str) -> Person {
    let (user, session) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
    let random: [u8; 32] = rand::random();
    let token =
        format!("mse_{}", base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, random));
    sqlx::query("insert into users (id, username, display_name, role) values ($1, $2, $2, 'user')")
        .bind(user)
        .bind(name)
        .execute(pool)
        .await
        .unwrap();
    sqlx::query("insert into sessions (id, user_id, token_hash, expires_at) values ($1, $2, $3, now() + interval '1 hour')")
        .bind(session)
        .bind(user)
        .bind(Sha256::digest(&token).to_vec())
        .execute(pool)
        .await
        .unwrap();
    Person::with_session(url, &token)
}

/// Gives this user the stub, which an admin allowed, as their provider, and an agent.
pub async fn add_provider_and_agent(person: &Person, provider: &Value) {
    let mut provider = provider.clone();
    // Only an admin may allow a private host; the first one did.
    provider["allowPrivateHost"] = false.into();
    let provider = person.post("/api/providers", &provider).await;
    assert_eq!(provider.status, 201, "{:?}", provider.body);
    let agent = person.post("/api/agents", &json!({ "name": "Ada", "model": "stub/stub-1" })).await;
    assert_eq!(agent.status, 201, "{:?}", agent.body);
}
