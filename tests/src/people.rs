//! People who use Mosaic: with a browser's cookies, or with a program's token.

use crate::{Event, Events, eventually, within};
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, header};
use serde_json::{Value, json};
use std::time::Duration;

/// Somebody with (or without) a session or a token.
#[derive(Clone)]
pub struct Person {
    client: Client,
    url: String,
    bearer: Option<String>,
    session: Option<String>,
    account: Option<String>,
}

/// What he is answered.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// JSON body; null when there is none.
    pub body: Value,
    /// Headers.
    pub headers: header::HeaderMap,
}

impl Reply {
    /// Where it sends the browser.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |location| location.to_str().unwrap())
    }

    /// The stable code of a refusal.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Person {
    /// Not signed in.
    pub fn new(url: &str) -> Self {
        Self::with_browser(url, |browser| browser)
    }

    fn with_browser(url: &str, made: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let client = made(Client::builder().cookie_store(true).no_proxy()).build().unwrap();
        Self { client, url: url.to_owned(), bearer: None, session: None, account: None }
    }

    /// Not signed in, and with an address of his own on this machine (127.x.y.z).
    pub fn from_address(url: &str, address: std::net::Ipv4Addr) -> Self {
        Self::with_browser(url, |browser| browser.local_address(Some(address.into())))
    }

    /// Not signed in, with a browser that shows where it is sent instead of going there.
    pub fn stepwise(url: &str) -> Self {
        Self::with_browser(url, |browser| browser.redirect(reqwest::redirect::Policy::none()))
    }

    /// With a session's cookie.
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

    /// His `Cookie` header, for a program that acts as his browser; of who was made with a session only.
    pub fn cookie(&self) -> String {
        format!("mosaic_session={}", self.session.as_deref().expect("made with a session"))
    }

    /// The same person at another replica.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// The same person, acting for one of the instance's own agents.
    pub fn keeping(&self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self.clone() }
    }

    /// The replica he uses.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A request to be finished by the caller.
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

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        send(self.request(Method::GET, path)).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_with(path, body, &[]).await
    }

    /// POST of JSON with further headers.
    pub async fn post_with(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Reply {
        send(with(self.request(Method::POST, path).json(body), headers)).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.patch_with(path, body, &[]).await
    }

    /// PATCH of JSON with further headers.
    pub async fn patch_with(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Reply {
        send(with(self.request(Method::PATCH, path).json(body), headers)).await
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        send(self.request(Method::PUT, path).json(body)).await
    }

    /// Goes where a whole address points, with the same cookies and redirects as ever; answers with the status, where
    /// it ended, and the text there.
    pub async fn visit(&self, url: &str) -> (u16, String, String) {
        let response = self.client.get(url).send().await.unwrap();
        let (status, ended) = (response.status().as_u16(), response.url().to_string());
        (status, ended, response.text().await.unwrap())
    }

    /// Sends a form; answers with the status and the text.
    pub async fn submit(&self, url: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let response = self.client.post(url).form(fields).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        send(self.request(Method::DELETE, path)).await
    }

    /// Opens a chat; answers with its id.
    pub async fn chat(&self) -> String {
        let reply = self.post("/api/chats", &json!({})).await;
        assert_eq!(reply.status, 201, "{:?}", reply.body);
        reply.body["id"].as_str().unwrap().to_owned()
    }

    /// Asks in a chat; answers with the turn's id.
    pub async fn ask(&self, chat: &str, text: &str) -> String {
        let reply = self.post(&format!("/api/chats/{chat}/turns"), &json!({ "text": text })).await;
        assert_eq!(reply.status, 202, "{:?}", reply.body);
        reply.body["turnId"].as_str().unwrap().to_owned()
    }

    /// Follows a stream of events.
    pub async fn events(&self, path: &str) -> Events {
        let response = self.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200);
        Events::new(response)
    }

    /// Follows a turn behind a position (0 = from the beginning).
    pub async fn follow(&self, turn: &str, after: i64) -> Events {
        let request = self.request(Method::GET, &format!("/api/turns/{turn}/events"));
        let request = if after > 0 { request.header("Last-Event-ID", after.to_string()) } else { request };
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Events::new(response)
    }

    /// Asks, also while servers come and go: the same message under one key, until it is taken. Answers with the turn's
    /// id and how many tries were in vain.
    pub async fn ask_stubbornly(&self, chat: &str, text: &str) -> (String, usize) {
        let (path, key) = (format!("/api/chats/{chat}/turns"), uuid::Uuid::now_v7().to_string());
        let mut vain = 0;
        let turn = eventually("the message is taken", || {
            let request = self.request(Method::POST, &path).header("Idempotency-Key", &key);
            let request = request.json(&json!({ "text": text })).send();
            vain += 1;
            async {
                let response = request.await.ok().filter(|response| !response.status().is_server_error())?;
                assert_eq!(response.status(), 202, "{:?}", response.text().await);
                let turn: Value = response.json().await.ok()?;
                Some(turn["turnId"].as_str().unwrap().to_owned())
            }
        })
        .await;
        (turn, vain - 1)
    }

    /// Follows a turn to its end, from where it was whenever the stream breaks. Answers with all that came and how
    /// often it was opened anew.
    pub async fn follow_through(&self, turn: &str) -> (Vec<Event>, usize) {
        let (all, opened) = self.follow_on(turn, Vec::new()).await;
        (all, opened - 1)
    }

    /// The same behind what was `seen` already; answers with how often it was opened.
    pub async fn follow_on(&self, turn: &str, mut seen: Vec<Event>) -> (Vec<Event>, usize) {
        let path = format!("/api/turns/{turn}/events");
        let mut opened = 0;
        while !seen.last().is_some_and(|event| matches!(event.kind.as_str(), "done" | "error")) {
            let last = seen.iter().map(|event| event.id).max().unwrap_or(0);
            let response = eventually("the turn can be followed", || {
                let request = self.request(Method::GET, &path).header("Last-Event-ID", last.to_string());
                async { request.send().await.ok().filter(|response| response.status() == 200) }
            })
            .await;
            seen.extend(Events::new(response).rest().await);
            opened += 1;
        }
        (seen, opened)
    }

    /// Asks in a fresh chat and waits for the end; answers with the turn as stored.
    pub async fn ask_once(&self, text: &str) -> Value {
        let chat = self.chat().await;
        let turn = self.ask(&chat, text).await;
        self.finished(&turn).await
    }

    /// Waits until a turn is final; answers with it. Two starts of a real agent on a busy machine fit in.
    pub async fn finished(&self, turn: &str) -> Value {
        let path = format!("/api/turns/{turn}");
        within(Duration::from_secs(480), "the turn ends", || async {
            // The server may be away in between: that is what some tests are about.
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
