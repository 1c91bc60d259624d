//! From Docker's inspect response to the port's types. Pure.

use super::profile::GATEWAY_PORT;
use crate::labels::IMAGE_LABEL;
use bollard::models::{
    ContainerConfig, ContainerInspectResponse, ContainerState as DockerState, ContainerStateStatusEnum,
    NetworkSettings,
};
use chrono::{DateTime, Utc};
use domain::{
    containers::{ContainerState, Owner, RunState},
    image::PinnedImage,
};
use std::net::SocketAddr;

/// The state of a container, whose labels have `owner` and `generation`.
pub(super) fn container_state(
    inspected: ContainerInspectResponse,
    owner: Owner,
    generation: i64,
) -> ContainerState {
    let docker = inspected.state.unwrap_or_default();
    let state = run_state(&docker);
    let runs = matches!(state, RunState::Running | RunState::Paused);
    ContainerState {
        owner,
        generation,
        docker_id: inspected.id.unwrap_or_default(),
        image: image(inspected.config.unwrap_or_default(), inspected.image),
        state,
        address: inspected.network_settings.filter(|_| runs).and_then(published_address),
        created_at: inspected.created.as_deref().and_then(parse_timestamp),
        started_at: docker.started_at.as_deref().and_then(parse_timestamp),
    }
}

/// Older containers were created by the image's name and do not have the label.
fn image(config: ContainerConfig, id: Option<String>) -> PinnedImage {
    let label = config.labels.and_then(|mut labels| labels.remove(IMAGE_LABEL));
    PinnedImage { name: label.or(config.image).unwrap_or_default(), id }
}

fn run_state(docker: &DockerState) -> RunState {
    use ContainerStateStatusEnum as Status;
    match docker.status {
        Some(Status::CREATED) => RunState::Created,
        Some(Status::RUNNING | Status::RESTARTING | Status::STOPPING) => RunState::Running,
        Some(Status::PAUSED) => RunState::Paused,
        Some(Status::EXITED) => RunState::Exited {
            code: docker.exit_code.unwrap_or_default(),
            oom_killed: docker.oom_killed.unwrap_or_default(),
        },
        Some(Status::REMOVING | Status::DEAD | Status::EMPTY) | None => RunState::Dead,
    }
}

fn published_address(settings: NetworkSettings) -> Option<SocketAddr> {
    let binding = settings.ports?.remove(GATEWAY_PORT)??.into_iter().next()?;
    Some(SocketAddr::new(binding.host_ip?.parse().ok()?, binding.host_port?.parse().ok()?))
}

/// Docker writes the year 1 for "never".
pub(super) fn parse_timestamp(text: &str) -> Option<DateTime<Utc>> {
    let timestamp = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    (timestamp.timestamp() > 0).then_some(timestamp)
}
