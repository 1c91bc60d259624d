//! A response's body as server-sent events.

use super::{Chunks, chunks};
use crate::{
    errors::{Cause, UpstreamError},
    sse::{Decoder, Frame},
};
use futures_util::stream::{self, BoxStream, StreamExt};
use reqwest::Response;
use std::{collections::VecDeque, time::Duration};

struct Body {
    chunks: Chunks,
    decoder: Decoder,
    ready: VecDeque<Frame>,
    idle: Duration,
}

/// Reads events of at most `limit` bytes, waiting at most `idle` for the next byte. The stream ends with
/// the body, or with one error. Dropping it closes the connection.
pub(crate) fn frames(
    response: Response,
    limit: usize,
    idle: Duration,
) -> BoxStream<'static, Result<Frame, UpstreamError>> {
    let body = Body { chunks: chunks(response), decoder: Decoder::new(limit), ready: VecDeque::new(), idle };
    stream::unfold(Some(body), |body| async {
        let mut body = body?;
        match body.next().await {
            Ok(Some(frame)) => Some((Ok(frame), Some(body))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

impl Body {
    async fn next(&mut self) -> Result<Option<Frame>, UpstreamError> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Ok(Some(frame));
            }
            let bytes = tokio::time::timeout(self.idle, self.chunks.next())
                .await
                .map_err(|_| Cause::ConnectionLost)?
                .transpose()
                .map_err(|error| UpstreamError::of_transport(&error))?;
            let Some(bytes) = bytes else { return Ok(None) };
            self.decoder.push(&bytes, &mut self.ready).map_err(|_| Cause::BadAnswer)?;
        }
    }
}
