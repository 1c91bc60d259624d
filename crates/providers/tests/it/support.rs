//! A scripted HTTP server on plain sockets, so that tests can check and send exact bytes, and a
//! scripted resolver.

use async_trait::async_trait;
use domain::provider::ProviderKind;
use providers::{
    AllowedHosts, Outbound, ProviderAccount,
    outbound::{RequestLimits, Resolver, Url},
};
use serde_json::Value;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};

/// The host name of all servers here.
pub const HOST: &str = "llm.test";
/// The key of all accounts here.
pub const KEY: &str = "sk-test-0123456789";

/// Marks in a server's log that a client closed the connection without a response.
pub const HUNG_UP: &str = "(hung up)";

/// A request as it was received.
#[derive(Debug, Clone)]
pub struct Seen {
    pub head: String,
    pub body: String,
}

impl Seen {
    /// "GET /v1/models"
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap().trim_end_matches(" HTTP/1.1")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What a server does with a request.
pub enum Reply {
    /// Sends these bytes and closes.
    Raw(Vec<u8>),
    /// Sends the first bytes, then the second ones over and over with a pause between.
    Drip(Vec<u8>, Vec<u8>, Duration),
    /// Sends nothing until the client hangs up, which it logs as [`HUNG_UP`].
    Silence,
}

/// A complete JSON response.
pub fn json(status: u16, document: Value) -> Reply {
    with_headers(status, "content-type: application/json\r\n", &document.to_string())
}

/// A complete response with additional header lines.
pub fn with_headers(status: u16, headers: &str, body: &str) -> Reply {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
    Reply::Raw(format!("{head}{body}").into_bytes())
}

pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub async fn start(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::bind("127.0.0.1:0", handler).await
    }

    pub async fn bind(address: &str, handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (handler, log) = (Arc::new(handler), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (handler, log) = (Arc::clone(&handler), Arc::clone(&log));
                tokio::spawn(async move { serve(socket, &*handler, &log).await });
            }
        });
        Self { address, seen }
    }

    /// `http://llm.test:<port><path>`
    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{HOST}:{}{path}", self.address.port())).unwrap()
    }

    pub fn allowed(&self) -> AllowedHosts {
        AllowedHosts::none().with(HOST, self.address.port())
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The request lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.seen().iter().map(|seen| seen.line().to_owned()).collect()
    }

    /// An account of `kind` at this server, its API below `path`.
    pub fn target(&self, kind: ProviderKind, path: &str, models: &[&str]) -> ProviderAccount {
        ProviderAccount {
            kind,
            base_url: Some(self.url(path).to_string()),
            key: Some(KEY.into()),
            models: models.iter().map(|id| (*id).to_owned()).collect(),
        }
    }
}

/// Serves one request on one connection.
pub async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: S,
    handler: &(impl Fn(&Seen) -> Reply + ?Sized),
    log: &Mutex<Vec<Seen>>,
) {
    let Some(seen) = read_request(&mut socket).await else { return };
    log.lock().unwrap().push(seen.clone());
    match handler(&seen) {
        Reply::Raw(bytes) => {
            let _ = socket.write_all(&bytes).await;
            let _ = socket.shutdown().await;
        }
        Reply::Drip(first, then, pause) => {
            let _ = socket.write_all(&first).await;
            while socket.write_all(&then).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        }
        Reply::Silence => {
            while socket.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
            log.lock().unwrap().push(Seen { head: HUNG_UP.to_owned(), body: String::new() });
        }
    }
}

async fn read_request(socket: &mut (impl AsyncRead + Unpin)) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return Some(Seen { head: format!("{head}\r\n"), body: body.to_owned() });
        }
    }
}

/// Answers each lookup with the next list, and repeats the last one.
pub struct Scripted {
    answers: Vec<Vec<IpAddr>>,
    lookups: AtomicUsize,
}

impl Scripted {
    pub fn new(answers: &[&[&str]]) -> Arc<Self> {
        let list = |ips: &&[&str]| ips.iter().map(|ip| ip.parse().unwrap()).collect();
        Arc::new(Self { answers: answers.iter().map(list).collect(), lookups: AtomicUsize::new(0) })
    }

    pub fn lookups(&self) -> usize {
        self.lookups.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Resolver for Scripted {
    async fn lookup(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let turn = self.lookups.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.get(turn).or(self.answers.last());
        answer.cloned().ok_or_else(|| io::Error::other("no such host"))
    }
}

/// A client for which every name is this machine.
pub fn loopback() -> Outbound {
    loopback_within(RequestLimits::default())
}

pub fn loopback_within(limits: RequestLimits) -> Outbound {
    Outbound::new(Scripted::new(&[&[&Ipv4Addr::LOCALHOST.to_string()]]), limits)
}
