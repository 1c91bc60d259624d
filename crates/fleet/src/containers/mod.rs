//! The user's container: want it, bring it up, take it down, look at it.
//!
//! The API only changes the wish and enqueues; workers do the rest through the port
//! `domain::containers::Containers`. Both meet in the row, guarded by its generation.

mod admission;
mod apply;
mod authenticate_gateway;
mod await_ready;
mod crash;
mod ensure_running;
mod failure;
mod health;
mod images;
mod in_use;
mod orphans;
mod prewarm;
mod reap;
mod reconcile_start;
mod reconcile_stop;
mod start_failed;
mod status;
mod sweep;
mod warm_up;

pub use admission::{Budget, budget, learn_host};
pub(crate) use admission::{check_limits, count};
pub use apply::{Applied, apply};
pub(crate) use authenticate_gateway::authenticate_gateway;
pub use authenticate_gateway::known;
pub use crash::notice;
pub(crate) use ensure_running::{ensure_running, is_use_unnoted, mark_unhealthy};
pub use ensure_running::{restart, start, stop};
pub use failure::StartFailure;
pub(crate) use images::newest as newest_image;
pub(crate) use in_use::in_use;
pub use prewarm::page_opened;
pub(crate) use prewarm::{PrewarmTrigger, prewarm};
pub use reap::reap;
pub(crate) use reconcile_start::gateway_token;
pub use reconcile_start::{Placement, reconcile_start};
pub use reconcile_stop::{discard, reconcile_stop};
pub use start_failed::{defer_start, fail_start};
pub(crate) use status::disk;
pub use status::{Status, follow, status};
pub use sweep::{ask_for_sweep, sweep};
pub use warm_up::warm_up;

use crate::Services;
use domain::containers::Owner;
use secrets::{Aad, Purpose};
use std::time::Duration;
use store::containers::Container;

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
