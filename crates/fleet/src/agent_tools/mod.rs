//! The tools that Mosaic gives to agents: their user's knowledge, and nothing else.
//!
//! Owns the list of tools ([`list`]), the authentication of the calling container ([`authenticate`]), and the calls
//! ([`call`]). A tool acts as the user of the container that calls it, whatever its arguments say. The protocol is in `api`.

mod conversations;
mod findings;
mod list;
mod memory;

pub use list::{Effect, Tool, list};

use crate::{Cx, Error, Origin, Result, Services, containers};
use domain::{Actor, Slug};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use store::agents::{self, Agent};

/// Hits of a search if the agent does not say how many. Each takes a part of its prompt.
const DEFAULT_HITS: usize = 8;
const MAX_HITS: usize = 30;
/// Characters of a JSON error that are passed on.
const MAX_JSON_ERROR_CHARS: usize = 200;

/// The container that calls a tool.
#[derive(Clone)]
pub struct Caller {
    /// Acts as the container's user, without an admin's rights.
    pub cx: Cx,
    /// The agent that calls; `None` if it is not named, or if the user has no such agent.
    pub agent: Option<Agent>,
}

/// Authenticates a container by its gateway token. The agent is known by the slug that its configuration gave it.
pub async fn authenticate(
    services: &Arc<Services>,
    token: &SecretString,
    agent: Option<&str>,
    origin: Origin,
) -> Result<Caller> {
    let user = containers::authenticate_gateway(services, token).await?.user_id;
    let actor = Actor::on_behalf_of(user);
    let cx = Cx { actor, origin, services: Arc::clone(services) };
    let agent = match agent.and_then(|slug| Slug::try_from(slug.to_owned()).ok()) {
        Some(slug) => agents::by_slug(&mut cx.begin().await?, slug.as_str()).await?,
        None => None,
    };
    Ok(Caller { cx, agent })
}

/// Calls a tool. Returns a JSON object.
///
/// # Errors
/// [`Error::NotFound`] if there is no such tool. The agent may read every other error.
pub async fn call(caller: &Caller, tool: &str, arguments: Value) -> Result<Value> {
    match tool {
        "findings_search" => findings::search(caller, parse(arguments)?).await,
        "finding_save" => findings::save(caller, parse(arguments)?).await,
        "memory_get" => memory::get(caller, parse(arguments)?).await,
        "memory_set" => memory::set(caller, parse(arguments)?).await,
        "memory_list" => memory::list(caller, parse(arguments)?).await,
        "conversations_search" => conversations::search(caller, parse(arguments)?).await,
        _ => Err(Error::NotFound("tool")),
    }
}

/// Parses a tool's arguments. The error says what is wrong with them, for the agent that wrote them.
fn parse<T: DeserializeOwned>(arguments: Value) -> Result<T> {
    serde_json::from_value(arguments).map_err(|error| {
        let error: String = error.to_string().chars().take(MAX_JSON_ERROR_CHARS).collect();
        domain::Invalid::new("arguments", format!("The arguments are not valid: {error}.")).into()
    })
}
