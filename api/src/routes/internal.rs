//! `/api/internal`: what agent containers ask, with their own gateway token.

use crate::{
    guards::{Authorization, Id},
    problem::Reply,
};
use domain::ContainerId;
use fleet::{
    Error, Services,
    agent_config::{self, Answer, Report},
};
use rocket::{
    Request, Response, Shutdown, State, get,
    http::{ContentType, Header, Status},
    response::{self, Responder},
};
use secrecy::{ExposeSecret, SecretString};
use std::{io::Cursor, sync::Arc};

/// The configuration, or that there is nothing newer.
pub struct Answered(Answer);

impl<'r> Responder<'r, 'static> for Answered {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let Answer::New(rendered) = self.0 else {
            return Response::build().status(Status::NotModified).ok();
        };
        let body = rendered.document().expose_secret().to_owned();
        Response::build()
            .header(ContentType::JSON)
            .header(Header::new("ETag", format!("\"{}\"", rendered.version)))
            .sized_body(body.len(), Cursor::new(body))
            .ok()
    }
}

/// The configuration of the container that asks. `have`: the version in force; `tried` and `error`: one that
/// OpenClaw refused; `wait`: seconds to wait for something newer.
#[get("/agent-config/<id>?<have>&<wait>&<tried>&<error>")]
pub async fn config(
    services: &State<Arc<Services>>,
    token: Authorization,
    id: Id<ContainerId>,
    have: Option<String>,
    wait: Option<u64>,
    tried: Option<String>,
    error: Option<String>,
    shutdown: Shutdown,
) -> Reply<Answered> {
    let token =
        token.0.as_deref().and_then(|value| value.strip_prefix("Bearer ")).ok_or(Error::NotSignedIn)?;
    let token = SecretString::from(token);
    let report = Report { have, refused: tried.zip(error), wait_seconds: wait.unwrap_or(0) };
    let answer = tokio::select! {
        answer = agent_config::serve(services, &token, id.0, report) => answer?,
        // A container's patience must not hold up the end of the process.
        () = shutdown => Answer::Unchanged,
    };
    Ok(Answered(answer))
}
