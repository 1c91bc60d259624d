//! `/api/me`: export and deletion of the caller's own data.

use crate::{
    body::Body,
    enqueued::{Accepted, EnqueuedResponse, accepted},
    guards::{Caller, Cookie, SelfOnly},
    optional::{OptionalJson, optional_json},
    problem::Reply,
};
use fleet::{
    export::{self, Download, ExportStatus},
    users,
};
use futures_util::StreamExt;
use rocket::{
    Request, Response, Shutdown, delete, get,
    http::{ContentType, Header},
    post,
    response::{self, Responder, stream::ByteStream},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// Exports all data of the caller to an archive, as a job.
#[utoipa::path(
    responses((status = 202, description = "Accepted: it continues in the background", body = EnqueuedResponse))
)]
#[post("/me/export")]
pub async fn export_start(caller: Caller<Cookie>) -> Reply<Accepted> {
    Ok(accepted(export::enqueue(&caller.cx).await?))
}

/// The state of the latest archive.
#[utoipa::path(responses(
    (status = 200, description = "Done", body = ExportStatus),
    (status = 204, description = "There is none yet"),
))]
#[get("/me/export")]
pub async fn export_standing(caller: Caller<Cookie>) -> Reply<OptionalJson<ExportStatus>> {
    Ok(optional_json(export::status(&caller.cx).await?))
}

pub struct ArchiveFile {
    download: Download,
    shutdown: Shutdown,
}

impl<'r> Responder<'r, 'r> for ArchiveFile {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'r> {
        let Self { download, shutdown } = self;
        let size = download.size.to_string();
        let pieces = Box::pin(download.pieces().take_until(shutdown));
        Response::build_from(ByteStream::from(pieces).respond_to(request)?)
            .header(ContentType::new("application", "gzip"))
            .header(Header::new("Content-Disposition", "attachment; filename=\"mosaic-export.tar.gz\""))
            // The transfer is chunked. By this header a client knows whether the archive is complete.
            .header(Header::new("X-Archive-Size", size))
            .ok()
    }
}

/// The latest archive: a gzipped tar.
#[utoipa::path(responses((status = 200, description = "The archive", body = Vec<u8>, content_type = "application/gzip")))]
#[get("/me/export/download")]
pub async fn export_download(caller: Caller<Cookie>, shutdown: Shutdown) -> Reply<ArchiveFile> {
    Ok(ArchiveFile { download: export::download(&caller.cx).await?, shutdown })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeleteMe)]
pub struct DeleteAccountRequest {
    /// The caller's own user name, as confirmation.
    confirm: Option<String>,
}

/// Deletes the caller's account and all of its data. This cannot be undone.
#[utoipa::path(
    request_body = DeleteAccountRequest,
    responses((status = 202, description = "Accepted: all sessions have ended, and the data is deleted in the background", body = EnqueuedResponse))
)]
#[delete("/me", data = "<body>")]
pub async fn remove(caller: Caller<SelfOnly>, body: Body<DeleteAccountRequest>) -> Reply<Accepted> {
    let job_id = users::remove_own(&caller.cx, body.0.confirm.as_deref()).await?;
    Ok(accepted(job_id))
}
