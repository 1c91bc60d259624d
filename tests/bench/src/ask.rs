//! Asks the agent by one of the routes, and keeps when each piece of the answer came.

use crate::{
    environment::Environment,
    route::Route,
    stamps::{self, StampParser},
    users::AGENT,
};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The answer that the agent is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    pub tokens: u32,
    /// Between two tokens.
    pub gap_millis: u64,
}

impl Answer {
    fn question(self) -> String {
        format!("[[stub:tokens={},gap={},stamp]]", self.tokens, self.gap_millis)
    }
}

/// What was measured of one answer.
#[derive(Debug, Default)]
pub struct AnswerTiming {
    /// From the request to the first byte of the answer's text.
    pub first_byte_micros: u64,
    /// From the agent to the client, for each chunk after the first.
    pub chunk_micros: Vec<u64>,
}

/// An answer that is being received.
pub struct AnswerStream {
    asked: Instant,
    response: Response,
    stamps: StampParser,
    timing: AnswerTiming,
    received: u32,
}

/// Asks as the `number`th client.
pub async fn ask(
    environment: &Environment,
    client: &Client,
    route: Route,
    number: usize,
    answer: Answer,
) -> Result<AnswerStream, String> {
    let asked = Instant::now();
    let user = &environment.users[number % environment.users.len()];
    let response = match route {
        Route::Direct => {
            completion(client, &environment.agent_url, &environment.agent_token, "openclaw", answer).await?
        }
        Route::PassThrough => completion(client, &environment.mosaic_url, &user.token, AGENT, answer).await?,
        Route::LiteLlm => {
            completion(client, &environment.litellm_url, &environment.litellm_token, AGENT, answer).await?
        }
        Route::Turn => {
            let chat = &user.chats[number / environment.users.len() % user.chats.len()];
            let turn = send_message(environment, client, &user.token, chat, answer).await?;
            let url = format!("{}/api/turns/{turn}/events", environment.mosaic_url);
            success(client.get(url).bearer_auth(&user.token).send().await).await?
        }
    };
    Ok(AnswerStream {
        asked,
        response,
        stamps: StampParser::default(),
        timing: AnswerTiming::default(),
        received: 0,
    })
}

/// Sends a message. Returns the id of its turn.
pub async fn send_message(
    environment: &Environment,
    client: &Client,
    token: &str,
    chat: &str,
    answer: Answer,
) -> Result<String, String> {
    let url = format!("{}/api/chats/{chat}/turns", environment.mosaic_url);
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

impl AnswerStream {
    /// Reads until the first byte of the text.
    pub async fn read_first(&mut self) -> Result<(), String> {
        while self.received == 0 {
            if !self.read().await? {
                return Err("the stream ended without text".to_owned());
            }
        }
        Ok(())
    }

    /// Reads to the end, and checks that `tokens` chunks were received.
    pub async fn read_rest(mut self, tokens: u32) -> Result<AnswerTiming, String> {
        while self.read().await? {}
        if self.received == tokens {
            Ok(self.timing)
        } else {
            Err(format!("{} chunks of {tokens}", self.received))
        }
    }

    async fn read(&mut self) -> Result<bool, String> {
        let chunk = tokio::time::timeout(Duration::from_secs(60), self.response.chunk()).await;
        let chunk =
            chunk.map_err(|_| "no data for a minute".to_owned())?.map_err(|error| error.to_string())?;
        let Some(chunk) = chunk else { return Ok(false) };
        let now = stamps::now();
        for stamp in self.stamps.parse(&chunk) {
            if self.received == 0 {
                self.timing.first_byte_micros =
                    u64::try_from(self.asked.elapsed().as_micros()).unwrap_or(u64::MAX);
            } else {
                self.timing.chunk_micros.push(now.saturating_sub(stamp));
            }
            self.received += 1;
        }
        Ok(true)
    }
}
