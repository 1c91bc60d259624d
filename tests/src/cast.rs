//! The people around one Mosaic, and what it takes until they can chat.

use crate::{Mosaic, Person};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use stub_llm::Handle;

impl Mosaic {
    /// Somebody who is not signed in.
    pub fn anon(&self) -> Person {
        Person::new(&self.url)
    }

    /// The first admin, signed in, with nothing set up; the instance uses the test's image and subnets.
    pub async fn admin(&self) -> Person {
        let settings = json!({
            "agentImage": self.options.image,
            "limits": { "memoryMib": self.options.memory_mib },
            "subnetPool": "10.78.0.0/16",
        });
        first_admin(&self.url, &self.setup_token(), &settings).await
    }

    /// The first admin with a provider and an agent, and the onboarding closed.
    pub async fn onboarded(&self) -> Person {
        let admin = self.admin().await;
        complete(&admin, &self.provider()).await;
        admin
    }

    /// The stand-in as a provider, as the API takes it.
    pub fn provider(&self) -> Value {
        provider(&self.llm)
    }

    /// A further person with a session.
    pub async fn user(&self, name: &str) -> Person {
        account(&self.database.pool, &self.url, name).await
    }

    /// A further person with the stand-in as his provider and an agent of his own.
    pub async fn equipped(&self, name: &str) -> Person {
        let person = self.user(name).await;
        equip(&person, &self.provider()).await;
        person
    }
}

/// The first admin of the instance at that address, signed in, with these settings and nothing else set up.
pub async fn first_admin(url: &str, setup_token: &str, settings: &Value) -> Person {
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

/// A provider and an agent for the first admin; the onboarding is closed.
pub async fn complete(admin: &Person, provider: &Value) {
    let provider = admin.post("/api/onboarding/provider", provider).await;
    assert_eq!(provider.status, 202, "{:?}", provider.body);
    let agent = json!({ "name": "Ada", "model": "stub/stub-1" });
    let agent = admin.post("/api/onboarding/agent", &agent).await;
    assert_eq!(agent.status, 201, "{:?}", agent.body);
    let complete = admin.post("/api/onboarding/complete", &json!({})).await;
    assert_eq!(complete.status, 204, "{:?}", complete.body);
}

/// The stand-in as a provider, as the API takes it from an admin.
pub fn provider(llm: &Handle) -> Value {
    json!({
        "kind": "openai-compatible",
        "name": "Stub",
        "baseUrl": format!("{}/v1", llm.url()),
        "apiKey": "sk-canary-1234567890abcdef",
        "models": [{ "id": "stub-1" }],
        "allowPrivateHost": true,
    })
}

/// A further person with a session, made behind the product's back: it has no way yet to invite people.
pub async fn account(pool: &PgPool, url: &str, name: &str) -> Person {
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

/// The stand-in, which an admin allowed, as this person's provider, and an agent of his own.
pub async fn equip(person: &Person, provider: &Value) {
    let mut provider = provider.clone();
    // Only an admin may allow a private host; the first one did.
    provider["allowPrivateHost"] = false.into();
    let provider = person.post("/api/providers", &provider).await;
    assert_eq!(provider.status, 201, "{:?}", provider.body);
    let agent = person.post("/api/agents", &json!({ "name": "Ada", "model": "stub/stub-1" })).await;
    assert_eq!(agent.status, 201, "{:?}", agent.body);
}
