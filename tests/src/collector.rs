//! A collector of traces: takes what is sent by OTLP over HTTP, and keeps it.
//!
//! Owns nothing of the format: that is read by the protocol's own crate.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value, trace::v1::Span,
};
use prost::Message;
use std::{
    fmt::Write,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A span, as a test wants to look at it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Of which process: `mosaic-api`, `mosaic-worker` …
    pub service: String,
    /// Its trace, in hex.
    pub trace: String,
    /// Its id, in hex.
    pub id: String,
    /// Its parent's id, in hex; empty for the first one.
    pub parent: String,
    /// Its name.
    pub name: String,
    /// Everything that was sent of it, as text.
    pub whole: String,
    /// Its attributes' names.
    pub attributes: Vec<String>,
}

/// The collector.
#[derive(Clone)]
pub struct Collector {
    /// Where it listens.
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Collector {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let collector = Self { url, seen: Arc::default() };
        let own = collector.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let own = own.clone();
                tokio::spawn(async move { own.take(socket).await });
            }
        });
        collector
    }

    /// What has arrived so far.
    pub fn spans(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    async fn take(&self, mut socket: TcpStream) {
        let mut request = Vec::new();
        let mut buffer = [0; 16 * 1024];
        loop {
            let Ok(read @ 1..) = socket.read(&mut buffer).await else { return };
            request.extend_from_slice(&buffer[..read]);
            let Some(body) = body(&request) else { continue };
            let export = ExportTraceServiceRequest::decode(body).expect("it is OTLP");
            self.seen.lock().unwrap().extend(spans(&export));
            let answer =
                "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
            if socket.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
            request.clear();
        }
    }
}

/// The body, once it is there as a whole.
fn body(request: &[u8]) -> Option<&[u8]> {
    let head = request.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
    assert!(text.starts_with("post /v1/traces "), "{text}");
    let length: usize = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .expect("it says how long it is")
        .trim()
        .parse()
        .unwrap();
    request.get(head..head + length)
}

fn spans(export: &ExportTraceServiceRequest) -> Vec<Seen> {
    let mut seen = Vec::new();
    for of in &export.resource_spans {
        let resource = of.resource.as_ref().expect("it says who sends");
        let service = resource.attributes.iter().find(|attribute| attribute.key == "service.name");
        let service = service.and_then(|named| named.value.clone()?.value);
        let Some(Value::StringValue(service)) = service else { panic!("no service: {resource:?}") };
        let all = of.scope_spans.iter().flat_map(|scope| &scope.spans);
        seen.extend(all.map(|span| look(span, &service)));
    }
    seen
}

fn look(span: &Span, service: &str) -> Seen {
    Seen {
        service: service.to_owned(),
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        name: span.name.clone(),
        whole: format!("{span:?}"),
        attributes: span.attributes.iter().map(|attribute| attribute.key.clone()).collect(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
