//! Hand an archive out, piece by piece.

use crate::{Cx, Error, Result};
use domain::JobId;
use futures_util::{Stream, stream};
use serde_json::json;
use store::exports;
use uuid::Uuid;

/// A whole archive.
pub struct Download {
    cx: Cx,
    job: JobId,
    draft: Uuid,
    /// Its size in bytes.
    pub size: u64,
}

/// The acting user's latest archive, if it is whole and its day is not over.
pub async fn download(cx: &Cx) -> Result<Download> {
    let user = cx.user()?;
    let mut tx = cx.begin().await?;
    let export = exports::latest(&mut tx, user).await?.filter(|export| !export.expired);
    let whole = export.and_then(|export| Some((export.job_id, export.draft?, export.size_bytes?)));
    let (job, draft, size) =
        whole.ok_or(Error::NotFound("export to download; ask for one and wait until it is ready"))?;
    cx.audit(&mut tx, "me.export_download", &user.to_string(), Some(user), json!({})).await?;
    tx.commit().await?;
    Ok(Download { cx: cx.clone(), job, draft, size: u64::try_from(size).unwrap_or_default() })
}

impl Download {
    /// The bytes in order. A read that fails ends it, which its size shows.
    pub fn pieces(self) -> impl Stream<Item = Vec<u8>> + Send + 'static {
        stream::unfold((self, 0), |(download, seq)| async move {
            // No connection is held while a slow client takes its time.
            let mut tx = download.cx.begin().await.ok()?;
            let piece = exports::piece(&mut tx, download.job, download.draft, seq).await.ok()??;
            Some((piece, (download, seq + 1)))
        })
    }
}
