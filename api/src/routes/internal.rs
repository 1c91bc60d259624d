//! `/api/internal`: for agent containers, which authenticate with their gateway token.

pub mod mcp;
pub mod warm_up;

use crate::{
    guards::{GatewayToken, Host, Id, InternalOnly},
    problem::Reply,
};
use domain::ContainerId;
use fleet::{
    Services,
    agent_config::{self, Answer, Report},
};
use rocket::{
    FromForm, Request, Response, Shutdown, State, get,
    http::{ContentType, Header, Status},
    response::{self, Responder},
};
use std::{io::Cursor, sync::Arc};

/// The configuration, or `304` when there is nothing newer.
pub struct ConfigResponse(Answer);

impl<'r> Responder<'r, 'static> for ConfigResponse {
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

/// What the container reports with its request.
#[derive(FromForm)]
pub struct ConfigQuery {
    /// The version in force.
    have: Option<String>,
    /// Seconds to wait for something newer.
    wait: Option<u64>,
    /// A version that OpenClaw refused.
    tried: Option<String>,
    /// OpenClaw's message about that version.
    error: Option<String>,
    /// Free space on its state volume, in MiB.
    left: Option<u64>,
}

/// The configuration of the calling container.
#[get("/agent-config/<id>?<query..>")]
pub async fn config(
    _internal: InternalOnly,
    token: GatewayToken,
    services: &State<Arc<Services>>,
    host: Host,
    id: Id<ContainerId>,
    query: ConfigQuery,
    shutdown: Shutdown,
) -> Reply<ConfigResponse> {
    let ConfigQuery { have, wait, tried, error, left } = query;
    let at = host.0.and_then(|host| host.parse().ok());
    let (refused, wait_seconds) = (tried.zip(error), wait.unwrap_or(0));
    let report = Report { have, refused, left_mib: left, wait_seconds, at };
    let answer = tokio::select! {
        answer = agent_config::serve(services, &token.0, id.0, report) => answer?,
        // A waiting container must not delay the end of the process.
        () = shutdown => Answer::Unchanged,
    };
    Ok(ConfigResponse(answer))
}
