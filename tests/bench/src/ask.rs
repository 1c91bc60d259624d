//! The ways to the same agent: straight, through Mosaic's two doors, and through LiteLLM.

use crate::{
    people::AGENT,
    stamps::{self, Stamps},
    world::World,
};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The agent's gateway itself.
    Direct,
    /// `POST /v1/chat/completions`.
    PassThrough,
    /// `POST /api/chats/…/turns`, then its events.
    Turn,
    /// LiteLLM's proxy.
    LiteLlm,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Direct, Self::PassThrough, Self::Turn, Self::LiteLlm];

    /// As the report calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "the agent directly",
            Self::PassThrough => "Mosaic /v1",
            Self::Turn => "Mosaic stored turn",
            Self::LiteLlm => "LiteLLM",
        }
    }
}

/// The answer that the agent is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// Chunks.
    pub tokens: u32,
    /// Milliseconds between them.
    pub gap: u64,
}

impl Answer {
    fn question(self) -> String {
        format!("[[stub:tokens={},gap={},stamp]]", self.tokens, self.gap)
    }
}

/// What was seen of one answer.
#[derive(Debug, Default)]
pub struct Seen {
    /// From the request until the first byte of the answer's text, in microseconds.
    pub first: u64,
    /// From the agent's mouth to the client's ear, per chunk behind the first, in microseconds.
    pub chunks: Vec<u64>,
}

/// An answer that is being received.
pub struct Receiving {
    asked: Instant,
    response: Response,
    stamps: Stamps,
    seen: Seen,
    received: u32,
}

/// Asks as the `number`th client.
pub async fn ask(
    world: &World,
    client: &Client,
    way: Way,
    number: usize,
    answer: Answer,
) -> Result<Receiving, String> {
    let asked = Instant::now();
    let person = &world.people[number % world.people.len()];
    let response = match way {
        Way::Direct => completion(client, &world.agent_url, &world.agent_token, "openclaw", answer).await?,
        Way::PassThrough => completion(client, &world.mosaic_url, &person.token, AGENT, answer).await?,
        Way::LiteLlm => completion(client, &world.litellm_url, &world.litellm_token, AGENT, answer).await?,
        Way::Turn => {
            let chat = &person.chats[number / world.people.len() % person.chats.len()];
            let turn = accept(world, client, &person.token, chat, answer).await?;
            let url = format!("{}/api/turns/{turn}/events", world.mosaic_url);
            success(client.get(url).bearer_auth(&person.token).send().await).await?
        }
    };
    Ok(Receiving { asked, response, stamps: Stamps::default(), seen: Seen::default(), received: 0 })
}

/// Has a message accepted; answers with the turn.
pub async fn accept(
    world: &World,
    client: &Client,
    token: &str,
    chat: &str,
    answer: Answer,
) -> Result<String, String> {
    let url = format!("{}/api/chats/{chat}/turns", world.mosaic_url);
    let message = json!({ "text": answer.question() });
    let accepted = success(client.post(url).bearer_auth(token).json(&message).send().await).await?;
    let accepted: Value = accepted.json().await.map_err(|error| error.to_string())?;
    Ok(accepted["turnId"].as_str().unwrap_or_default().to_owned())
}

async fn completion(
    client: &Client,
    base: &str,
    token: &str,
    model: &str,
    answer: Answer,
) -> Result<Response, String> {
    let body = json!({
        "model": model, "stream": true, "messages": [{ "role": "user", "content": answer.question() }],
    });
    success(client.post(format!("{base}/v1/chat/completions")).bearer_auth(token).json(&body).send().await)
        .await
}

async fn success(sent: reqwest::Result<Response>) -> Result<Response, String> {
    let response = sent.map_err(|error| format!("{error:?}"))?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    Err(format!("{status}: {}", response.text().await.unwrap_or_default()))
}

impl Receiving {
    /// Reads until the first byte of the text.
    pub async fn first(&mut self) -> Result<(), String> {
        while self.received == 0 {
            if !self.read().await? {
                return Err("the stream ended without text".to_owned());
            }
        }
        Ok(())
    }

    /// Reads to the end; `tokens` must have come.
    pub async fn rest(mut self, tokens: u32) -> Result<Seen, String> {
        while self.read().await? {}
        if self.received == tokens {
            Ok(self.seen)
        } else {
            Err(format!("{} chunks of {tokens}", self.received))
        }
    }

    async fn read(&mut self) -> Result<bool, String> {
        let chunk = tokio::time::timeout(Duration::from_secs(60), self.response.chunk()).await;
        let chunk =
            chunk.map_err(|_| "a minute of silence".to_owned())?.map_err(|error| error.to_string())?;
        let Some(chunk) = chunk else { return Ok(false) };
        let now = stamps::now();
        for stamp in self.stamps.take(&chunk) {
            if self.received == 0 {
                self.seen.first = u64::try_from(self.asked.elapsed().as_micros()).unwrap_or(u64::MAX);
            } else {
                self.seen.chunks.push(now.saturating_sub(stamp));
            }
            self.received += 1;
        }
        Ok(true)
    }
}
