//! A server that plays a script and records its requests.

use domain::{ChatId, Slug};
use openclaw::{Gateway, SessionKey};
use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// A step of a connection's script.
pub enum Action {
    Send(Vec<u8>),
    Wait(Duration),
    /// Keep the connection open until the client closes it, and report that.
    Hold,
}

/// A request as it was received.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    pub head: String,
    pub body: String,
}

impl RecordedRequest {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub requests: Arc<Mutex<Vec<RecordedRequest>>>,
    pub disconnects: mpsc::UnboundedReceiver<()>,
}

impl Server {
    /// Plays one script per connection, in order. Then the port is closed.
    pub async fn start(scripts: Vec<Vec<Action>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (report, disconnects) = mpsc::unbounded_channel();
        let log = requests.clone();
        tokio::spawn(async move {
            for script in scripts {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read(&mut stream).await;
                log.lock().unwrap().push(request);
                play(&mut stream, script, &report).await;
            }
        });
        Self { address, requests, disconnects }
    }

    pub fn gateway(&self) -> Gateway {
        gateway(self.address)
    }

    pub fn request(&self, index: usize) -> RecordedRequest {
        self.requests.lock().unwrap()[index].clone()
    }
}

pub fn gateway(address: SocketAddr) -> Gateway {
    Gateway::new(address, "the-token".into(), openclaw::http_client().unwrap())
}

pub fn ada() -> Slug {
    Slug::from_name("Ada", "agent")
}

pub fn session() -> SessionKey {
    let chat: ChatId = "cht_0198f3c2aaaa70008000000000000abc".parse().unwrap();
    SessionKey::new(chat, 1)
}

/// The head of a response without a length, which ends with the connection.
pub fn head(status: &str, content_type: &str) -> Action {
    Action::Send(
        format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nconnection: close\r\n\r\n").into(),
    )
}

pub fn answer(status: &str, body: &str) -> Vec<Action> {
    vec![head(status, "application/json"), Action::Send(body.into())]
}

async fn read(stream: &mut TcpStream) -> RecordedRequest {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).await.unwrap();
        bytes.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length = length.map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return RecordedRequest { head, body: body.to_owned() };
            }
        }
        assert!(count > 0, "the client closed before its request was complete: {text}");
    }
}

async fn play(stream: &mut TcpStream, script: Vec<Action>, disconnects: &mpsc::UnboundedSender<()>) {
    for action in script {
        match action {
            // The client may have disconnected.
            Action::Send(bytes) => drop(stream.write_all(&bytes).await),
            Action::Wait(time) => tokio::time::sleep(time).await,
            Action::Hold => {
                while stream.read(&mut [0; 64]).await.is_ok_and(|count| count > 0) {}
                disconnects.send(()).unwrap();
            }
        }
    }
    drop(stream.shutdown().await);
}
