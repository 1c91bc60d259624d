//! The job: collects everything and stores the archive.

use super::{archive::Archive, chats, writer::ArchiveWriter};
use crate::{Cx, Error, Progress, Result, containers::owner};
use domain::{JobId, containers::Containers};
use futures_util::TryStreamExt;
use std::pin::pin;
use store::{
    containers,
    exports::{TABLES, Table, rows},
};

/// A table is split into files of about this size, so that it need not fit into memory.
const TABLE_FILE_BYTES: usize = 4 << 20;

const README: &str = "\
Everything that Mosaic Fleet stores about you.

tables/: the rows of the database (account, providers, agents, chats, turns, …), one JSON object a line.
    Secrets (provider keys, tokens) are not included.
chats/: your chats in a readable form.
data/: the state volume of your container as it was while the archive was made: your agents' workspaces and
    OpenClaw's own state (absent if your agent was never started).
";

/// Makes the archive of the acting user's data. Returns its size in bytes. A repeated attempt starts from the beginning.
pub async fn run(cx: &Cx, engine: &dyn Containers, job: &dyn Progress, id: JobId) -> Result<u64> {
    let settings = cx.services.stored_settings().await?;
    let mut writer = ArchiveWriter::begin(&cx.services, id, settings.export_limit_mib).await?;
    let made = make(cx, engine, job, &settings.agent_image, &mut writer).await;
    if made.is_err() {
        writer.discard().await?;
    }
    made
}

async fn make(
    cx: &Cx,
    engine: &dyn Containers,
    job: &dyn Progress,
    image: &str,
    writer: &mut ArchiveWriter<'_>,
) -> Result<u64> {
    let mut archive = Archive::new(cx.services.clock.now());
    archive.add_file("README.md", README.as_bytes()).map_err(Error::internal)?;
    job.phase("chats").await;
    chats::add(cx, &mut archive, writer).await?;
    job.phase("tables").await;
    for (number, table) in (0u8..).zip(TABLES) {
        job.progress(10 + number * 2).await;
        add_table(cx, table, &mut archive, writer).await?;
    }
    job.phase("state volume").await;
    job.progress(50).await;
    add_state(cx, engine, image, &mut archive, writer).await?;
    writer.finish(archive).await
}

async fn add_table(
    cx: &Cx,
    table: &'static Table,
    archive: &mut Archive,
    writer: &mut ArchiveWriter<'_>,
) -> Result<()> {
    let mut tx = cx.begin().await?;
    let mut rows = pin!(rows(&mut tx, table).await?);
    let (mut part, mut number) = (Vec::new(), 1);
    while let Some(row) = rows.try_next().await? {
        part.extend_from_slice(row.as_bytes());
        part.push(b'\n');
        if part.len() >= TABLE_FILE_BYTES {
            add_part(table, number, &part, archive)?;
            writer.write_ready(archive).await?;
            part.clear();
            number += 1;
        }
    }
    if !part.is_empty() {
        add_part(table, number, &part, archive)?;
    }
    writer.write_ready(archive).await
}

fn add_part(table: &Table, number: u32, part: &[u8], archive: &mut Archive) -> Result<()> {
    let path = format!("tables/{}-{number}.jsonl", table.file);
    archive.add_file(&path, part).map_err(Error::internal)
}

/// The volume is read as a tar of its own, whose entries begin with `data/`.
async fn add_state(
    cx: &Cx,
    engine: &dyn Containers,
    image: &str,
    archive: &mut Archive,
    writer: &mut ArchiveWriter<'_>,
) -> Result<()> {
    let mut tx = cx.begin().await?;
    let Some(row) = containers::get_of(&mut tx, cx.user()?).await? else { return Ok(()) };
    drop(tx);
    let Some(mut state) = engine.read_volume(&owner(&cx.services, &row), image, None).await? else {
        return Ok(());
    };
    while let Some(part) = state.try_next().await? {
        archive.append_tar(&part).map_err(Error::internal)?;
        writer.write_ready(archive).await?;
    }
    Ok(())
}
