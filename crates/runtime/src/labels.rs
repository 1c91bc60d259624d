//! The labels that say whose a Docker object is, and the check that precedes every action on one.

use domain::{
    ContainerId, InstanceId, UserId,
    containers::{ContainerError, ContainerSpec, Owner},
};
use std::collections::HashMap;

/// Names the Mosaic instance.
pub const INSTANCE_LABEL: &str = "mosaic.instance";
/// Names the user.
pub const USER_LABEL: &str = "mosaic.user";
/// Names the container's row; only on containers, because network and volume outlive it.
pub const CONTAINER_LABEL: &str = "mosaic.container";
/// Counts the container's creates.
pub const GENERATION_LABEL: &str = "mosaic.generation";
/// The name of the image that it was made from: the engine itself keeps the id alone.
pub const IMAGE_LABEL: &str = "mosaic.image";
/// Names the run of the self-test that made it. What bears it is nobody's: no user, no row.
pub const PROBE_LABEL: &str = "mosaic.probe";

type Labels = HashMap<String, String>;

/// Labels of the owner's network and volume.
pub(crate) fn of_belongings(owner: &Owner) -> Labels {
    Labels::from([
        (INSTANCE_LABEL.to_owned(), owner.instance.to_string()),
        (USER_LABEL.to_owned(), owner.user.to_string()),
    ])
}

/// Labels of a container.
pub(crate) fn of_container(spec: &ContainerSpec) -> Labels {
    let mut labels = of_belongings(&spec.owner);
    labels.insert(CONTAINER_LABEL.to_owned(), spec.owner.container.to_string());
    labels.insert(GENERATION_LABEL.to_owned(), spec.generation.to_string());
    labels.insert(IMAGE_LABEL.to_owned(), spec.image.name.clone());
    labels
}

/// Lets only what bears the instance's label through a list call.
pub(crate) fn filters(instance: InstanceId) -> HashMap<&'static str, Vec<String>> {
    HashMap::from([("label", vec![format!("{INSTANCE_LABEL}={instance}")])])
}

/// Whose network or volume it is; `None` when the label is missing or malformed.
pub(crate) fn read_user(labels: &Labels) -> Option<UserId> {
    read(labels, USER_LABEL)
}

/// Labels of what a run of the self-test makes.
pub(crate) fn of_probe(instance: InstanceId, run: &str) -> Labels {
    Labels::from([
        (INSTANCE_LABEL.to_owned(), instance.to_string()),
        (PROBE_LABEL.to_owned(), run.to_owned()),
    ])
}

/// Refuses a network or volume that is not this owner's.
pub(crate) fn check_belonging(
    name: &str,
    labels: Option<&Labels>,
    owner: &Owner,
) -> Result<(), ContainerError> {
    let instance = labels.and_then(|labels| read::<InstanceId>(labels, INSTANCE_LABEL));
    let user = labels.and_then(|labels| read::<UserId>(labels, USER_LABEL));
    if (instance, user) == (Some(owner.instance), Some(owner.user)) {
        return Ok(());
    }
    Err(ContainerError::NotOurs(name.to_owned()))
}

/// Refuses a container that is not this owner's; answers with its generation.
pub(crate) fn check_container(
    name: &str,
    labels: Option<&Labels>,
    owner: &Owner,
) -> Result<i64, ContainerError> {
    match labels.and_then(read_container) {
        Some((found, generation)) if found == *owner => Ok(generation),
        _ => Err(ContainerError::NotOurs(name.to_owned())),
    }
}

/// Whose container it is and of which generation; `None` when a label is missing or malformed.
pub(crate) fn read_container(labels: &Labels) -> Option<(Owner, i64)> {
    let owner = Owner {
        instance: read::<InstanceId>(labels, INSTANCE_LABEL)?,
        user: read(labels, USER_LABEL)?,
        container: read::<ContainerId>(labels, CONTAINER_LABEL)?,
    };
    Some((owner, read(labels, GENERATION_LABEL)?))
}

fn read<T: std::str::FromStr>(labels: &Labels, key: &str) -> Option<T> {
    labels.get(key)?.parse().ok()
}
