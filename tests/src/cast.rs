//! The people around one Mosaic, and what it takes until they can chat.

use crate::{Mosaic, Person};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

impl Mosaic {
    /// Somebody who is not signed in.
    pub fn anon(&self) -> Person {
        Person::new(&self.url)
    }

    /// The first admin, signed in, with nothing set up; the instance uses the test's image and subnets.
    pub async fn admin(&self) -> Person {
        let admin = self.anon();
        let credentials = json!({ "username": "root", "password": "correct horse battery staple" });
        let reply = admin
            .post_with("/api/onboarding/breakglass", &credentials, &[("X-Setup-Token", &self.setup_token())])
            .await;
        assert_eq!(reply.status, 201, "{:?}", reply.body);
        let settings = json!({
            "agentImage": self.options.image,
            "limits": { "memoryMib": self.options.memory_mib },
            "subnetPool": "10.78.0.0/16",
        });
        let reply = admin.patch_with("/api/settings", &settings, &[("If-Match", "\"0\"")]).await;
        assert_eq!(reply.status, 200, "{:?}", reply.body);
        admin
    }

    /// The first admin with a provider and an agent, and the onboarding closed.
    pub async fn onboarded(&self) -> Person {
        let admin = self.admin().await;
        let provider = admin.post("/api/onboarding/provider", &self.provider()).await;
        assert_eq!(provider.status, 202, "{:?}", provider.body);
        let agent = json!({ "name": "Ada", "model": "stub/stub-1" });
        let agent = admin.post("/api/onboarding/agent", &agent).await;
        assert_eq!(agent.status, 201, "{:?}", agent.body);
        let complete = admin.post("/api/onboarding/complete", &json!({})).await;
        assert_eq!(complete.status, 204, "{:?}", complete.body);
        admin
    }

    /// The stand-in as a provider, as the API takes it.
    pub fn provider(&self) -> Value {
        json!({
            "kind": "openai-compatible",
            "name": "Stub",
            "baseUrl": format!("{}/v1", self.llm.url()),
            "apiKey": "sk-canary-1234567890abcdef",
            "models": [{ "id": "stub-1" }],
            "allowPrivateHost": true,
        })
    }

    /// A further person with a session, made behind the product's back: it has no way yet to invite people.
    pub async fn user(&self, name: &str) -> Person {
        let (user, session) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
        let random: [u8; 32] = rand::random();
        let token = format!(
            "mse_{}",
            base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, random)
        );
        sqlx::query("insert into users (id, username, display_name, role) values ($1, $2, $2, 'user')")
            .bind(user)
            .bind(name)
            .execute(&self.database.pool)
            .await
            .unwrap();
        sqlx::query("insert into sessions (id, user_id, token_hash, expires_at) values ($1, $2, $3, now() + interval '1 hour')")
            .bind(session)
            .bind(user)
            .bind(Sha256::digest(&token).to_vec())
            .execute(&self.database.pool)
            .await
            .unwrap();
        Person::with_session(&self.url, &token)
    }

    /// A further person with the stand-in as his provider and an agent of his own.
    pub async fn equipped(&self, name: &str) -> Person {
        let person = self.user(name).await;
        let mut provider = self.provider();
        // Only an admin may allow a private host; the first one did.
        provider["allowPrivateHost"] = false.into();
        let provider = person.post("/api/providers", &provider).await;
        assert_eq!(provider.status, 201, "{:?}", provider.body);
        let agent = person.post("/api/agents", &json!({ "name": "Ada", "model": "stub/stub-1" })).await;
        assert_eq!(agent.status, 201, "{:?}", agent.body);
        person
    }
}
