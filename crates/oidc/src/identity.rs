//! Who the provider says somebody is.
//!
//! Owns the reading of claims. It must not decide whether he may come in.

use crate::claims::Claims;
use openidconnect::{IdTokenClaims, StandardClaims, UserInfoClaims, core::CoreGenderClaim};
use serde_json::{Map, Value};

/// A verified person: `(issuer, subject)` is who he is, the rest is what he is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `sub`: unique and never reused within the issuer.
    pub subject: String,
    /// `sid`: his session at the provider, where it names one.
    pub session: Option<String>,
    /// `email`.
    pub email: Option<String>,
    /// Whether the provider vouches for the address.
    pub email_verified: bool,
    /// `name`.
    pub name: Option<String>,
    /// `preferred_username`.
    pub username: Option<String>,
    /// The groups; empty when the claim is missing.
    pub groups: Vec<String>,
}

impl Identity {
    pub(crate) fn of_token(claims: &IdTokenClaims<Claims, CoreGenderClaim>, groups_claim: &str) -> Self {
        let others = &claims.additional_claims().others;
        let mut identity = Self {
            subject: claims.subject().to_string(),
            session: others.get("sid").and_then(Value::as_str).map(str::to_owned),
            email: claims.email().map(|email| email.to_string()).filter(|email| is_storable(email)),
            email_verified: claims.email_verified().unwrap_or(false),
            name: None,
            username: claims.preferred_username().map(|name| name.to_string()),
            groups: groups(others, groups_claim),
        };
        identity.name = claims.name().and_then(|name| name.get(None)).map(|name| name.to_string());
        identity
    }

    /// Takes from the user-info endpoint what the token did not say.
    pub(crate) fn complete(&mut self, info: &UserInfoClaims<Claims, CoreGenderClaim>, groups_claim: &str) {
        let standard: &StandardClaims<CoreGenderClaim> = info.standard_claims();
        // The address and its being verified belong together.
        if self.email.is_none() {
            self.email = standard.email().map(|email| email.to_string()).filter(|email| is_storable(email));
            self.email_verified = standard.email_verified().unwrap_or(false);
        }
        if self.name.is_none() {
            self.name = standard.name().and_then(|name| name.get(None)).map(|name| name.to_string());
        }
        if self.username.is_none() {
            self.username = standard.preferred_username().map(|name| name.to_string());
        }
        if self.groups.is_empty() {
            self.groups = groups(&info.additional_claims().others, groups_claim);
        }
    }
}

/// What a database can keep and compare: not endless, nothing invisible.
pub(crate) fn is_storable(id: &str) -> bool {
    !id.is_empty() && id.len() <= 500 && !id.chars().any(char::is_control)
}

/// A list of names, or one name.
fn groups(claims: &Map<String, Value>, claim: &str) -> Vec<String> {
    match claims.get(claim) {
        Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(group)) => vec![group.clone()],
        _ => Vec::new(),
    }
}
