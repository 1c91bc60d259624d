//! The user's container: want it, bring it up, take it down, look at it.
//!
//! The API only changes the wish and enqueues; workers do the rest through the port
//! `domain::containers::Containers`. Both meet in the row, guarded by its generation.

mod apply;
mod await_ready;
mod bring_up;
mod down;
mod early;
mod failure;
mod give_up;
mod health;
mod images;
mod in_use;
mod orphans;
mod places;
mod reap;
mod recognise;
mod status;
mod sweep;
mod take_down;
mod wake;
mod warm_up;

pub use apply::{Applied, apply};
pub(crate) use bring_up::gateway_token;
pub use bring_up::{Placement, bring_up};
pub use down::notice;
pub use early::page_opened;
pub(crate) use early::{Came, wake_early};
pub use failure::StartFailure;
pub use give_up::{give_up, put_off};
pub(crate) use images::newest as newest_image;
pub(crate) use in_use::in_use;
pub use places::{Budget, budget, learn_host};
pub(crate) use places::{check_limits, count};
pub use reap::reap;
pub use recognise::known;
pub(crate) use recognise::recognise;
pub(crate) use status::disk;
pub use status::{Status, follow, status};
pub use sweep::{ask_for_sweep, sweep};
pub use take_down::{discard, take_down};
pub(crate) use wake::{is_use_unnoted, suspect, wake};
pub use wake::{restart, start, stop};
pub use warm_up::warm_up;

use crate::Services;
use domain::containers::Owner;
use std::time::Duration;
use store::containers::Container;
use vault::{Aad, Purpose};

/// How long OpenClaw may take to end. An idle one needs two seconds; a running answer is cut, because
/// whoever stops a container wants it to be stopped.
const GRACE: Duration = Duration::from_secs(10);

/// Whose container it is, as its labels say.
pub(crate) fn owner(services: &Services, row: &Container) -> Owner {
    Owner { instance: services.instance, user: row.user_id, container: row.id }
}

/// Where a gateway token is sealed for.
pub(crate) fn token_place(row: &Container) -> Aad {
    Aad { purpose: Purpose::GatewayToken, row: row.id.uuid(), owner: Some(row.user_id) }
}
