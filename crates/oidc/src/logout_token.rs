//! Logout tokens, by which the provider ends sessions (OpenID Connect Back-Channel Logout 1.0).
//!
//! Owns their verification. It must not end sessions. The caller must remember used tokens.

use crate::{Error, Provider, Result, identity::is_storable};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    JsonWebKey, JsonWebKeyId, JsonWebKeyUse, JwsSigningAlgorithm,
    core::{CoreJsonWebKey, CoreJwsSigningAlgorithm},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Whatever its own expiry.
const MAX_TOKEN_AGE: TimeDelta = TimeDelta::minutes(5);
const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::minutes(1);

/// Which sessions end: all of the subject, or one named session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutToken {
    /// `sub`.
    pub subject: Option<String>,
    /// `sid`.
    pub session: Option<String>,
    /// `jti`: each token may be used once.
    pub id: String,
    /// Until then the id must be remembered. Later the token is refused for its age.
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
    /// Verifies a logout token for `client_id`.
    ///
    /// # Errors
    /// [`Error::Token`], [`Error::Signature`], [`Error::Issuer`], [`Error::Audience`] or [`Error::Expired`].
    pub fn verify_logout_token(
        &self,
        client_id: &str,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<LogoutToken> {
        let mut parts = token.split('.');
        let (Some(head), Some(body), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Error::Token);
        };
        let header: Header = decode(head)?;
        let payload: Payload = decode(body)?;
        if payload.iss != self.metadata.issuer().as_str() {
            return Err(Error::Issuer);
        }
        let is_for_client = match &payload.aud {
            Audience::One(one) => one == client_id,
            Audience::Many(many) => many.iter().any(|one| one == client_id),
        };
        if !is_for_client {
            return Err(Error::Audience);
        }
        let message = &token[..head.len() + 1 + body.len()];
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Error::Token)?;
        self.verify_signature(&header, message.as_bytes(), &signature)?;
        // The same key signs ID tokens, which must not be accepted here.
        let kind = header.typ.as_deref().unwrap_or("logout+jwt").to_ascii_lowercase();
        let is_event = payload.events.get(EVENT).is_some_and(Value::is_object);
        if !matches!(kind.as_str(), "logout+jwt" | "application/logout+jwt" | "jwt")
            || !is_event
            || payload.nonce.is_some()
        {
            return Err(Error::Token);
        }
        payload.check(now)
    }

    fn verify_signature(&self, header: &Header, message: &[u8], signature: &[u8]) -> Result<()> {
        if !self.algorithms().contains(&header.alg) {
            return Err(Error::Signature);
        }
        let mut keys = self.metadata.jwks().keys().iter().filter(|key| is_candidate(key, header));
        if keys.any(|key| key.verify_signature(&header.alg, message, signature).is_ok()) {
            Ok(())
        } else {
            Err(Error::Signature)
        }
    }
}

impl Payload {
    fn check(self, now: DateTime<Utc>) -> Result<LogoutToken> {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(Error::Token);
        let issued = at(self.iat)?;
        let expired = self.exp.map(at).transpose()?.is_some_and(|end| end <= now);
        if expired || issued > now + MAX_CLOCK_SKEW || issued < now - MAX_TOKEN_AGE {
            return Err(Error::Expired);
        }
        let named = [self.sub.as_deref(), self.sid.as_deref(), Some(&self.jti)];
        let storable = named.into_iter().flatten().all(is_storable);
        if !storable || (self.sub.is_none() && self.sid.is_none()) {
            return Err(Error::Token);
        }
        let forget_after = issued + MAX_TOKEN_AGE + MAX_CLOCK_SKEW;
        Ok(LogoutToken { subject: self.sub, session: self.sid, id: self.jti, forget_after })
    }
}

fn is_candidate(key: &CoreJsonWebKey, header: &Header) -> bool {
    let named = header.kid.is_none() || header.kid.as_ref() == key.key_id();
    let signs = key.key_use().is_none_or(JsonWebKeyUse::allows_signature);
    named && signs && header.alg.key_type().as_ref() == Some(key.key_type())
}

fn decode<T: DeserializeOwned>(part: &str) -> Result<T> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Error::Token)?;
    serde_json::from_slice(&bytes).map_err(|_| Error::Token)
}
