//! Where the archive's bytes go: the database, in pieces.

use super::archive::Archive;
use crate::{Error, Result, Services};
use domain::JobId;
use store::exports;
use uuid::Uuid;

/// Size of a piece.
const PIECE: usize = 1 << 20;

/// The pieces of one attempt.
pub(super) struct Save<'a> {
    services: &'a Services,
    job: JobId,
    draft: Uuid,
    seq: i32,
    size: u64,
    /// Most that the archive may take, in MiB.
    limit_mib: u32,
}

impl<'a> Save<'a> {
    /// Begins an attempt. An earlier one of the same job writes nothing more from now on.
    pub(super) async fn begin(services: &'a Services, job: JobId, limit_mib: u32) -> Result<Self> {
        let draft = JobId::new(services.clock.now()).uuid();
        let mut tx = services.store.system("an export begins").await?;
        if !exports::begin(&mut tx, job, draft).await? {
            return Err(Error::NotFound("export"));
        }
        tx.commit().await?;
        Ok(Self { services, job, draft, seq: 0, size: 0, limit_mib })
    }

    /// Stores what is ready, if it is worth a piece.
    pub(super) async fn some(&mut self, archive: &mut Archive) -> Result<()> {
        if archive.ready() < PIECE {
            return Ok(());
        }
        self.all(&archive.take()).await
    }

    /// Stores the end and hands the archive out. Answers its size.
    pub(super) async fn finish(&mut self, archive: Archive) -> Result<u64> {
        let end = archive.finish().map_err(Error::internal)?;
        self.all(&end).await?;
        let size = i64::try_from(self.size).unwrap_or(i64::MAX);
        let mut tx = self.services.store.system("an export is whole").await?;
        if !exports::finish(&mut tx, self.job, self.draft, size).await? {
            return Err(overtaken());
        }
        tx.commit().await?;
        Ok(self.size)
    }

    /// Takes back what was stored: nobody will ever read it.
    pub(super) async fn discard(&self) -> Result<()> {
        let mut tx = self.services.store.system("an export came to nothing").await?;
        exports::discard(&mut tx, self.job, self.draft).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn all(&mut self, bytes: &[u8]) -> Result<()> {
        for piece in bytes.chunks(PIECE) {
            self.size += piece.len() as u64;
            if self.size > u64::from(self.limit_mib) << 20 {
                return Err(too_large(self.limit_mib));
            }
            let mut tx = self.services.store.system("a piece of an export").await?;
            if !exports::append(&mut tx, self.job, self.draft, self.seq, piece).await? {
                return Err(overtaken());
            }
            tx.commit().await?;
            self.seq += 1;
        }
        Ok(())
    }
}

fn overtaken() -> Error {
    Error::conflict("export_overtaken", "Another attempt makes this archive.")
}

fn too_large(limit_mib: u32) -> Error {
    let detail = format!(
        "Your data is more than {limit_mib} MiB, compressed. Have your agent delete large files of its workspace, or ask your \
         admin to raise the limit (exportLimitMib), then try again."
    );
    Error::conflict("export_too_large", detail)
}
