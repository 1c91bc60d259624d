//! Docker's events about the instance's containers.

use super::{Connection, error::translate};
use crate::labels;
use bollard::{models::EventMessage, query_parameters::EventsOptionsBuilder};
use chrono::DateTime;
use domain::{
    InstanceId,
    containers::{ContainerError, Event, EventKind},
};
use futures_util::{StreamExt, stream::BoxStream};
use std::collections::HashMap;

/// All events from this call on, also those before the stream is first polled: the start is a time of the engine's clock.
pub(super) async fn watch(
    connection: &Connection,
    instance: InstanceId,
) -> Result<BoxStream<'static, Result<Event, ContainerError>>, ContainerError> {
    let info = connection.docker.info().await.map_err(translate)?;
    let label = format!("{}={instance}", labels::INSTANCE_LABEL);
    let filters = HashMap::from([
        ("type", vec!["container".to_owned()]),
        ("label", vec![label]),
        ("event", ["start", "unpause", "die", "oom", "destroy"].map(str::to_owned).to_vec()),
    ]);
    let mut options = EventsOptionsBuilder::new().filters(&filters);
    if let Some(now) = info.system_time.as_deref().and_then(event_timestamp) {
        options = options.since(&now);
    }
    let docker = connection.docker.clone();
    let messages = docker.events(Some(options.build()));
    Ok(messages.filter_map(|message| async { parse(message.map_err(translate)) }).boxed())
}

/// The form of a timestamp in Docker's request for events: seconds and nanoseconds.
fn event_timestamp(system_time: &str) -> Option<String> {
    let now = DateTime::parse_from_rfc3339(system_time).ok()?;
    Some(format!("{}.{:09}", now.timestamp(), now.timestamp_subsec_nanos()))
}

fn parse(message: Result<EventMessage, ContainerError>) -> Option<Result<Event, ContainerError>> {
    let message = match message {
        Ok(message) => message,
        Err(error) => return Some(Err(error)),
    };
    let kind = match message.action?.as_str() {
        "start" | "unpause" => EventKind::Started,
        "die" => EventKind::Died,
        "oom" => EventKind::OutOfMemory,
        "destroy" => EventKind::Removed,
        _ => return None,
    };
    let (owner, generation) = labels::parse_container(&message.actor?.attributes?)?;
    Some(Ok(Event { owner, generation, kind }))
}
