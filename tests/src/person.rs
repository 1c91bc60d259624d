//! Clients of Mosaic: a browser with cookies, or a program with a token.

use crate::{Event, Events, eventually, eventually_within};
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, header};
use serde_json::{Value, json};
use std::time::Duration;

/// A user's client, with or without a session or a token.
#[derive(Clone)]
pub struct Person {
    client: Client,
    url: String,
    bearer: Option<String>,
    session: Option<String>,
    account: Option<String>,
}

/// A response to a request.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; null if there is none.
    pub body: Value,
    /// The headers.
    pub headers: header::HeaderMap,
}

impl Reply {
    /// The address of a redirect; empty if there is none.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |location| location.to_str().unwrap())
    }

    /// The error code; empty if there is none.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Person {
    /// A browser that is not signed in.
    pub fn new(url: &str) -> Self {
        Self::with_browser(url, |browser| browser)
    }

    fn with_browser(url: &str, configure: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let client = configure(Client::builder().cookie_store(true).no_proxy()).build().unwrap();
        Self { client, url: url.to_owned(), bearer: None, session: None, account: None }
    }

    /// A browser that is not signed in and connects from this address (127.x.y.z).
    pub fn from_address(url: &str, address: std::net::Ipv4Addr) -> Self {
        Self::with_browser(url, |browser| browser.local_address(Some(address.into())))
    }

    /// A browser that is not signed in and does not follow redirects.
    pub fn without_redirects(url: &str) -> Self {
        Self::with_browser(url, |browser| browser.redirect(reqwest::redirect::Policy::none()))
    }

    /// A browser with a session's cookie.
    pub fn with_session(url: &str, token: &str) -> Self {
        let jar = reqwest::cookie::Jar::default();
        jar.add_cookie_str(&format!("mosaic_session={token}; Path=/"), &url.parse().unwrap());
        let client = Client::builder().cookie_provider(jar.into()).no_proxy().build().unwrap();
        Self { session: Some(token.to_owned()), client, ..Self::new(url) }
    }

    /// A program with an API token.
    pub fn with_token(url: &str, token: &str) -> Self {
        Self { bearer: Some(token.to_owned()), ..Self::new(url) }
    }

    /// The `Cookie` header, for a program that acts as this browser. Panics if this client has no session.
    pub fn cookie(&self) -> String {
        format!("mosaic_session={}", self.session.as_deref().expect("made with a session"))
    }

    /// The same client at another replica.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// The same client, acting for one of the instance's own agents.
    pub fn acting_for(&self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self.clone() }
    }

    /// The address of the replica that this client uses.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A request for the caller to complete and send.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        let request = match &self.bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        match &self.account {
            Some(account) => request.header("X-Mosaic-Account", account),
            None => request,
        }
    }

    /// Sends a GET request.
    pub async fn get(&self, path: &str) -> Reply {
        send(self.request(Method::GET, path)).await
    }

    /// Sends a POST request with JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_with(path, body, &[]).await
    }

    /// Sends a POST request with JSON and further headers.
    pub async fn post_with(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Reply {
        send(with(self.request(Method::POST, path).json(body), headers)).await
    }

    /// Sends a PATCH request with JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.patch_with(path, body, &[]).await
    }

    /// Sends a PATCH request with JSON and further headers.
    pub async fn patch_with(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Reply {
        send(with(self.request(Method::PATCH, path).json(body), headers)).await
    }

    /// Sends a PUT request with JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        send(self.request(Method::PUT, path).json(body)).await
    }

    /// Opens a full address with this client's cookies; returns the status, the final address, and the text.
    pub async fn visit(&self, url: &str) -> (u16, String, String) {
        let response = self.client.get(url).send().await.unwrap();
        let (status, ended) = (response.status().as_u16(), response.url().to_string());
        (status, ended, response.text().await.unwrap())
    }

    /// Sends a form to a full address; returns the status and the text.
    pub async fn submit(&self, url: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let response = self.client.post(url).form(fields).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Sends a DELETE request.
    pub async fn delete(&self, path: &str) -> Reply {
        send(self.request(Method::DELETE, path)).await
    }

    /// The account with this name, as an admin sees it.
    pub async fn find_user(&self, name: &str) -> Value {
        let users = self.get("/api/users").await.body;
        let found = users["items"].as_array().into_iter().flatten().find(|user| user["username"] == name);
        found.unwrap_or_else(|| panic!("no user {name} in {users}")).clone()
    }

    /// The path of that account.
    pub async fn user_path(&self, name: &str) -> String {
        format!("/api/users/{}", self.find_user(name).await["id"].as_str().unwrap())
    }

    /// Creates a chat; returns its id.
    pub async fn create_chat(&self) -> String {
        let reply = self.post("/api/chats", &json!({})).await;
        assert_eq!(reply.status, 201, "{:?}", reply.body);
        reply.body["id"].as_str().unwrap().to_owned()
    }

    /// Sends a message to a chat; returns the turn's id.
    pub async fn ask(&self, chat: &str, text: &str) -> String {
        let reply = self.post(&format!("/api/chats/{chat}/turns"), &json!({ "text": text })).await;
        assert_eq!(reply.status, 202, "{:?}", reply.body);
        reply.body["turnId"].as_str().unwrap().to_owned()
    }

    /// Opens a stream of events.
    pub async fn events(&self, path: &str) -> Events {
        let response = self.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200);
        Events::new(response)
    }

    /// Opens the events of a turn after a position (0 = from the beginning).
    pub async fn follow(&self, turn: &str, after: i64) -> Events {
        let request = self.request(Method::GET, &format!("/api/turns/{turn}/events"));
        let request = if after > 0 { request.header("Last-Event-ID", after.to_string()) } else { request };
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Events::new(response)
    }

    /// Sends a message while servers may be away: repeats it under one key until it is accepted. Returns the turn's id
    /// and the number of failed attempts.
    pub async fn ask_with_retries(&self, chat: &str, text: &str) -> (String, usize) {
        let (path, key) = (format!("/api/chats/{chat}/turns"), uuid::Uuid::now_v7().to_string());
        let mut attempts = 0;
        let turn = eventually("the message is accepted", || {
            let request = self.request(Method::POST, &path).header("Idempotency-Key", &key);
            let request = request.json(&json!({ "text": text })).send();
            attempts += 1;
            async {
                let response = request.await.ok().filter(|response| !response.status().is_server_error())?;
                assert_eq!(response.status(), 202, "{:?}", response.text().await);
                let turn: Value = response.json().await.ok()?;
                Some(turn["turnId"].as_str().unwrap().to_owned())
            }
        })
        .await;
        (turn, attempts - 1)
    }

    /// Follows a turn to its end, after the events in `seen`, and reconnects if the stream breaks. Returns all events
    /// and the number of connections.
    pub async fn follow_to_end(&self, turn: &str, mut seen: Vec<Event>) -> (Vec<Event>, usize) {
        let path = format!("/api/turns/{turn}/events");
        let mut opened = 0;
        while !seen.last().is_some_and(|event| matches!(event.kind.as_str(), "done" | "error")) {
            let last = seen.iter().map(|event| event.id).max().unwrap_or(0);
            let response = eventually("the turn can be followed", || {
                let request = self.request(Method::GET, &path).header("Last-Event-ID", last.to_string());
                async { request.send().await.ok().filter(|response| response.status() == 200) }
            })
            .await;
            seen.extend(Events::new(response).read_to_end().await);
            opened += 1;
        }
        (seen, opened)
    }

    /// Sends a message to a new chat and waits for the end; returns the turn as stored.
    pub async fn ask_in_new_chat(&self, text: &str) -> Value {
        let chat = self.create_chat().await;
        let turn = self.ask(&chat, text).await;
        self.wait_for_turn(&turn).await
    }

    /// Waits until a turn has ended; returns it. The limit allows for two starts of a real agent on a busy machine.
    pub async fn wait_for_turn(&self, turn: &str) -> Value {
        let path = format!("/api/turns/{turn}");
        eventually_within(Duration::from_secs(480), "the turn ends", || async {
            // The server may be away in between: some tests kill it.
            let reply = self.request(Method::GET, &path).send().await.ok()?;
            let turn: Value = reply.json().await.ok()?;
            let over = !matches!(turn["status"].as_str()?, "pending" | "running");
            over.then_some(turn)
        })
        .await
    }
}

fn with(request: RequestBuilder, headers: &[(&str, &str)]) -> RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

async fn send(request: RequestBuilder) -> Reply {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.unwrap();
    Reply { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
}
