//! Sign-in with the identity provider: its configuration, the two halves of the flow, and logout.
//!
//! Owns who is let in and what he becomes. What tokens say is verified by the `oidc` crate. Nothing here stands
//! between a breakglass admin and his sign-in: that needs no provider.

mod account;
mod admission;
mod callback;
mod config;
mod draft;
mod live;
mod logout;
mod probe;
mod start;

pub use callback::{Callback, callback};
pub use config::{Shown, get, label, put, remove};
pub use draft::Draft;
pub(crate) use live::Live;
pub use logout::{backchannel_logout, end_session_url};
pub use probe::{Probe, Report, StepReport, probe};
pub use start::{Started, start};

use crate::Error;

/// Path that the provider sends browsers back to.
const CALLBACK: &str = "/api/auth/oidc/callback";
/// Path that the provider posts logout tokens to.
const BACKCHANNEL: &str = "/api/auth/oidc/backchannel-logout";
/// Path where a browser arrives that has signed out at the provider.
const SIGNED_OUT: &str = "/login";

impl From<::oidc::Fault> for Error {
    fn from(fault: ::oidc::Fault) -> Self {
        tracing::warn!(%fault, "sign-in with the identity provider");
        Self::refused(fault.code(), format!("Signing in did not work: {fault}. {}", fault.next_step()))
    }
}
