//! The user's container: started, stopped, watched and repaired.
//!
//! The API only changes the desired state and enqueues; workers do the rest through the port
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
mod state;
mod status;
mod sweep;
mod warm_up;

pub use admission::{Budget, budget, record_host_capacity};
pub(crate) use admission::{check_limits, container_capacity};
pub use apply::{Applied, apply};
pub(crate) use authenticate_gateway::authenticate_gateway;
pub use authenticate_gateway::verify_gateway_token;
pub use crash::handle_engine_event;
pub(crate) use ensure_running::{ensure_running, is_use_record_due, mark_unhealthy};
pub use ensure_running::{restart, start, stop};
pub use failure::StartFailure;
pub(crate) use images::newest as newest_image;
pub(crate) use in_use::keep_in_use;
pub use prewarm::prewarm_for_chat_page;
pub(crate) use prewarm::{PrewarmTrigger, prewarm};
pub use reap::reap;
pub use reconcile_start::{Placement, reconcile_start};
pub use reconcile_stop::{discard, reconcile_stop};
pub use start_failed::{defer_start, fail_start};
pub(crate) use status::disk_full_reason;
pub use status::{ContainerStatus, follow, status};
pub use sweep::{enqueue_sweep, sweep};
pub use warm_up::warm_up;

use crate::Services;
use domain::containers::Owner;
use std::time::Duration;
use store::containers::Container;

/// How long OpenClaw may take to end. An idle one needs two seconds; a running answer is cut, because a stop is meant.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// The owner in the labels of a user's container.
pub(crate) fn owner(services: &Services, row: &Container) -> Owner {
    Owner { instance: services.instance, user: row.user_id, container: row.id }
}
