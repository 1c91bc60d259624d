//! What a container's row says, compared with what the engine reports.

use domain::{
    containers::{ContainerState, RunState},
    lifecycle::{Desired, Observed},
};
use store::containers::Container;

/// Whether the row says that the container answers, and should.
pub(super) fn is_expected_ready(row: &Container) -> bool {
    row.desired == Desired::Running && row.observed == Observed::Ready
}

/// Whether the engine reports this generation of the container as running.
pub(super) fn is_running(row: &Container, observed: Option<&ContainerState>) -> bool {
    observed
        .is_some_and(|observed| observed.generation == row.generation && observed.state == RunState::Running)
}
