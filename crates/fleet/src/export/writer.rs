//! Writes the archive into the database, in pieces.

use super::archive::Archive;
use crate::{Error, Result, Services};
use domain::JobId;
use store::{Tx, exports};
use uuid::Uuid;

const PIECE_BYTES: usize = 1 << 20;

/// The pieces of one attempt.
pub(super) struct ArchiveWriter<'a> {
    services: &'a Services,
    job: JobId,
    draft: Uuid,
    seq: i32,
    size: u64,
    limit_mib: u32,
}

impl<'a> ArchiveWriter<'a> {
    /// Begins an attempt. From now on an earlier attempt of the same job cannot write any more.
    pub(super) async fn begin(services: &'a Services, job: JobId, limit_mib: u32) -> Result<Self> {
        let draft = JobId::new(services.clock.now()).uuid();
        let mut tx = services.store.system("an export begins").await?;
        if !exports::begin(&mut tx, job, draft).await? {
            return Err(Error::NotFound("export"));
        }
        tx.commit().await?;
        Ok(Self { services, job, draft, seq: 0, size: 0, limit_mib })
    }

    /// Stores the bytes that are ready, if there are enough for a piece.
    pub(super) async fn write_ready(&mut self, archive: &mut Archive) -> Result<()> {
        if archive.ready_bytes() < PIECE_BYTES {
            return Ok(());
        }
        self.write(&archive.take_ready()).await
    }

    /// Stores the end and makes the archive available. Returns its size in bytes.
    pub(super) async fn finish(&mut self, archive: Archive) -> Result<u64> {
        let end = archive.finish().map_err(Error::internal)?;
        self.write(&end).await?;
        let size = i64::try_from(self.size).unwrap_or(i64::MAX);
        let mut tx = self.services.store.system("an export is complete").await?;
        if !exports::finish(&mut tx, self.job, self.draft, size).await? {
            return Err(superseded());
        }
        tx.commit().await?;
        Ok(self.size)
    }

    /// Deletes the pieces of this attempt.
    pub(super) async fn discard(&self) -> Result<()> {
        let discard = async |tx: &mut Tx| exports::discard(tx, self.job, self.draft).await;
        Ok(self.services.store.run_system("an export failed", discard).await?)
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        for piece in bytes.chunks(PIECE_BYTES) {
            self.size += piece.len() as u64;
            if self.size > u64::from(self.limit_mib) << 20 {
                return Err(too_large(self.limit_mib));
            }
            let mut tx = self.services.store.system("a piece of an export").await?;
            if !exports::append(&mut tx, self.job, self.draft, self.seq, piece).await? {
                return Err(superseded());
            }
            tx.commit().await?;
            self.seq += 1;
        }
        Ok(())
    }
}

fn superseded() -> Error {
    Error::conflict("export_overtaken", "Another attempt is making this archive.")
}

fn too_large(limit_mib: u32) -> Error {
    let detail = format!(
        "Your data is more than {limit_mib} MiB, compressed. Ask your agent to delete large files from its workspace, or ask your \
         admin to raise the limit (exportLimitMib). Then try again."
    );
    Error::conflict("export_too_large", detail)
}
