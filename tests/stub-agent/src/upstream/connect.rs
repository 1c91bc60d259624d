//! One plain-HTTP POST over a connection of its own, and the events of its answer. No TLS, no
//! pool: a stand-in's providers are other stand-ins, and with one connection per run it is clear that
//! the end of a run cancels its request.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Request, Response, Uri, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

use super::ProviderError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The events of an answer.
pub struct EventReader {
    body: Incoming,
    buffer: BytesMut,
    _connection: Connection,
}

/// The task that transfers the bytes. Dropping this aborts it.
struct Connection(AbortHandle);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Posts JSON and waits for the head of the answer.
///
/// # Errors
/// [`ProviderError::Unreachable`], or [`ProviderError::Status`] for anything but a 2xx.
pub async fn post(url: &str, headers: &[(&str, String)], body: &Value) -> Result<EventReader, ProviderError> {
    let uri: Uri = url.parse().map_err(|_| ProviderError::Unreachable)?;
    let (mut sender, connection) = connect(&uri).await?;
    let mut request = Request::post(uri.path())
        .header(header::HOST, uri.authority().map_or("", |host| host.as_str()))
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request =
        request.body(Full::new(Bytes::from(body.to_string()))).map_err(|_| ProviderError::Unreachable)?;
    let response = sender.send_request(request).await.map_err(|_| ProviderError::Broken)?;
    if !response.status().is_success() {
        return Err(refused(response).await);
    }
    Ok(EventReader { body: response.into_body(), buffer: BytesMut::new(), _connection: connection })
}

async fn connect(uri: &Uri) -> Result<(http1::SendRequest<Full<Bytes>>, Connection), ProviderError> {
    let host = uri.host().ok_or(ProviderError::Unreachable)?;
    let host = host.trim_matches(['[', ']']);
    let socket = TcpStream::connect((host, uri.port_u16().unwrap_or(80)));
    let socket = tokio::time::timeout(CONNECT_TIMEOUT, socket).await;
    let Ok(Ok(socket)) = socket else {
        return Err(ProviderError::Unreachable);
    };
    let handshake = http1::handshake(TokioIo::new(socket)).await;
    let (sender, connection) = handshake.map_err(|_| ProviderError::Unreachable)?;
    let task = tokio::spawn(async move { drop(connection.await) });
    Ok((sender, Connection(task.abort_handle())))
}

async fn refused(response: Response<Incoming>) -> ProviderError {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after.and_then(|v| v.to_str().ok()).map(str::to_owned);
    let body = response.into_body().collect().await;
    let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let message = body["error"]["message"].as_str().or_else(|| body["error"].as_str());
    ProviderError::Status { status, message: message.unwrap_or("(no message)").to_owned(), retry_after }
}

impl EventReader {
    /// The next event's JSON; `None` when the body ends.
    ///
    /// # Errors
    /// [`ProviderError::Broken`] when the connection breaks.
    pub async fn next(&mut self) -> Result<Option<Value>, ProviderError> {
        loop {
            while let Some(line) = self.line() {
                if let Some(event) = event(&line) {
                    return Ok(Some(event));
                }
            }
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    self.buffer.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
                }
                Some(Err(_)) => return Err(ProviderError::Broken),
                None => return Ok(None),
            }
        }
    }

    fn line(&mut self) -> Option<BytesMut> {
        let end = self.buffer.iter().position(|byte| *byte == b'\n')?;
        Some(self.buffer.split_to(end + 1))
    }
}

/// A `data:` line as JSON; `[DONE]` becomes a string. Other lines are ignored.
fn event(line: &[u8]) -> Option<Value> {
    let data = line.strip_prefix(b"data:")?.trim_ascii();
    if data == b"[DONE]" {
        return Some(Value::String("[DONE]".to_owned()));
    }
    serde_json::from_slice(data).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn only_data_lines_are_events() {
        assert_eq!(event(b"data: {\"a\":1}\r\n").unwrap()["a"], 1);
        assert_eq!(event(b"data: [DONE]\n"), Some(Value::String("[DONE]".into())));
        assert_eq!(event(b"event: ping\n"), None);
        assert_eq!(event(b": comment\n"), None);
    }
}
