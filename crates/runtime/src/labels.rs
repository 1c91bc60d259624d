//! The labels that name the owner of a Docker object, and the check before every action on one.

use domain::{
    ContainerId, InstanceId, UserId,
    containers::{ContainerError, ContainerSpec, Owner},
};
use std::collections::HashMap;

/// The id of the Mosaic instance.
pub const INSTANCE_LABEL: &str = "mosaic.instance";
/// The id of the user.
pub const USER_LABEL: &str = "mosaic.user";
/// The id of the container's row. Only on containers, because network and volume outlive the row.
pub const CONTAINER_LABEL: &str = "mosaic.container";
/// Counts how often the container was created.
pub const GENERATION_LABEL: &str = "mosaic.generation";
/// The name of the container's image, because the engine keeps only its id.
pub const IMAGE_LABEL: &str = "mosaic.image";
/// The run of the self-test that made the object, which has no user and no row.
pub const PROBE_LABEL: &str = "mosaic.probe";

type Labels = HashMap<String, String>;

/// The labels of the owner's network and volume.
pub(crate) fn for_resource(owner: &Owner) -> Labels {
    Labels::from([
        (INSTANCE_LABEL.to_owned(), owner.instance.to_string()),
        (USER_LABEL.to_owned(), owner.user.to_string()),
    ])
}

pub(crate) fn for_container(spec: &ContainerSpec) -> Labels {
    let mut labels = for_resource(&spec.owner);
    labels.insert(CONTAINER_LABEL.to_owned(), spec.owner.container.to_string());
    labels.insert(GENERATION_LABEL.to_owned(), spec.generation.to_string());
    labels.insert(IMAGE_LABEL.to_owned(), spec.image.name.clone());
    labels
}

/// Restricts a list call to objects with the instance's label.
pub(crate) fn instance_filter(instance: InstanceId) -> HashMap<&'static str, Vec<String>> {
    HashMap::from([("label", vec![format!("{INSTANCE_LABEL}={instance}")])])
}

/// The owner of a network or volume; `None` if the label is missing or invalid.
pub(crate) fn parse_user(labels: &Labels) -> Option<UserId> {
    parse(labels, USER_LABEL)
}

/// The labels of an object of the self-test.
pub(crate) fn for_probe(instance: InstanceId, run: &str) -> Labels {
    Labels::from([
        (INSTANCE_LABEL.to_owned(), instance.to_string()),
        (PROBE_LABEL.to_owned(), run.to_owned()),
    ])
}

/// Fails if a network or volume has another owner.
pub(crate) fn check_resource_owner(
    name: &str,
    labels: Option<&Labels>,
    owner: &Owner,
) -> Result<(), ContainerError> {
    let instance = labels.and_then(|labels| parse::<InstanceId>(labels, INSTANCE_LABEL));
    let user = labels.and_then(|labels| parse::<UserId>(labels, USER_LABEL));
    if (instance, user) == (Some(owner.instance), Some(owner.user)) {
        return Ok(());
    }
    Err(ContainerError::NotOurs(name.to_owned()))
}

/// Fails if a container has another owner. Returns its generation.
pub(crate) fn check_container_owner(
    name: &str,
    labels: Option<&Labels>,
    owner: &Owner,
) -> Result<i64, ContainerError> {
    match labels.and_then(parse_container) {
        Some((found, generation)) if found == *owner => Ok(generation),
        _ => Err(ContainerError::NotOurs(name.to_owned())),
    }
}

/// The owner and the generation of a container; `None` if a label is missing or invalid.
pub(crate) fn parse_container(labels: &Labels) -> Option<(Owner, i64)> {
    let owner = Owner {
        instance: parse::<InstanceId>(labels, INSTANCE_LABEL)?,
        user: parse(labels, USER_LABEL)?,
        container: parse::<ContainerId>(labels, CONTAINER_LABEL)?,
    };
    Some((owner, parse(labels, GENERATION_LABEL)?))
}

fn parse<T: std::str::FromStr>(labels: &Labels, key: &str) -> Option<T> {
    labels.get(key)?.parse().ok()
}
