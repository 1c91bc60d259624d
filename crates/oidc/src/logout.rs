//! Logout tokens: the provider ends a session from its side (OpenID Connect Back-Channel Logout 1.0).
//!
//! Owns their verification. It must not end anything, and leaves the memory of used tokens to its caller.

use crate::{Fault, Provider, Result, identity::is_storable};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    JsonWebKey, JsonWebKeyId, JsonWebKeyUse, JwsSigningAlgorithm,
    core::{CoreJsonWebKey, CoreJwsSigningAlgorithm},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// So old a logout token may be, whatever its own end says.
const OLDEST: TimeDelta = TimeDelta::minutes(5);
/// So far two clocks may differ.
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// Whose sessions end: all of the subject, or the one session that is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedOut {
    /// `sub`.
    pub subject: Option<String>,
    /// `sid`.
    pub session: Option<String>,
    /// `jti`: a token counts once.
    pub id: String,
    /// From then on the token would be refused for its age: its id need not be remembered longer.
    pub forget_after: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<JsonWebKeyId>,
    typ: Option<String>,
}

#[derive(Deserialize)]
struct Payload {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: Option<i64>,
    jti: String,
    events: Map<String, Value>,
    sub: Option<String>,
    sid: Option<String>,
    nonce: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Provider {
    /// Verifies a logout token that was made for `client_id`.
    ///
    /// # Errors
    /// [`Fault::Token`], [`Fault::Signature`], [`Fault::Issuer`], [`Fault::Audience`] or [`Fault::Expired`].
    pub fn logged_out(&self, client_id: &str, token: &str, now: DateTime<Utc>) -> Result<LoggedOut> {
        let mut parts = token.split('.');
        let (Some(head), Some(body), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Fault::Token);
        };
        let header: Header = decode(head)?;
        let payload: Payload = decode(body)?;
        if payload.iss != self.metadata.issuer().as_str() {
            return Err(Fault::Issuer);
        }
        let for_us = match &payload.aud {
            Audience::One(one) => one == client_id,
            Audience::Many(many) => many.iter().any(|one| one == client_id),
        };
        if !for_us {
            return Err(Fault::Audience);
        }
        let message = &token[..head.len() + 1 + body.len()];
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Fault::Token)?;
        self.verify(&header, message.as_bytes(), &signature)?;
        // An ID token is signed by the same key: neither may pass for the other.
        let kind = header.typ.as_deref().unwrap_or("logout+jwt").to_ascii_lowercase();
        let is_event = payload.events.get(EVENT).is_some_and(Value::is_object);
        if !matches!(kind.as_str(), "logout+jwt" | "application/logout+jwt" | "jwt")
            || !is_event
            || payload.nonce.is_some()
        {
            return Err(Fault::Token);
        }
        payload.accept(now)
    }

    fn verify(&self, header: &Header, message: &[u8], signature: &[u8]) -> Result<()> {
        if !self.algorithms().contains(&header.alg) {
            return Err(Fault::Signature);
        }
        let mut keys = self.metadata.jwks().keys().iter().filter(|key| fits(key, header));
        if keys.any(|key| key.verify_signature(&header.alg, message, signature).is_ok()) {
            Ok(())
        } else {
            Err(Fault::Signature)
        }
    }
}

impl Payload {
    fn accept(self, now: DateTime<Utc>) -> Result<LoggedOut> {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(Fault::Token);
        let issued = at(self.iat)?;
        let ended = self.exp.map(at).transpose()?.is_some_and(|end| end <= now);
        if ended || issued > now + SKEW || issued < now - OLDEST {
            return Err(Fault::Expired);
        }
        let named = [self.sub.as_deref(), self.sid.as_deref(), Some(&self.jti)];
        let storable = named.into_iter().flatten().all(is_storable);
        if !storable || (self.sub.is_none() && self.sid.is_none()) {
            return Err(Fault::Token);
        }
        let forget_after = issued + OLDEST + SKEW;
        Ok(LoggedOut { subject: self.sub, session: self.sid, id: self.jti, forget_after })
    }
}

fn fits(key: &CoreJsonWebKey, header: &Header) -> bool {
    let named = header.kid.is_none() || header.kid.as_ref() == key.key_id();
    let signs = key.key_use().is_none_or(JsonWebKeyUse::allows_signature);
    named && signs && header.alg.key_type().as_ref() == Some(key.key_type())
}

fn decode<T: DeserializeOwned>(part: &str) -> Result<T> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Fault::Token)?;
    serde_json::from_slice(&bytes).map_err(|_| Fault::Token)
}
