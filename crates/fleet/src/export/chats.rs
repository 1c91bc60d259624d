//! Adds chats in a readable form: one Markdown file each.

use super::{archive::Archive, writer::ArchiveWriter};
use crate::{Cx, Error, Result};
use std::fmt::Write;
use store::{
    chats::{self, Chat},
    turns::{self, Turn},
};

/// Chats that are read in one transaction.
const PAGE_SIZE: i64 = 100;

/// Adds all chats except deleted ones.
pub(super) async fn add(cx: &Cx, archive: &mut Archive, writer: &mut ArchiveWriter<'_>) -> Result<()> {
    let mut after = None;
    loop {
        let mut tx = cx.begin().await?;
        let page = chats::list(&mut tx, after, PAGE_SIZE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some((last.updated_at, last.id));
        for chat in &page {
            let turns = turns::list(&mut tx, chat.id).await?;
            archive.add_file(&path(chat), markdown(chat, &turns).as_bytes()).map_err(Error::internal)?;
        }
        drop(tx);
        writer.write_ready(archive).await?;
    }
}

fn path(chat: &Chat) -> String {
    format!("chats/{}-{}.md", chat.created_at.format("%Y-%m-%d"), chat.id)
}

fn markdown(chat: &Chat, turns: &[Turn]) -> String {
    let title = if chat.title.is_empty() { "Untitled" } else { &chat.title };
    let mut text = format!("# {title}\n");
    for turn in turns {
        let at = turn.created_at.format("%Y-%m-%d %H:%M UTC");
        let end = match turn.status {
            domain::turn::TurnStatus::Done => String::new(),
            other => format!(" ({})", other.as_str()),
        };
        // Writing into a String does not fail.
        let _ = write!(text, "\n## You, {at}\n\n{}\n\n## The agent{end}\n\n{}\n", turn.question, turn.answer);
    }
    text
}
