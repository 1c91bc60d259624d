//! Downloads an archive, piece by piece.

use crate::{Cx, Error, Result};
use domain::JobId;
use futures_util::{Stream, stream};
use serde_json::json;
use store::exports;
use uuid::Uuid;

/// A complete archive.
pub struct Download {
    cx: Cx,
    job: JobId,
    draft: Uuid,
    /// Its size in bytes.
    pub size: u64,
}

/// The acting user's latest archive, if it is complete and not expired.
pub async fn download(cx: &Cx) -> Result<Download> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    let export = exports::latest(&mut tx, user).await?.filter(|export| !export.expired);
    let complete = export.and_then(|export| Some((export.job_id, export.draft?, export.size_bytes?)));
    let (job, draft, size) =
        complete.ok_or(Error::NotFound("export to download; request one and wait until it is ready"))?;
    cx.audit(&mut tx, "me.export_download", &user.to_string(), Some(user), json!({})).await?;
    tx.commit().await?;
    Ok(Download { cx: cx.clone(), job, draft, size: u64::try_from(size).unwrap_or_default() })
}

impl Download {
    /// The bytes in order. If a read fails the stream ends, and fewer bytes than [`Download::size`] have arrived.
    pub fn pieces(self) -> impl Stream<Item = Vec<u8>> + Send + 'static {
        stream::unfold((self, 0), |(download, seq)| async move {
            // A transaction for each piece: no connection is held while a slow client reads.
            let mut tx = download.cx.begin().await.ok()?;
            let piece = exports::piece(&mut tx, download.job, download.draft, seq).await.ok()??;
            Some((piece, (download, seq + 1)))
        })
    }
}
