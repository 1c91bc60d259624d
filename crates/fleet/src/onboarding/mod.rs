//! First boot: from an empty database to an admin, a provider and an agent; closed for ever afterwards.
//!
//! What is done is read from what exists (is there an admin, has he a provider …), so that the wizard
//! can be taken up again after a reload, a restart or on another replica.

mod breakglass;
mod complete;
mod oidc;
mod state;

pub use breakglass::breakglass;
pub use complete::complete;
pub use oidc::{set_oidc, skip_oidc};
pub use state::{State, require_open, state};
