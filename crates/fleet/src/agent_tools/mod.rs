//! The tools that Mosaic gives to agents: their user's knowledge, and nothing else.
//!
//! Owns what there is ([`list`]), who calls ([`recognise`]) and the way from a tool's arguments to a use-case and back
//! ([`call`]). A tool acts as the user of the container that calls, whatever its arguments say. How it is spoken is
//! `api`'s business.

mod conversations;
mod findings;
mod list;
mod memory;

pub use list::{Effect, Tool, list};

use crate::{Cx, Error, Origin, Result, Services, containers};
use domain::{Actor, Person, Role, Slug};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use store::agents::{self, Agent};

/// Matches when the agent does not say how many, and at most: each costs a part of its prompt.
const USUAL: usize = 8;
const MOST: usize = 30;

/// A container's call.
#[derive(Clone)]
pub struct Caller {
    /// As its user, with no more rights than those of a user.
    pub cx: Cx,
    /// The agent that calls; `None` when it is not said, or is none of the user's.
    pub agent: Option<Agent>,
}

/// Recognises a container by its gateway token, and the agent by the name that its configuration gave him.
pub async fn recognise(
    services: &Arc<Services>,
    token: &SecretString,
    agent: Option<&str>,
    origin: Origin,
) -> Result<Caller> {
    let user = containers::authenticate_gateway(services, token).await?.user_id;
    let actor = Actor::User(Person { id: user, role: Role::User });
    let cx = Cx { actor, origin, services: Arc::clone(services) };
    let agent = match agent.and_then(|slug| Slug::try_from(slug.to_owned()).ok()) {
        Some(slug) => agents::by_slug(&mut cx.begin().await?, slug.as_str()).await?,
        None => None,
    };
    Ok(Caller { cx, agent })
}

/// Calls a tool; answers with a JSON object.
///
/// # Errors
/// [`Error::NotFound`] when there is no such tool; everything else is for the agent to read.
pub async fn call(caller: &Caller, tool: &str, arguments: Value) -> Result<Value> {
    match tool {
        "findings_search" => findings::search(caller, read(arguments)?).await,
        "finding_save" => findings::save(caller, read(arguments)?).await,
        "memory_get" => memory::get(caller, read(arguments)?).await,
        "memory_set" => memory::set(caller, read(arguments)?).await,
        "memory_list" => memory::list(caller, read(arguments)?).await,
        "conversations_search" => conversations::search(caller, read(arguments)?).await,
        _ => Err(Error::NotFound("tool")),
    }
}

/// Reads a tool's arguments; what is wrong with them is said to whoever made them up.
fn read<T: DeserializeOwned>(arguments: Value) -> Result<T> {
    serde_json::from_value(arguments).map_err(|error| {
        let said: String = error.to_string().chars().take(200).collect();
        domain::Invalid::new("arguments", format!("The arguments do not fit: {said}.")).into()
    })
}
