//! The setup after the first start: from an empty database to an admin, a provider and an agent; closed for good
//! afterwards.
//!
//! Which steps are done follows from what exists (an admin, their provider …), so that the wizard can continue after a
//! reload, a restart or on another replica.

mod breakglass;
mod complete;
mod oidc;
mod state;

pub use breakglass::{breakglass, require_setup_token};
pub use complete::complete;
pub use oidc::{set_oidc, skip_oidc};
pub use state::{State, require_open, state};
