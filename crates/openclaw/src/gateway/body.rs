//! The body of a response, bounded in size and time.

use crate::{
    errors::{Cause, UpstreamError},
    sse::{self, Event},
};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use reqwest::Response;
use std::time::Duration;

/// How long a whole body may take. The gateway sends it at once, even under load.
const WHOLE_BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// The body in the pieces it arrives in, waiting at most `idle_timeout` for each of them. Ends with the body, or with
/// one error. Dropping it closes the connection.
pub(super) fn stream_body(
    response: Response,
    idle_timeout: Duration,
) -> BoxStream<'static, Result<Bytes, UpstreamError>> {
    // Without the head: its values share the connection's first buffer, 8 KiB that every open stream would keep.
    let pieces = response.bytes_stream().boxed();
    stream::unfold(Some(pieces), move |pieces| async move {
        let mut pieces = pieces?;
        match tokio::time::timeout(idle_timeout, pieces.next()).await {
            Ok(Some(Ok(bytes))) => Some((Ok(bytes), Some(pieces))),
            Ok(None) => None,
            Ok(Some(Err(error))) => Some((Err(UpstreamError::from_transport(&error)), None)),
            Err(_) => Some((Err(Cause::ConnectionLost.into()), None)),
        }
    })
    .boxed()
}

/// The body's server-sent events of at most `max_event_bytes` each, waiting at most `idle_timeout` for each piece.
/// Ends with the body, or with one error. Dropping it closes the connection.
pub(crate) fn stream_events(
    response: Response,
    max_event_bytes: usize,
    idle_timeout: Duration,
) -> BoxStream<'static, Result<Event, UpstreamError>> {
    sse::events(stream_body(response, idle_timeout), max_event_bytes)
}

/// The whole body. More than `max_bytes` of it is [`Cause::BadAnswer`].
pub(crate) async fn read_body(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, UpstreamError> {
    let whole = async {
        let mut body = Vec::new();
        while let Some(bytes) =
            response.chunk().await.map_err(|error| UpstreamError::from_transport(&error))?
        {
            if body.len() + bytes.len() > max_bytes {
                return Err(Cause::BadAnswer.into());
            }
            body.extend_from_slice(&bytes);
        }
        Ok(body)
    };
    tokio::time::timeout(WHOLE_BODY_TIMEOUT, whole).await.map_err(|_| Cause::ConnectionLost)?
}
