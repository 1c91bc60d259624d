//! A collector of traces: receives OTLP over HTTP and keeps the spans.
//!
//! The protocol's own crate reads the format.

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

/// A span, in a form that is easy to assert on.
#[derive(Debug, Clone)]
pub struct SpanRecord {
    /// The process that sent it: `mosaic-api`, `mosaic-worker` …
    pub service: String,
    /// The trace id in hex.
    pub trace: String,
    /// The span id in hex.
    pub id: String,
    /// The parent's span id in hex; empty for a root span.
    pub parent: String,
    /// The span's name.
    pub name: String,
    /// All of it as text.
    pub raw: String,
    /// The names of its attributes.
    pub attributes: Vec<String>,
}

/// A running collector.
#[derive(Clone)]
pub struct Collector {
    /// The address it listens on.
    pub url: String,
    spans: Arc<Mutex<Vec<SpanRecord>>>,
}

impl Collector {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let collector = Self { url, spans: Arc::default() };
        let own = collector.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let own = own.clone();
                tokio::spawn(async move { own.receive(socket).await });
            }
        });
        collector
    }

    /// The spans received so far.
    pub fn spans(&self) -> Vec<SpanRecord> {
        self.spans.lock().unwrap().clone()
    }

    async fn receive(&self, mut socket: TcpStream) {
        let mut request = Vec::new();
        let mut buffer = [0; 16 * 1024];
        loop {
            let Ok(read @ 1..) = socket.read(&mut buffer).await else { return };
            request.extend_from_slice(&buffer[..read]);
            let Some(body) = body(&request) else { continue };
            let export = ExportTraceServiceRequest::decode(body).expect("it is OTLP");
            self.spans.lock().unwrap().extend(spans(&export));
            let answer =
                "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
            if socket.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
            request.clear();
        }
    }
}

/// The body, once all of it has arrived.
fn body(request: &[u8]) -> Option<&[u8]> {
    let head = request.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&request[..head]).to_lowercase();
    assert!(text.starts_with("post /v1/traces "), "{text}");
    let length: usize = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .expect("the request has a length")
        .trim()
        .parse()
        .unwrap();
    request.get(head..head + length)
}

fn spans(export: &ExportTraceServiceRequest) -> Vec<SpanRecord> {
    let mut records = Vec::new();
    for group in &export.resource_spans {
        let resource = group.resource.as_ref().expect("the spans have a resource");
        let service = resource.attributes.iter().find(|attribute| attribute.key == "service.name");
        let service = service.and_then(|named| named.value.clone()?.value);
        let Some(Value::StringValue(service)) = service else { panic!("no service: {resource:?}") };
        let all = group.scope_spans.iter().flat_map(|scope| &scope.spans);
        records.extend(all.map(|span| record(span, &service)));
    }
    records
}

fn record(span: &Span, service: &str) -> SpanRecord {
    SpanRecord {
        service: service.to_owned(),
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        name: span.name.clone(),
        raw: format!("{span:?}"),
        attributes: span.attributes.iter().map(|attribute| attribute.key.clone()).collect(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
