//! Tests a configuration against the identity provider, step by step.
//!
//! Owns the order of the steps. Sends the client secret only to the token endpoint that the issuer names.

use crate::{Error, OutboundAccess, Provider, Registration};

/// The steps, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The discovery document and its keys can be read.
    Discovery,
    /// The provider knows the client and accepts its secret.
    Client,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    pub step: Step,
    /// `None` when the step was not reached.
    pub outcome: Option<Result<(), Error>>,
}

/// Tests `registration` at `issuer`. Without a secret the client step is left out, because it could not prove anything.
pub async fn check(access: OutboundAccess<'_>, issuer: &str, registration: &Registration) -> [Check; 2] {
    let found = Provider::discover(access, issuer).await;
    let client = match &found {
        Ok(provider) if registration.client_secret.is_some() => {
            Some(provider.accepts_client(access, registration).await)
        }
        _ => None,
    };
    [
        Check { step: Step::Discovery, outcome: Some(found.map(|_| ())) },
        Check { step: Step::Client, outcome: client },
    ]
}
