//! Sessions: one JSON line per committed message under `<state>/stub/`, so that a restart keeps
//! them. In memory a session is only its lock and its subscribers, while it is used.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::UNIX_EPOCH;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::broadcast;

/// Messages that a subscriber may be behind. Beyond that it reads the whole history again.
const LIVE_BUFFER: usize = 32;

/// All sessions of the gateway.
#[derive(Debug)]
pub struct Sessions {
    dir: PathBuf,
    open: Mutex<HashMap<String, Weak<Session>>>,
}

impl Sessions {
    /// Opens a directory, or creates it.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn open(dir: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&dir)?;
        Ok(Self { dir, open: Mutex::default() })
    }

    /// The session of a key, also if it has no messages.
    pub fn get(&self, key: &str) -> Arc<Session> {
        let mut open = self.open.lock();
        if let Some(session) = open.get(key).and_then(Weak::upgrade) {
            return session;
        }
        open.retain(|_, session| session.strong_count() > 0);
        let session = Arc::new(Session {
            key: key.to_owned(),
            path: self.dir.join(file_name(key)),
            turn: tokio::sync::Mutex::new(()),
            last_seq: Mutex::new(None),
            live: broadcast::Sender::new(LIVE_BUFFER),
        });
        open.insert(key.to_owned(), Arc::downgrade(&session));
        session
    }

    /// Every session that has messages.
    ///
    /// # Errors
    /// When the directory or a file cannot be read.
    pub fn list(&self) -> io::Result<Vec<SessionInfo>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let Some(key) = entry.file_name().to_str().and_then(key_of) else { continue };
            let updated = entry.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            let updated_ms = u64::try_from(updated.as_millis()).unwrap_or_default();
            let Some(id) = self.id(&key)? else { continue };
            all.push(SessionInfo { key, id, updated_ms });
        }
        Ok(all)
    }

    /// Deletes the session of a key if it has this id.
    ///
    /// # Errors
    /// When its file cannot be read or removed.
    pub fn delete(&self, key: &str, id: &str) -> io::Result<bool> {
        if self.id(key)?.as_deref() != Some(id) {
            return Ok(false);
        }
        self.open.lock().remove(key);
        fs::remove_file(self.dir.join(file_name(key)))?;
        Ok(true)
    }

    /// The id of the first message.
    fn id(&self, key: &str) -> io::Result<Option<String>> {
        let messages = self.get(key).read_messages()?;
        Ok(messages.first().and_then(|first| Some(first["__openclaw"]["id"].as_str()?.to_owned())))
    }
}

/// A session in the list of all sessions.
#[derive(Debug)]
pub struct SessionInfo {
    pub key: String,
    /// A new session with the same key has another id.
    pub id: String,
    /// When its last message was committed, in milliseconds since 1970.
    pub updated_ms: u64,
}

#[derive(Debug)]
pub struct Session {
    key: String,
    path: PathBuf,
    turn: tokio::sync::Mutex<()>,
    last_seq: Mutex<Option<u64>>,
    live: broadcast::Sender<Value>,
}

impl Session {
    /// `agent:<id>:…`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Waits until no other run is active, because a session has one run at a time.
    pub async fn lock_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Commits a message with an id and the next sequence number, and sends it to the subscribers.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn commit(&self, mut message: Value) -> io::Result<()> {
        let mut last_seq = self.last_seq.lock();
        let seq = match *last_seq {
            Some(seq) => seq + 1,
            None => self.read_messages()?.len() as u64 + 1,
        };
        let id = uuid::Uuid::now_v7().to_string();
        message["__openclaw"]["id"] = json!(id);
        message["__openclaw"]["seq"] = json!(seq);
        // One write per line, so that a killed process leaves only whole lines.
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        file.write_all(format!("{message}\n").as_bytes())?;
        *last_seq = Some(seq);
        // An error means that there is no subscriber, which is the usual case.
        drop(self.live.send(message));
        Ok(())
    }

    /// Every committed message, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_messages(&self) -> io::Result<Vec<Value>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut messages = Vec::new();
        for line in BufReader::new(file).lines() {
            messages.push(serde_json::from_str(&line?)?);
        }
        Ok(messages)
    }

    /// Receives every message that is committed from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Value> {
        self.live.subscribe()
    }
}

/// A file name for any key: unsafe characters are written as hex.
fn file_name(key: &str) -> String {
    let mut name = String::new();
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            b':' => name.push('.'),
            other => name.push_str(&format!("%{other:02x}")),
        }
    }
    name + ".jsonl"
}

/// The key of a file name, if it has no hex.
fn key_of(file_name: &str) -> Option<String> {
    let name = file_name.strip_suffix(".jsonl")?;
    (!name.contains('%')).then(|| name.replace('.', ":"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_restart_keeps_the_messages_and_continues_their_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Sessions::open(dir.path().join("stub")).unwrap();
        let first = open().get("agent:main:x");
        first.commit(json!({"role": "user", "content": "a"})).unwrap();
        let again = open().get("agent:main:x");
        again.commit(json!({"role": "user", "content": "b"})).unwrap();
        let all = again.read_messages().unwrap();
        assert_eq!(all[0]["content"], "a");
        assert_eq!(all[1]["__openclaw"]["seq"], 2);
    }

    #[test]
    fn sessions_are_listed_and_only_the_one_with_the_id_is_deleted() {
        let dir = tempfile::tempdir().unwrap();
        let sessions = Sessions::open(dir.path().join("stub")).unwrap();
        let key = "agent:ada:mosaic:0a:1";
        sessions.get(key).commit(json!({"role": "user", "content": "a"})).unwrap();
        let listed = sessions.list().unwrap().remove(0);
        assert_eq!(listed.key, key);
        assert!(!sessions.delete(key, "another").unwrap());
        assert!(sessions.delete(key, &listed.id).unwrap());
        assert!(sessions.list().unwrap().is_empty() && sessions.get(key).read_messages().unwrap().is_empty());
    }

    #[test]
    fn no_key_leaves_the_directory() {
        assert_eq!(file_name("agent:a:../../x y"), "agent.a.%2e%2e%2f%2e%2e%2fx%20y.jsonl");
    }
}
