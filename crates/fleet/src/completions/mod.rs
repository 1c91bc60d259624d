//! The OpenAI-compatible endpoint: any program that can use OpenAI can use an agent.
//!
//! Stateless by default ([`pass_through`]): the client's request goes to the agent, the answer comes back byte by byte,
//! and nothing is stored. With a chat ([`in_chat`]) the newest message becomes a turn of that chat.

mod in_chat;
mod pass_through;
mod request;

pub use request::{Request, RequestError};

use crate::{Cx, Error, Result};
use domain::{ChatId, Slug};
use futures_util::stream::BoxStream;
use store::{
    Tx,
    agents::{self, Agent},
};

/// The bytes of an answer as they arrive. Dropping them cancels the answer.
pub type Bytes = BoxStream<'static, bytes::Bytes>;

/// The answer to a request.
pub enum Answer {
    /// As a whole.
    Whole {
        /// HTTP status.
        status: u16,
        /// JSON.
        body: bytes::Bytes,
    },
    /// As server-sent events in OpenAI's format, including errors.
    Stream(Bytes),
}

/// Asks the agent that the request names.
pub async fn complete(cx: &Cx, request: Request, chat: Option<ChatId>) -> Result<Answer> {
    match chat {
        Some(chat) => in_chat::complete(cx, request, chat).await,
        None => pass_through::complete(cx, request).await,
    }
}

/// The acting user's agent with that slug. The error names the agents that exist.
async fn find_agent(tx: &mut Tx, model: &str) -> Result<Agent> {
    if let Some(agent) = agents::by_slug(tx, model).await? {
        return Ok(agent);
    }
    let slugs: Vec<String> = agents::list(tx).await?.into_iter().map(|agent| agent.slug).collect();
    Err(Error::Upstream {
        code: "model_not_found",
        detail: format!("There is no agent `{model}`. Yours: {}.", slugs.join(", ")),
        fault: crate::Fault::Request,
    })
}

fn slug(agent: &Agent) -> Result<Slug> {
    Ok(Slug::try_from(agent.slug.clone())?)
}

/// An error in the middle of a stream, in OpenAI's format, and the end of the stream.
fn stream_error(code: &str, message: &str) -> bytes::Bytes {
    let error = serde_json::json!({
        "error": { "message": message, "type": "api_error", "param": null, "code": code }
    });
    bytes::Bytes::from(format!("data: {error}\n\ndata: [DONE]\n\n"))
}
