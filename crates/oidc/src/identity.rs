//! A user as the provider describes them.
//!
//! Owns the reading of claims. It must not decide who may sign in.

use crate::claims::Claims;
use openidconnect::{IdTokenClaims, StandardClaims, UserInfoClaims, core::CoreGenderClaim};
use serde_json::{Map, Value};

/// A verified user. Issuer and subject identify them; the rest is descriptive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `sub`: unique within the issuer, and never reused.
    pub subject: String,
    /// `sid`: their session at the provider, if it names one.
    pub session: Option<String>,
    pub email: Option<String>,
    /// Whether the provider has verified the address.
    pub email_verified: bool,
    pub name: Option<String>,
    /// `preferred_username`.
    pub username: Option<String>,
    /// Empty when the claim is missing.
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

    /// Adds what the token lacks from the user-info endpoint.
    pub(crate) fn complete(&mut self, info: &UserInfoClaims<Claims, CoreGenderClaim>, groups_claim: &str) {
        let standard: &StandardClaims<CoreGenderClaim> = info.standard_claims();
        // The address and whether it is verified belong together.
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

/// Whether the database can store and compare it: at most 500 bytes without control characters.
pub(crate) fn is_storable(id: &str) -> bool {
    !id.is_empty() && id.len() <= 500 && !id.chars().any(char::is_control)
}

/// The claim is a list of names, or one name.
fn groups(claims: &Map<String, Value>, claim: &str) -> Vec<String> {
    match claims.get(claim) {
        Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(group)) => vec![group.clone()],
        _ => Vec::new(),
    }
}
