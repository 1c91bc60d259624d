//! Sessions: one JSON line per committed message under `<state>/stub/`, so that a restart keeps
//! them. In memory a session is only its lock and its listeners, while somebody uses it.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::UNIX_EPOCH;

use serde_json::{Value, json};
use tokio::sync::broadcast;

/// A follower that is further behind reads the whole history again.
const LIVE: usize = 32;

/// All sessions of the gateway.
#[derive(Debug)]
pub struct Sessions {
    dir: PathBuf,
    open: Mutex<HashMap<String, Weak<Session>>>,
}

impl Sessions {
    /// Uses (and makes) a directory.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(dir: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&dir)?;
        Ok(Self { dir, open: Mutex::default() })
    }

    /// The session of a key, whether anything was said in it or not.
    pub fn get(&self, key: &str) -> Arc<Session> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = open.get(key).and_then(Weak::upgrade) {
            return session;
        }
        open.retain(|_, session| session.strong_count() > 0);
        let session = Arc::new(Session {
            key: key.to_owned(),
            path: self.dir.join(file_name(key)),
            turn: tokio::sync::Mutex::new(()),
            seq: Mutex::new(None),
            live: broadcast::Sender::new(LIVE),
        });
        open.insert(key.to_owned(), Arc::downgrade(&session));
        session
    }

    /// Every session in which something was said.
    ///
    /// # Errors
    /// When the directory or a file cannot be read.
    pub fn list(&self) -> io::Result<Vec<Listed>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let Some(key) = entry.file_name().to_str().and_then(key_of) else { continue };
            let said = entry.metadata()?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            let Some(id) = self.id(&key)? else { continue };
            all.push(Listed { key, id, updated_ms: u64::try_from(said.as_millis()).unwrap_or_default() });
        }
        Ok(all)
    }

    /// Deletes the session of a key, if it is the one of this id.
    ///
    /// # Errors
    /// When its file cannot be read or removed.
    pub fn delete(&self, key: &str, id: &str) -> io::Result<bool> {
        if self.id(key)?.as_deref() != Some(id) {
            return Ok(false);
        }
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        fs::remove_file(self.dir.join(file_name(key)))?;
        Ok(true)
    }

    /// That of its first message.
    fn id(&self, key: &str) -> io::Result<Option<String>> {
        let messages = self.get(key).read()?;
        Ok(messages.first().and_then(|first| Some(first["__openclaw"]["id"].as_str()?.to_owned())))
    }
}

/// A session in the list of all.
#[derive(Debug)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its id, which a new session of the same key does not have.
    pub id: String,
    /// When its last message was committed, in milliseconds since 1970.
    pub updated_ms: u64,
}

/// One session.
#[derive(Debug)]
pub struct Session {
    key: String,
    path: PathBuf,
    turn: tokio::sync::Mutex<()>,
    seq: Mutex<Option<u64>>,
    live: broadcast::Sender<Value>,
}

impl Session {
    /// Its key, `agent:<id>:…`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Waits for its turn: a session runs one chat at a time.
    pub async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Commits a message, giving it an id and the next number, and tells the followers.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn commit(&self, mut message: Value) -> io::Result<()> {
        let mut last = self.seq.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = match *last {
            Some(seq) => seq + 1,
            None => self.read()?.len() as u64 + 1,
        };
        let id = uuid::Uuid::now_v7().to_string();
        message["__openclaw"]["id"] = json!(id);
        message["__openclaw"]["seq"] = json!(seq);
        // One write per line: a killed process leaves whole lines behind.
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        file.write_all(format!("{message}\n").as_bytes())?;
        *last = Some(seq);
        // Nobody listening is the usual case.
        drop(self.live.send(message));
        Ok(())
    }

    /// Every committed message, oldest first; empty when nothing was said yet.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&self) -> io::Result<Vec<Value>> {
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

    /// Every message committed from now on.
    pub fn listen(&self) -> broadcast::Receiver<Value> {
        self.live.subscribe()
    }
}

/// A file name for any key: what is not plainly safe is written as hex.
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

/// The key of a file name, if it is plain.
fn key_of(file_name: &str) -> Option<String> {
    let name = file_name.strip_suffix(".jsonl")?;
    (!name.contains('%')).then(|| name.replace('.', ":"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_restart_keeps_what_was_said_and_goes_on_counting() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Sessions::open(dir.path().join("stub")).unwrap();
        let first = open().get("agent:main:x");
        first.commit(json!({"role": "user", "content": "a"})).unwrap();
        let again = open().get("agent:main:x");
        again.commit(json!({"role": "user", "content": "b"})).unwrap();
        let all = again.read().unwrap();
        assert_eq!(all[0]["content"], "a");
        assert_eq!(all[1]["__openclaw"]["seq"], 2);
    }

    #[test]
    fn sessions_are_listed_and_only_the_meant_one_is_deleted() {
        let dir = tempfile::tempdir().unwrap();
        let sessions = Sessions::open(dir.path().join("stub")).unwrap();
        let key = "agent:ada:mosaic:0a:1";
        sessions.get(key).commit(json!({"role": "user", "content": "a"})).unwrap();
        let listed = sessions.list().unwrap().remove(0);
        assert_eq!(listed.key, key);
        assert!(!sessions.delete(key, "another").unwrap());
        assert!(sessions.delete(key, &listed.id).unwrap());
        assert!(sessions.list().unwrap().is_empty() && sessions.get(key).read().unwrap().is_empty());
    }

    #[test]
    fn no_key_leaves_the_directory() {
        assert_eq!(file_name("agent:a:../../x y"), "agent.a.%2e%2e%2f%2e%2e%2fx%20y.jsonl");
    }
}
