//! The job: gather everything and store the archive.

use super::{archive::Archive, chats, save::Save};
use crate::{Cx, Error, Progress, Result, containers::owner, settings};
use domain::{JobId, containers::Containers};
use futures_util::TryStreamExt;
use std::pin::pin;
use store::{
    containers,
    exports::{TABLES, Table, rows},
};

/// A table becomes files of about this size, so that no table has to fit into memory.
const PART: usize = 4 << 20;

const README: &str = "\
Everything that Mosaic Fleet keeps of you.

account/ providers/ agents/ chats/ turns/ … under tables/: the rows of the database, one JSON object a line.
    Secrets (provider keys, tokens) are not among them.
chats/: the chats that you see, to read.
data/: the state volume of your container, as it was while the archive was made: your agents' workspaces and
    OpenClaw's own state (absent if your agent was never started).
";

/// Makes the archive of the acting user's data. Answers its size in bytes. Repeated, it begins anew.
pub async fn run(cx: &Cx, engine: &dyn Containers, job: &dyn Progress, id: JobId) -> Result<u64> {
    let settings = settings::read(&cx.services.store).await?;
    let mut save = Save::begin(&cx.services, id, settings.export_limit_mib).await?;
    let made = make(cx, engine, job, &settings.agent_image, &mut save).await;
    if made.is_err() {
        save.discard().await?;
    }
    made
}

async fn make(
    cx: &Cx,
    engine: &dyn Containers,
    job: &dyn Progress,
    image: &str,
    save: &mut Save<'_>,
) -> Result<u64> {
    let mut archive = Archive::new(cx.services.clock.now());
    archive.file("README.md", README.as_bytes()).map_err(Error::internal)?;
    job.phase("chats").await;
    chats::add(cx, &mut archive, save).await?;
    job.phase("tables").await;
    for (number, table) in (0u8..).zip(TABLES) {
        job.progress(10 + number * 2).await;
        add_table(cx, table, &mut archive, save).await?;
    }
    job.phase("state volume").await;
    job.progress(50).await;
    add_state(cx, engine, image, &mut archive, save).await?;
    save.finish(archive).await
}

async fn add_table(cx: &Cx, table: &'static Table, archive: &mut Archive, save: &mut Save<'_>) -> Result<()> {
    let mut tx = cx.begin().await?;
    let mut rows = pin!(rows(&mut tx, table).await?);
    let (mut part, mut number) = (Vec::new(), 1);
    while let Some(row) = rows.try_next().await? {
        part.extend_from_slice(row.as_bytes());
        part.push(b'\n');
        if part.len() >= PART {
            add_part(table, number, &part, archive)?;
            save.some(archive).await?;
            part.clear();
            number += 1;
        }
    }
    if !part.is_empty() {
        add_part(table, number, &part, archive)?;
    }
    save.some(archive).await
}

fn add_part(table: &Table, number: u32, part: &[u8], archive: &mut Archive) -> Result<()> {
    let path = format!("tables/{}-{number}.jsonl", table.file);
    archive.file(&path, part).map_err(Error::internal)
}

/// The volume comes as a tar of its own, whose entries begin with `data/`.
async fn add_state(
    cx: &Cx,
    engine: &dyn Containers,
    image: &str,
    archive: &mut Archive,
    save: &mut Save<'_>,
) -> Result<()> {
    let mut tx = cx.begin().await?;
    let Some(row) = containers::get_of(&mut tx, cx.user()?).await? else { return Ok(()) };
    drop(tx);
    let Some(mut state) = engine.read_volume(&owner(&cx.services, &row), image, None).await? else {
        return Ok(());
    };
    while let Some(part) = state.try_next().await? {
        archive.rest(&part).map_err(Error::internal)?;
        save.some(archive).await?;
    }
    Ok(())
}
