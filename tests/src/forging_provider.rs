//! An identity provider that returns forged tokens.
//!
//! Owns discovery, keys and token endpoint. There is no sign-in page: the test takes the part of the browser.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::SystemTime,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Mosaic's client id at this provider.
pub const CLIENT_ID: &str = "mosaic";

/// The running provider.
pub struct ForgingProvider {
    /// The issuer's address.
    pub issuer: String,
    key: EcdsaKeyPair,
    token: Arc<Mutex<String>>,
}

impl ForgingProvider {
    /// Starts a provider.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let provider = Self { issuer, key: key(), token: Arc::default() };
        let (issuer, keys, token) = (provider.issuer.clone(), provider.keys(), Arc::clone(&provider.token));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(respond(socket, issuer.clone(), keys.clone(), Arc::clone(&token)));
            }
        });
        provider
    }

    /// The claims of a valid ID token.
    pub fn claims(&self, nonce: &str) -> Value {
        let now = unix_seconds();
        json!({ "iss": self.issuer, "sub": "mallory", "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce,
                "email": "mallory@example.org", "email_verified": true, "name": "Mallory", "groups": ["x"] })
    }

    /// The claims of a valid logout token.
    pub fn logout_claims(&self) -> Value {
        let now = unix_seconds();
        json!({ "iss": self.issuer, "sub": "mallory", "aud": CLIENT_ID, "iat": now, "exp": now + 120,
                "jti": uuid::Uuid::now_v7().to_string(),
                "events": { "http://schemas.openid.net/event/backchannel-logout": {} } })
    }

    /// Signs claims with the published key.
    pub fn sign(&self, claims: &Value) -> String {
        sign(&self.key, &json!({ "alg": "ES256", "kid": "forger" }), claims)
    }

    /// Signs claims with an unknown key under the published key id.
    pub fn sign_with_unknown_key(&self, claims: &Value) -> String {
        sign(&key(), &json!({ "alg": "ES256", "kid": "forger" }), claims)
    }

    /// A token without a signature (`alg: none`).
    pub fn unsigned(&self, claims: &Value) -> String {
        let part = |value: &Value| BASE64.encode(value.to_string());
        format!("{}.{}.", part(&json!({ "alg": "none" })), part(claims))
    }

    /// Sets the token that the token endpoint returns from now on.
    pub fn set_token(&self, token: String) {
        *self.token.lock().unwrap() = token;
    }

    fn keys(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "forger", "x": x, "y": y }] })
    }
}

/// Seconds since 1970.
pub fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap()
}

fn sign(key: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", BASE64.encode(signature.as_ref()))
}

async fn respond(mut socket: TcpStream, issuer: String, keys: Value, token: Arc<Mutex<String>>) {
    let (mut request, mut buffer) = (String::new(), [0; 4096]);
    // The body of the token request is not needed.
    while !request.contains("\r\n\r\n") {
        let Ok(read @ 1..) = socket.read(&mut buffer).await else { return };
        request.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let body = match path {
        "/.well-known/openid-configuration" => json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        }),
        "/keys" => keys,
        _ => json!({ "access_token": "x", "token_type": "Bearer", "id_token": *token.lock().unwrap() }),
    }
    .to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = socket.write_all(format!("{head}{body}").as_bytes()).await;
    let _ = socket.shutdown().await;
}
