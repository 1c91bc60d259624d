//! A connection to Postgres that can be interrupted and frozen.

use sqlx::postgres::PgConnectOptions;
use std::path::PathBuf;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixListener, UnixStream},
    sync::watch,
};
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Open,
    /// No data passes, and no connection breaks: a frozen server.
    Frozen,
    /// Connections break and new ones are refused: a server that is down.
    Closed,
}

pub struct Proxy {
    dir: PathBuf,
    link: watch::Sender<Link>,
}

impl Proxy {
    pub fn start(to: PgConnectOptions) -> Self {
        let dir = std::env::temp_dir().join(format!("queue-{}", Uuid::now_v7().simple()));
        std::fs::create_dir(&dir).unwrap();
        let listener = UnixListener::bind(dir.join(format!(".s.PGSQL.{}", to.get_port()))).unwrap();
        let (link, state) = watch::channel(Link::Open);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                if *state.borrow() == Link::Closed {
                    continue;
                }
                let (to, state) = (to.clone(), state.clone());
                tokio::spawn(async move {
                    match to.get_socket() {
                        Some(dir) => {
                            let path = dir.join(format!(".s.PGSQL.{}", to.get_port()));
                            join(client, UnixStream::connect(path).await.unwrap(), state).await;
                        }
                        None => {
                            let server = TcpStream::connect((to.get_host(), to.get_port())).await.unwrap();
                            join(client, server, state).await;
                        }
                    }
                });
            }
        });
        Self { dir, link }
    }

    /// The same database through this proxy.
    pub fn through(&self, options: PgConnectOptions) -> PgConnectOptions {
        options.socket(&self.dir)
    }

    pub fn set(&self, link: Link) {
        self.link.send_replace(link);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

async fn join(client: UnixStream, server: impl AsyncRead + AsyncWrite, state: watch::Receiver<Link>) {
    let (client_in, client_out) = tokio::io::split(client);
    let (server_in, server_out) = tokio::io::split(server);
    let mut closed = state.clone();
    tokio::select! {
        () = copy(client_in, server_out, state.clone()) => {}
        () = copy(server_in, client_out, state) => {}
        _ = closed.wait_for(|link| *link == Link::Closed) => {}
    }
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut link: watch::Receiver<Link>,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else { return };
        if link.wait_for(|link| *link == Link::Open).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
