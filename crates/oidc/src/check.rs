//! The live test of a configuration, in steps that a person can follow.
//!
//! Owns the order of the steps. Sends a client secret to the token endpoint that the issuer names, and nowhere else.

use crate::{Fault, Provider, Registration, Way};

/// What is looked at, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The discovery document and the keys that it names.
    Discovery,
    /// The client is known, and its secret is right.
    Client,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// Which.
    pub step: Step,
    /// `Ok`, why it failed, or `None` when it was not reached.
    pub outcome: Option<Result<(), Fault>>,
}

/// Tries `registration` against `issuer`. The client step is left out without a secret: nothing can be proved then.
pub async fn check(way: Way<'_>, issuer: &str, registration: &Registration) -> [Check; 2] {
    let found = Provider::discover(way, issuer).await;
    let client = match &found {
        Ok(provider) if registration.client_secret.is_some() => Some(provider.knows(way, registration).await),
        _ => None,
    };
    [
        Check { step: Step::Discovery, outcome: Some(found.map(|_| ())) },
        Check { step: Step::Client, outcome: client },
    ]
}
