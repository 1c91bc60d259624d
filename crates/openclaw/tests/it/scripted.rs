//! A server that plays what it is told and remembers what it was asked.

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

/// What one connection is answered, piece by piece.
pub enum Play {
    Send(Vec<u8>),
    Wait(Duration),
    /// Hold the connection until the client lets go, and report it.
    Hold,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub head: String,
    pub body: String,
}

impl Asked {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub asked: Arc<Mutex<Vec<Asked>>>,
    pub let_go: mpsc::UnboundedReceiver<()>,
}

impl Server {
    /// Plays one script a connection, in order; then the port is closed.
    pub async fn start(scripts: Vec<Vec<Play>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (tell, let_go) = mpsc::unbounded_channel();
        let log = asked.clone();
        tokio::spawn(async move {
            for script in scripts {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read(&mut stream).await;
                log.lock().unwrap().push(request);
                play(&mut stream, script, &tell).await;
            }
        });
        Self { address, asked, let_go }
    }

    pub fn gateway(&self) -> Gateway {
        gateway(self.address)
    }

    pub fn request(&self, index: usize) -> Asked {
        self.asked.lock().unwrap()[index].clone()
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

/// A whole answer without a length: it ends with the connection.
pub fn head(status: &str, content_type: &str) -> Play {
    Play::Send(
        format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nconnection: close\r\n\r\n").into(),
    )
}

pub fn answer(status: &str, body: &str) -> Vec<Play> {
    vec![head(status, "application/json"), Play::Send(body.into())]
}

async fn read(stream: &mut TcpStream) -> Asked {
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
                return Asked { head, body: body.to_owned() };
            }
        }
        assert!(count > 0, "the client closed before its request was complete: {text}");
    }
}

async fn play(stream: &mut TcpStream, script: Vec<Play>, let_go: &mpsc::UnboundedSender<()>) {
    for play in script {
        match play {
            // A client that is gone does not hear it.
            Play::Send(bytes) => drop(stream.write_all(&bytes).await),
            Play::Wait(time) => tokio::time::sleep(time).await,
            Play::Hold => {
                while stream.read(&mut [0; 64]).await.is_ok_and(|count| count > 0) {}
                let_go.send(()).unwrap();
            }
        }
    }
    drop(stream.shutdown().await);
}
