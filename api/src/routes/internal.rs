//! `/api/internal`: what agent containers ask, with their own gateway token.

pub mod mcp;
pub mod warm_up;

use crate::{
    guards::{Authorization, Host, Id, Inside},
    problem::Reply,
};
use domain::ContainerId;
use fleet::{
    Error, Services,
    agent_config::{self, Answer, Report},
};
use rocket::{
    FromForm, Request, Response, Shutdown, State, get,
    http::{ContentType, Header, Status},
    response::{self, Responder},
};
use secrecy::SecretString;
use std::{io::Cursor, sync::Arc};

/// The configuration, or that there is nothing newer.
pub struct Answered(Answer);

impl<'r> Responder<'r, 'static> for Answered {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let Answer::New(rendered) = self.0 else {
            return Response::build().status(Status::NotModified).ok();
        };
        let body = rendered.envelope();
        Response::build()
            .header(ContentType::JSON)
            .header(Header::new("ETag", format!("\"{}\"", rendered.version)))
            .sized_body(body.len(), Cursor::new(body))
            .ok()
    }
}

/// What the container says with its request.
#[derive(FromForm)]
pub struct Asked {
    /// The version in force.
    have: Option<String>,
    /// Seconds to wait for something newer.
    wait: Option<u64>,
    /// A version that OpenClaw refused …
    tried: Option<String>,
    /// … and what it said.
    error: Option<String>,
    /// MiB that its state has room for.
    left: Option<u64>,
}

/// The configuration of the container that asks.
#[get("/agent-config/<id>?<asked..>")]
pub async fn config(
    _inside: Inside,
    services: &State<Arc<Services>>,
    token: Authorization,
    host: Host,
    id: Id<ContainerId>,
    asked: Asked,
    shutdown: Shutdown,
) -> Reply<Answered> {
    let token = bearer(&token)?;
    let Asked { have, wait, tried, error, left } = asked;
    let at = host.0.and_then(|host| host.parse().ok());
    let (refused, wait_seconds) = (tried.zip(error), wait.unwrap_or(0));
    let report = Report { have, refused, left_mib: left, wait_seconds, at };
    let answer = tokio::select! {
        answer = agent_config::serve(services, &token, id.0, report) => answer?,
        // A container's patience must not hold up the end of the process.
        () = shutdown => Answer::Unchanged,
    };
    Ok(Answered(answer))
}

fn bearer(header: &Authorization) -> fleet::Result<SecretString> {
    let token = header.0.as_deref().and_then(|value| value.strip_prefix("Bearer "));
    Ok(token.ok_or(Error::NotSignedIn)?.into())
}
