//! The meaning of Docker's errors. Only this module reads their status codes and messages.

use bollard::errors::Error;
use domain::containers::ContainerError;
use std::error::Error as _;

const MAX_MESSAGE_CHARS: usize = 300;

/// The meaning of an error, as far as it does not depend on the request.
pub(super) fn translate(error: Error) -> ContainerError {
    match error {
        Error::DockerResponseServerError { status_code, message } => {
            translate_response(status_code, &message)
        }
        Error::RequestTimeoutError => ContainerError::EngineAway("no answer in time".into()),
        Error::SocketNotFoundError(path) => ContainerError::EngineAway(format!("no socket at {path}")),
        Error::IOError { .. } | Error::HyperResponseError { .. } | Error::HyperLegacyError { .. } => {
            ContainerError::EngineAway(root_cause(&error))
        }
        other => ContainerError::Other(first_line(&other.to_string())),
    }
}

/// The requested object does not exist.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, .. })
}

/// The name is taken, or the object is being removed.
pub(super) fn is_conflict(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 409, .. })
}

/// The image of a container that is to be created is not on the host.
pub(super) fn is_image_missing(error: &Error) -> bool {
    is_missing(error) && message_contains(error, "no such image")
}

/// The network of a container does not exist any more. A new one with the same name does not help, because Docker refers
/// to it by id.
pub(super) fn is_network_missing(error: &Error) -> bool {
    is_missing(error) && message_contains(error, "network ")
}

/// Another network has the subnet.
pub(super) fn is_subnet_taken(error: &Error) -> bool {
    message_contains(error, "pool overlaps")
}

/// Another process creates, or created, the same network.
pub(super) fn is_network_taken(error: &Error) -> bool {
    message_contains(error, "same bridge name") || message_contains(error, "already exists")
}

fn message_contains(error: &Error, text: &str) -> bool {
    let Error::DockerResponseServerError { message, .. } = error else { return false };
    message.to_lowercase().contains(text)
}

fn translate_response(status: u16, message: &str) -> ContainerError {
    let lower = message.to_lowercase();
    if lower.contains("no space left on device") || lower.contains("disk quota exceeded") {
        return ContainerError::VolumeFull;
    }
    if lower.contains("no quota support") || lower.contains("invalid option: \"size\"") {
        return ContainerError::NoDiskLimits;
    }
    if lower.contains("port is already allocated") || lower.contains("address already in use") {
        return ContainerError::PortTaken;
    }
    if status == 404 {
        return ContainerError::Missing;
    }
    ContainerError::Other(first_line(message))
}

/// The innermost cause, for example "connection refused" instead of "client error".
fn root_cause(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    let mut next = error.source();
    while let Some(inner) = next {
        cause = inner;
        next = inner.source();
    }
    first_line(&cause.to_string())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(MAX_MESSAGE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status_code: u16, message: &str) -> Error {
        Error::DockerResponseServerError { status_code, message: message.into() }
    }

    #[test]
    fn the_engine_s_own_words_are_understood() {
        let full = answer(500, "failed to copy: write /var/lib/docker/volumes/x: no space left on device");
        assert_eq!(translate(full), ContainerError::VolumeFull);
        let port = answer(500, "driver failed: Bind for 127.0.0.1:49153 failed: port is already allocated");
        assert_eq!(translate(port), ContainerError::PortTaken);
        assert_eq!(translate(answer(404, "No such container: x")), ContainerError::Missing);
        assert_eq!(
            translate(answer(400, "Unknown runtime specified runsc\nmore")),
            ContainerError::Other("Unknown runtime specified runsc".into())
        );
        assert!(is_image_missing(&answer(404, "No such image: x:1")));
        assert!(!is_image_missing(&answer(404, "No such container: x")));
        assert!(is_network_missing(&answer(404, "network e032a26f not found")));
        assert!(is_subnet_taken(&answer(403, "Pool overlaps with other one on this address space")));
        assert!(is_network_taken(&answer(
            403,
            "conflicts with network a (b): networks have same bridge name"
        )));
        assert!(is_network_taken(&answer(409, "network with name mosaic-a-b already exists")));
    }

    #[test]
    fn an_engine_that_hangs_or_is_gone_is_away() {
        assert!(matches!(translate(Error::RequestTimeoutError), ContainerError::EngineAway(_)));
        assert!(matches!(translate(Error::SocketNotFoundError("/s".into())), ContainerError::EngineAway(_)));
    }
}
