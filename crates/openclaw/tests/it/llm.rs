//! A provider with all five wire formats, controlled by the message.

use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A request to the provider.
#[derive(Debug, Clone)]
pub struct Call {
    pub path: String,
    pub key: String,
    pub body: Value,
}

#[derive(Clone)]
pub struct Llm {
    pub address: SocketAddr,
    pub calls: Arc<Mutex<Vec<Call>>>,
    /// How often a client disconnected in the middle of an answer.
    pub aborted: Arc<Mutex<u32>>,
}

impl Llm {
    /// Listens on every address, because containers connect through their bridge.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let llm =
            Self { address: listener.local_addr().unwrap(), calls: Arc::default(), aborted: Arc::default() };
        let server = llm.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let llm = server.clone();
                tokio::spawn(async move { llm.serve(stream).await });
            }
        });
        llm
    }

    pub fn last(&self) -> Call {
        self.calls.lock().unwrap().last().unwrap().clone()
    }

    async fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        let call = read(&mut stream).await?;
        self.calls.lock().unwrap().push(call.clone());
        let message = last_message(&call.body);
        if call.key.contains("bad") {
            return refuse(&mut stream, 401, "Incorrect API key provided: bad", "invalid_api_key").await;
        }
        if message.contains("OVERFLOW") {
            let message = "This model's maximum context length is 8192 tokens";
            return refuse(&mut stream, 400, message, "context_length_exceeded").await;
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
            .await
            .ok()?;
        for piece in answer(&call, &message) {
            if stream.write_all(piece.as_bytes()).await.is_err() {
                *self.aborted.lock().unwrap() += 1;
                return None;
            }
            if message.contains("SLOW") {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        stream.shutdown().await.ok()
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Call> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let path = line.split_whitespace().nth(1)?.to_owned();
    let (mut key, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        match name.to_lowercase().as_str() {
            "authorization" | "x-api-key" | "x-goog-api-key" => {
                value.trim_start_matches("Bearer ").clone_into(&mut key)
            }
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Call { path, key, body: serde_json::from_slice(&body).ok()? })
}

async fn refuse(stream: &mut BufReader<TcpStream>, status: u16, message: &str, code: &str) -> Option<()> {
    let body =
        json!({ "error": { "message": message, "type": "invalid_request_error", "code": code } }).to_string();
    let head = format!(
        "HTTP/1.1 {status} No\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.ok()
}

/// The text of the last message a person sent, in any dialect.
fn last_message(body: &Value) -> String {
    let messages = ["messages", "input", "contents"].iter().find_map(|name| body[name].as_array());
    let of_user = messages.into_iter().flatten().filter(|message| message["role"] == "user");
    let mut texts = of_user.map(|message| format!("{}{}", message["content"], message["parts"]));
    texts.rfind(|text| !text.contains("OPENCLAW_INTERNAL_CONTEXT")).unwrap_or_default()
}

fn answer(call: &Call, message: &str) -> Vec<String> {
    let data = |value: Value| format!("data: {value}\n\n");
    let event = |value: Value| format!("event: {}\ndata: {value}\n\n", value["type"].as_str().unwrap());
    if call.path.ends_with("/v1/messages") {
        return anthropic().into_iter().map(event).collect();
    }
    if call.path.ends_with("/responses") {
        return responses().into_iter().map(event).collect();
    }
    if call.path.contains("GenerateContent") {
        return vec![data(json!({
            "candidates": [{ "content": { "role": "model", "parts": [{ "text": "hello" }] }, "finishReason": "STOP" }],
            "usageMetadata": { "promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5 },
        }))];
    }
    if call.path.ends_with("/api/chat") {
        let message = |text: &str| json!({ "role": "assistant", "content": text });
        let end = json!({ "message": message(""), "done": true, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 2 });
        return vec![format!("{}\n{end}\n", json!({ "message": message("hello"), "done": false }))];
    }
    completions(call, message).into_iter().map(data).chain(["data: [DONE]\n\n".into()]).collect()
}

fn completions(call: &Call, message: &str) -> Vec<Value> {
    let chunk = |delta: Value, end: Value| {
        json!({ "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": end }] })
    };
    let messages = call.body["messages"].as_array().unwrap();
    let after_tool = messages.last().is_some_and(|message| message["role"] == "tool");
    let mut chunks = Vec::new();
    if message.contains("TOOL") && !after_tool {
        let call = json!({ "index": 0, "id": "call_1", "type": "function",
            "function": { "name": "exec", "arguments": "{\"command\":\"echo from-the-tool\"}" } });
        chunks.push(chunk(json!({ "role": "assistant", "content": "Let me look." }), Value::Null));
        chunks.push(chunk(json!({ "tool_calls": [call] }), Value::Null));
        chunks.push(chunk(json!({}), "tool_calls".into()));
    } else {
        let words = if message.contains("SLOW") { 60 } else { 1 };
        chunks.extend((0..words).map(|_| chunk(json!({ "content": "hello " }), Value::Null)));
        chunks.push(chunk(json!({}), "stop".into()));
    }
    let usage = json!({ "prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5 });
    chunks.push(json!({ "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": usage }));
    chunks
}

fn anthropic() -> Vec<Value> {
    vec![
        json!({ "type": "message_start", "message": { "id": "m", "type": "message", "role": "assistant", "model": "m",
            "content": [], "usage": { "input_tokens": 3, "output_tokens": 1 } } }),
        json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
        json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "hello" } }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 2 } }),
        json!({ "type": "message_stop" }),
    ]
}

fn responses() -> Vec<Value> {
    let part = json!({ "type": "output_text", "text": "hello", "annotations": [] });
    let item = json!({ "id": "i", "type": "message", "role": "assistant", "status": "completed", "content": [part] });
    let usage = json!({ "input_tokens": 3, "output_tokens": 2, "total_tokens": 5,
        "input_tokens_details": { "cached_tokens": 0 }, "output_tokens_details": { "reasoning_tokens": 0 } });
    let response =
        json!({ "id": "r", "object": "response", "status": "completed", "output": [item], "usage": usage });
    vec![
        json!({ "type": "response.created", "response": { "id": "r", "object": "response", "status": "in_progress", "output": [] } }),
        json!({ "type": "response.output_item.added", "output_index": 0,
            "item": { "id": "i", "type": "message", "role": "assistant", "status": "in_progress", "content": [] } }),
        json!({ "type": "response.content_part.added", "item_id": "i", "output_index": 0, "content_index": 0,
            "part": { "type": "output_text", "text": "", "annotations": [] } }),
        json!({ "type": "response.output_text.delta", "item_id": "i", "output_index": 0, "content_index": 0, "delta": "hello" }),
        json!({ "type": "response.output_text.done", "item_id": "i", "output_index": 0, "content_index": 0, "text": "hello" }),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
        json!({ "type": "response.completed", "response": response }),
    ]
}
