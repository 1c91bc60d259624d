//! Mosaic's config endpoint, as this program uses it: one version at a time, long polls, a token.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub const TOKEN: &str = "tok-of-this-container";
/// The duration of a long poll. The real server waits for 25 s.
const LONG_POLL: Duration = Duration::from_millis(1500);

#[derive(Default)]
struct State {
    envelope: Value,
    status: Option<u16>,
    queries: Vec<HashMap<String, String>>,
}

/// The server. It stops with the test process.
#[derive(Clone)]
pub struct Server {
    pub url: String,
    /// The gateway's port, which is open from the start.
    gateway: Arc<TcpListener>,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/api/internal/agent-config/ctr_1", listener.local_addr().unwrap());
        let gateway = Arc::new(TcpListener::bind("127.0.0.1:0").unwrap());
        let server = Self { url, gateway, shared: Arc::default() };
        let serving = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let one = serving.clone();
                std::thread::spawn(move || one.answer(stream.unwrap()));
            }
        });
        server
    }

    /// Offers a version with a config (and the gateway's port, if it has none) and personality files.
    pub fn offer(&self, version: &str, config: &Value, files: &[(&str, &str)]) {
        let mut config = config.clone();
        if config.get("gateway").is_none() {
            config["gateway"] = json!({"port": self.gateway_port()});
        }
        let files = files.iter().map(|(path, content)| json!({"path": path, "content": content}));
        let files: Vec<_> = files.collect();
        let (state, changed) = &*self.shared;
        state.lock().unwrap().envelope = json!({"version": version, "config": config, "files": files});
        changed.notify_all();
    }

    pub fn gateway_port(&self) -> u16 {
        self.gateway.local_addr().unwrap().port()
    }

    /// Answers every request with this status from now on.
    pub fn fail_with(&self, status: Option<u16>) {
        self.shared.0.lock().unwrap().status = status;
    }

    /// The queries so far, oldest first.
    pub fn queries(&self) -> Vec<HashMap<String, String>> {
        self.shared.0.lock().unwrap().queries.clone()
    }

    /// Waits for a query with these pairs.
    pub fn await_query(&self, pairs: &[(&str, &str)]) -> HashMap<String, String> {
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            let fits = |query: &HashMap<String, String>| {
                pairs.iter().all(|(name, value)| query.get(*name).is_some_and(|have| have == value))
            };
            if let Some(query) = self.queries().into_iter().rev().find(|query| fits(query)) {
                return query;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("no query with {pairs:?}: {:?}", self.queries());
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let mut authorized = false;
        for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
            authorized |= line.eq_ignore_ascii_case(&format!("authorization: Bearer {TOKEN}"));
        }
        let target = first.split(' ').nth(1).unwrap();
        let query = query_of(target);
        let (status, body) = self.decide(&query, authorized);
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())));
    }

    fn decide(&self, query: &HashMap<String, String>, authorized: bool) -> (u16, String) {
        let (state, changed) = &*self.shared;
        let mut state = state.lock().unwrap();
        state.queries.push(query.clone());
        if let Some(status) = state.status {
            return (status, String::new());
        }
        if !authorized {
            return (401, String::new());
        }
        let known = |state: &mut State| {
            let version = state.envelope["version"].as_str().map(str::to_owned);
            let version = version.as_ref();
            version.is_none() || query.get("have") == version || query.get("tried") == version
        };
        if query.contains_key("wait") {
            state = changed.wait_timeout_while(state, LONG_POLL, known).unwrap().0;
        }
        if known(&mut state) {
            return (304, String::new());
        }
        (200, state.envelope.to_string())
    }
}

fn query_of(target: &str) -> HashMap<String, String> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let hex: String = rest.by_ref().take(2).map(char::from).collect();
        bytes.push(u8::from_str_radix(&hex, 16).unwrap());
    }
    String::from_utf8(bytes).unwrap()
}
