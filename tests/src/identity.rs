//! A real OpenID provider for a Mosaic: one process, ended with its handle.

use crate::{Mosaic, eventually, ports::free_port, prepared};
use serde_json::{Value, json};
use std::process::{Child, Command, Stdio};

/// Mosaic's client secret at the provider.
pub const CLIENT_SECRET: &str = "the client secret canary";

/// The running provider.
pub struct IdentityProvider {
    /// The issuer's address.
    pub issuer: String,
    child: Child,
}

impl IdentityProvider {
    /// Starts a provider that knows this Mosaic as a client.
    pub async fn start(mosaic: &Mosaic) -> Self {
        let port = free_port();
        let script = format!("{}/provider.mjs", prepared("MOSAIC_TEST_OIDC"));
        let child = Command::new("node")
            .args([&script, &port.to_string(), &mosaic.url])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let provider = Self { issuer: format!("http://localhost:{port}"), child };
        let discovery = format!("{}/.well-known/openid-configuration", provider.issuer);
        eventually("the identity provider is ready", || async {
            reqwest::get(&discovery).await.ok().filter(|reply| reply.status() == 200)
        })
        .await;
        provider
    }

    /// Every later sign-in is for the person with these claims.
    pub async fn set_person(&self, claims: &Value) {
        let set = reqwest::Client::new().put(format!("{}/person", self.issuer)).json(claims).send().await;
        assert_eq!(set.unwrap().status(), 204);
    }

    /// The provider, in the form that Mosaic's settings accept.
    pub fn settings(&self) -> Value {
        json!({ "issuer": self.issuer, "clientId": "mosaic", "clientSecret": CLIENT_SECRET })
    }

    /// Ends the process.
    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
