//! `/api/me`: what is one's own, to take home or to have deleted.

use super::providers::Enqueued;
use crate::{
    body::Body,
    guards::{Caller, Cookie, Oneself},
    if_any::{IfAny, if_any},
    problem::Reply,
};
use fleet::{
    export::{self, Download, Standing},
    users,
};
use futures_util::StreamExt;
use rocket::{
    Request, Response, Shutdown, delete, get,
    http::{ContentType, Header, Status},
    post,
    response::{self, Responder, stream::ByteStream},
    serde::json::Json,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// Gathers everything that is the caller's into one archive, as a job.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it goes on in the background", body = Enqueued))
)]
#[post("/me/export")]
pub async fn export_start(caller: Caller<Cookie>) -> Reply<(Status, Json<Enqueued>)> {
    Ok((Status::Accepted, Json(Enqueued { job_id: export::enqueue(&caller.cx).await? })))
}

/// How the latest archive stands.
#[utoipa::path(responses(
    (status = 200, description = "Done", body = Standing),
    (status = 204, description = "None was asked for yet"),
))]
#[get("/me/export")]
pub async fn export_standing(caller: Caller<Cookie>) -> Reply<IfAny<Standing>> {
    Ok(if_any(export::standing(&caller.cx).await?))
}

/// An archive on its way.
pub struct File {
    download: Download,
    shutdown: Shutdown,
}

impl<'r> Responder<'r, 'r> for File {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'r> {
        let Self { download, shutdown } = self;
        let size = download.size.to_string();
        let pieces = Box::pin(download.pieces().take_until(shutdown));
        Response::build_from(ByteStream::from(pieces).respond_to(request)?)
            .header(ContentType::new("application", "gzip"))
            .header(Header::new("Content-Disposition", "attachment; filename=\"mosaic-export.tar.gz\""))
            // The transfer is chunked: this is how a client knows that it has all of it.
            .header(Header::new("X-Archive-Size", size))
            .ok()
    }
}

/// The latest archive: a gzipped tar.
#[utoipa::path(responses((status = 200, description = "The archive", body = Vec<u8>, content_type = "application/gzip")))]
#[get("/me/export/download")]
pub async fn export_download(caller: Caller<Cookie>, shutdown: Shutdown) -> Reply<File> {
    Ok(File { download: export::download(&caller.cx).await?, shutdown })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeleteMe)]
pub struct Confirmation {
    /// The caller's own user name.
    confirm: Option<String>,
}

/// Deletes the caller's account with everything that is his. There is no way back.
#[utoipa::path(
    request_body = Confirmation,
    responses((status = 202, description = "Accepted: every session has ended, the rest goes on in the background", body = Enqueued))
)]
#[delete("/me", data = "<body>")]
pub async fn remove(caller: Caller<Oneself>, body: Body<Confirmation>) -> Reply<(Status, Json<Enqueued>)> {
    let job_id = users::remove_own(&caller.cx, body.0.confirm.as_deref()).await?;
    Ok((Status::Accepted, Json(Enqueued { job_id })))
}
