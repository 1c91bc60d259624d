//! An identity provider that lies: it hands out whatever token a test has forged.
//!
//! Owns discovery, keys and token endpoint, and nothing of a sign-in page: the test plays the browser.

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

/// The client id that it knows.
pub const CLIENT: &str = "mosaic";

/// The lying provider.
pub struct Forger {
    /// Its issuer.
    pub issuer: String,
    key: EcdsaKeyPair,
    token: Arc<Mutex<String>>,
}

impl Forger {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let forger = Self { issuer, key: key(), token: Arc::default() };
        let (issuer, keys, token) = (forger.issuer.clone(), forger.keys(), Arc::clone(&forger.token));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(answer(socket, issuer.clone(), keys.clone(), Arc::clone(&token)));
            }
        });
        forger
    }

    /// The claims of an ID token in which nothing is wrong.
    pub fn claims(&self, nonce: &str) -> Value {
        let now = now();
        json!({ "iss": self.issuer, "sub": "mallory", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce,
                "email": "mallory@example.org", "email_verified": true, "name": "Mallory", "groups": ["x"] })
    }

    /// The claims of a logout token in which nothing is wrong.
    pub fn logout_claims(&self) -> Value {
        let now = now();
        json!({ "iss": self.issuer, "sub": "mallory", "aud": CLIENT, "iat": now, "exp": now + 120,
                "jti": uuid::Uuid::now_v7().to_string(),
                "events": { "http://schemas.openid.net/event/backchannel-logout": {} } })
    }

    /// Signs claims with the published key.
    pub fn sign(&self, claims: &Value) -> String {
        sign(&self.key, &json!({ "alg": "ES256", "kid": "forger" }), claims)
    }

    /// Signs with a key of nobody's under the published name.
    pub fn sign_wrongly(&self, claims: &Value) -> String {
        sign(&key(), &json!({ "alg": "ES256", "kid": "forger" }), claims)
    }

    /// Claims to need no signature.
    pub fn unsigned(&self, claims: &Value) -> String {
        let part = |value: &Value| BASE64.encode(value.to_string());
        format!("{}.{}.", part(&json!({ "alg": "none" })), part(claims))
    }

    /// The token endpoint hands this out from now on.
    pub fn hand_out(&self, token: String) {
        *self.token.lock().unwrap() = token;
    }

    fn keys(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "forger", "x": x, "y": y }] })
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
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

async fn answer(mut socket: TcpStream, issuer: String, keys: Value, token: Arc<Mutex<String>>) {
    let (mut request, mut buffer) = (String::new(), [0; 4096]);
    // The body of the token request says nothing that is needed here.
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
