//! What Docker reports by itself about the instance's containers.

use super::{Link, error::translate};
use crate::labels;
use bollard::{models::EventMessage, query_parameters::EventsOptionsBuilder};
use chrono::DateTime;
use domain::{
    InstanceId,
    containers::{ContainerError, Event, EventKind},
};
use futures_util::{StreamExt, stream::BoxStream};
use std::collections::HashMap;

/// Everything from this call on, also what happens before the stream is first polled: the engine's own
/// clock marks the beginning.
pub(super) async fn watch(
    link: &Link,
    instance: InstanceId,
) -> Result<BoxStream<'static, Result<Event, ContainerError>>, ContainerError> {
    let info = link.docker.info().await.map_err(translate)?;
    let label = format!("{}={instance}", labels::INSTANCE_LABEL);
    let filters = HashMap::from([
        ("type", vec!["container".to_owned()]),
        ("label", vec![label]),
        ("event", ["start", "unpause", "die", "oom", "destroy"].map(str::to_owned).to_vec()),
    ]);
    let mut options = EventsOptionsBuilder::new().filters(&filters);
    if let Some(now) = info.system_time.as_deref().and_then(since) {
        options = options.since(&now);
    }
    let docker = link.docker.clone();
    let messages = docker.events(Some(options.build()));
    Ok(messages.filter_map(|message| async { read(message.map_err(translate)) }).boxed())
}

/// Docker's form of a moment: seconds and nanoseconds.
fn since(system_time: &str) -> Option<String> {
    let now = DateTime::parse_from_rfc3339(system_time).ok()?;
    Some(format!("{}.{:09}", now.timestamp(), now.timestamp_subsec_nanos()))
}

fn read(message: Result<EventMessage, ContainerError>) -> Option<Result<Event, ContainerError>> {
    let message = match message {
        Ok(message) => message,
        Err(error) => return Some(Err(error)),
    };
    let what = match message.action?.as_str() {
        "start" | "unpause" => EventKind::Started,
        "die" => EventKind::Died,
        "oom" => EventKind::OutOfMemory,
        "destroy" => EventKind::Removed,
        _ => return None,
    };
    let (owner, generation) = labels::read_container(&message.actor?.attributes?)?;
    Some(Ok(Event { owner, generation, what }))
}
