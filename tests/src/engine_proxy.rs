//! A proxy in front of the container engine that can drop or fail single requests, or refuse all of them.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// The engine's own socket.
pub(crate) const ENGINE_SOCKET: &str = "/var/run/docker.sock";

/// Selects a request: the `nth` from now with this method and this part in its target. With `after`, counting begins
/// once a request with that part in its target has passed.
#[derive(Debug, Clone, Copy)]
pub struct RequestMatch {
    /// GET, POST …
    pub method: &'static str,
    /// A part of the target.
    pub path: &'static str,
    /// A part of an earlier request's target.
    pub after: Option<&'static str>,
    /// 1 = the next one.
    pub nth: usize,
}

impl RequestMatch {
    /// The next such request.
    pub const fn next(method: &'static str, path: &'static str) -> Self {
        Self { method, path, after: None, nth: 1 }
    }
}

/// What the proxy does with the request.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// The request does not reach the engine, and the client gets no response.
    DropRequest,
    /// The engine serves the request, but the client gets no response.
    DropResponse,
    /// The request does not reach the engine; the client gets this status and message.
    Respond(u16, &'static str),
}

struct Injection {
    request: RequestMatch,
    fault: Fault,
    hit: oneshot::Sender<()>,
}

#[derive(Default)]
struct State {
    injections: Vec<Injection>,
    open: Vec<UnixStream>,
    disconnected: bool,
}

/// The running proxy.
pub struct EngineProxy {
    socket: PathBuf,
    state: Arc<Mutex<State>>,
    _folder: TempDir,
}

impl EngineProxy {
    /// Starts the proxy.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, state) = (client.unwrap(), Arc::clone(&shared));
                // A worker that was killed leaves broken pipes behind; that is expected.
                thread::spawn(move || drop(forward(client, &state)));
            }
        });
        Self { socket, state, _folder: folder }
    }

    /// The socket for workers.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Injects a fault once; the receiver fires when the request has arrived.
    pub fn inject(&self, request: RequestMatch, fault: Fault) -> oneshot::Receiver<()> {
        let (hit, receiver) = oneshot::channel();
        lock(&self.state).injections.push(Injection { request, fault, hit });
        receiver
    }

    /// Breaks all open connections and refuses new ones, like an engine that is being restarted.
    pub fn disconnect(&self) {
        let mut state = lock(&self.state);
        state.disconnected = true;
        for client in state.open.drain(..) {
            let _ = client.shutdown(Shutdown::Both);
        }
    }

    /// Forwards requests again.
    pub fn reconnect(&self) {
        lock(&self.state).disconnected = false;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap()
}

/// Forwards one request and its response; a connection is used once.
fn forward(mut client: UnixStream, state: &Mutex<State>) -> io::Result<()> {
    let head = head(&mut client)?;
    let line = head.lines().next().unwrap_or_default().to_owned();
    let mut body = vec![0; length(&head)];
    client.read_exact(&mut body)?;
    let injection = {
        let mut state = lock(state);
        if state.disconnected {
            return Ok(());
        }
        state.open.push(client.try_clone()?);
        take_matching(&mut state.injections, &line)
    };
    match injection {
        None => {
            let mut engine = send(&head, &body)?;
            io::copy(&mut engine, &mut client)?;
        }
        Some(Injection { fault: Fault::Respond(status, message), hit, .. }) => {
            let body = format!("{{\"message\":\"{message}\"}}");
            write!(
                client,
                "HTTP/1.1 {status} Injected\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            )?;
            let _ = hit.send(());
        }
        Some(Injection { fault, hit, .. }) => {
            if matches!(fault, Fault::DropResponse) {
                send(&head, &body)?.read_to_end(&mut Vec::new())?;
            }
            let _ = hit.send(());
            // Holds the connection until the client is gone.
            let _ = client.read(&mut [0]);
        }
    }
    client.shutdown(Shutdown::Both)
}

/// The fault for this request, if there is one.
fn take_matching(injections: &mut Vec<Injection>, line: &str) -> Option<Injection> {
    let mut matched = None;
    for (at, Injection { request, .. }) in injections.iter_mut().enumerate() {
        if let Some(after) = request.after {
            if line.contains(after) {
                request.after = None;
            }
            continue;
        }
        if line.starts_with(request.method) && line.contains(request.path) {
            request.nth -= 1;
            if request.nth == 0 {
                matched = Some(at);
            }
        }
    }
    matched.map(|at| injections.remove(at))
}

fn head(client: &mut UnixStream) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn length(head: &str) -> usize {
    let named =
        |line: &str| Some(line.to_lowercase().strip_prefix("content-length:")?.trim().parse().unwrap());
    head.lines().find_map(named).unwrap_or_default()
}

/// Sends a request to the engine, on a connection that ends with the response.
fn send(head: &str, body: &[u8]) -> io::Result<UnixStream> {
    let mut engine = UnixStream::connect(ENGINE_SOCKET)?;
    let kept = head.trim_end().lines().filter(|line| !line.to_lowercase().starts_with("connection:"));
    let head: String = kept.map(|line| format!("{line}\r\n")).collect();
    engine.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
    engine.write_all(body)?;
    Ok(engine)
}
