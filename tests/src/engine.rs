//! A road to the container engine on which single requests can be stopped, spoiled, or all of them cut off.

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

/// Where the engine itself listens.
pub(crate) const ENGINE: &str = "/var/run/docker.sock";

/// A request: the `nth` from now with this method and this part in its target, counted once a request with `after`
/// in its target has passed.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// GET, POST …
    pub method: &'static str,
    /// Part of the target.
    pub path: &'static str,
    /// Part of an earlier request's target.
    pub after: Option<&'static str>,
    /// 1 = the next one.
    pub nth: usize,
}

impl Moment {
    /// The next such request.
    pub const fn next(method: &'static str, path: &'static str) -> Self {
        Self { method, path, after: None, nth: 1 }
    }
}

/// What happens to it.
#[derive(Debug, Clone, Copy)]
pub enum Side {
    /// It never reaches the engine, and its sender never hears of it.
    Before,
    /// The engine does it, but its sender never hears of it.
    After,
    /// It never reaches the engine; the answer is this status and message.
    Instead(u16, &'static str),
}

struct Trap {
    moment: Moment,
    side: Side,
    hit: oneshot::Sender<()>,
}

#[derive(Default)]
struct State {
    traps: Vec<Trap>,
    open: Vec<UnixStream>,
    cut: bool,
}

/// The road.
pub struct Engine {
    socket: PathBuf,
    state: Arc<Mutex<State>>,
    _folder: TempDir,
}

impl Engine {
    /// Opens it.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, state) = (client.unwrap(), Arc::clone(&shared));
                // A worker that was killed leaves broken pipes behind: nothing to say about.
                thread::spawn(move || drop(carry(client, &state)));
            }
        });
        Self { socket, state, _folder: folder }
    }

    /// Where workers find it.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Sets a trap; the receiver hears when something is in it.
    pub fn trap(&self, moment: Moment, side: Side) -> oneshot::Receiver<()> {
        let (hit, heard) = oneshot::channel();
        lock(&self.state).traps.push(Trap { moment, side, hit });
        heard
    }

    /// Breaks everything that is under way and refuses what comes, as an engine that is being restarted.
    pub fn cut(&self) {
        let mut state = lock(&self.state);
        state.cut = true;
        for client in state.open.drain(..) {
            let _ = client.shutdown(Shutdown::Both);
        }
    }

    /// It is back.
    pub fn mend(&self) {
        lock(&self.state).cut = false;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap()
}

/// Carries one request and its answer; a connection is used once.
fn carry(mut client: UnixStream, state: &Mutex<State>) -> io::Result<()> {
    let head = head(&mut client)?;
    let line = head.lines().next().unwrap_or_default().to_owned();
    let mut body = vec![0; length(&head)];
    client.read_exact(&mut body)?;
    let trap = {
        let mut state = lock(state);
        if state.cut {
            return Ok(());
        }
        state.open.push(client.try_clone()?);
        spring(&mut state.traps, &line)
    };
    match trap {
        None => {
            let mut engine = ask(&head, &body)?;
            io::copy(&mut engine, &mut client)?;
        }
        Some(Trap { side: Side::Instead(status, message), hit, .. }) => {
            let body = format!("{{\"message\":\"{message}\"}}");
            write!(
                client,
                "HTTP/1.1 {status} Spoiled\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            )?;
            let _ = hit.send(());
        }
        Some(Trap { side, hit, .. }) => {
            if matches!(side, Side::After) {
                ask(&head, &body)?.read_to_end(&mut Vec::new())?;
            }
            let _ = hit.send(());
            // Until the sender is gone.
            let _ = client.read(&mut [0]);
        }
    }
    client.shutdown(Shutdown::Both)
}

/// The trap that this request falls into.
fn spring(traps: &mut Vec<Trap>, line: &str) -> Option<Trap> {
    let mut sprung = None;
    for (at, Trap { moment, .. }) in traps.iter_mut().enumerate() {
        if let Some(after) = moment.after {
            if line.contains(after) {
                moment.after = None;
            }
            continue;
        }
        if line.starts_with(moment.method) && line.contains(moment.path) {
            moment.nth -= 1;
            if moment.nth == 0 {
                sprung = Some(at);
            }
        }
    }
    sprung.map(|at| traps.remove(at))
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

/// Asks the engine on a connection that ends with the answer.
fn ask(head: &str, body: &[u8]) -> io::Result<UnixStream> {
    let mut engine = UnixStream::connect(ENGINE)?;
    let kept = head.trim_end().lines().filter(|line| !line.to_lowercase().starts_with("connection:"));
    let head: String = kept.map(|line| format!("{line}\r\n")).collect();
    engine.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
    engine.write_all(body)?;
    Ok(engine)
}
