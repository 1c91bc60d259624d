//! Sign-in with the identity provider: its configuration, the two halves of the flow, and logout.
//!
//! Owns who may sign in and with which role. The `oidc` crate verifies tokens. A breakglass admin signs in without any of
//! this: that needs no provider.

mod account;
mod admission;
mod callback;
mod config;
mod discovery;
mod draft;
mod logout;
mod probe;
mod start;

pub use callback::{Callback, callback};
pub use config::{OidcSettings, get, label, put, remove};
pub use draft::Draft;
pub use logout::{backchannel_logout, end_session_url};
pub use probe::{OidcReport, OidcStepReport, Probe, probe};
pub use start::{StartedFlow, start};

use crate::Error;

/// Path that the provider sends browsers back to.
const CALLBACK: &str = "/api/auth/oidc/callback";
/// Path that the provider posts logout tokens to.
const BACKCHANNEL: &str = "/api/auth/oidc/backchannel-logout";
/// Path where a browser arrives that has signed out at the provider.
const SIGNED_OUT: &str = "/login";

impl From<::oidc::Error> for Error {
    fn from(fault: ::oidc::Error) -> Self {
        tracing::warn!(%fault, "sign-in with the identity provider");
        Self::refused(fault.code(), format!("Signing in did not work: {fault}. {}", fault.next_step()))
    }
}
