//! Imports the session logs that an older OpenClaw left in the state volume as files. No other copy of them exists.
//!
//! They are read through the engine, once for each image that the container gets: what is there was written by what ran
//! before. Reading them again adds nothing.

use super::{
    archive::{self, session},
    import,
    message::title,
    volume::VolumeFiles,
};
use crate::{Result, Services, containers::owner};
use domain::{
    Actor, ConversationId, Slug, UserId,
    containers::{Containers, Owner},
};
use openclaw::{
    SessionKey,
    transcript::{AGENTS_DIR, LegacyFile, classify_legacy_file, parse_index},
};
use std::collections::HashMap;
use store::{
    Tx, agents, containers,
    conversations::{
        pending,
        write::{self, NewMessage, Session},
    },
};

/// Imports the logs in the volume of a user's container, unless that was done for its present image.
pub async fn import_legacy_logs(services: &Services, engine: &dyn Containers, user: UserId) -> Result<()> {
    let actor = Actor::on_behalf_of(user);
    let mut tx = services.store.begin(&actor).await?;
    let row = containers::get_of(&mut tx, user).await?;
    drop(tx);
    let Some(row) = row.filter(|row| row.image != row.logs_read_of) else { return Ok(()) };
    let Some(image) = row.image.clone() else { return Ok(()) };
    let import = LegacyImport { services, engine, actor, user, owner: owner(services, &row), image: &image };
    import.run().await?;
    let mark = async |tx: &mut Tx| pending::mark_logs_read(tx, row.id, &image).await;
    Ok(services.store.run(&actor, mark).await?)
}

/// The import from one volume.
struct LegacyImport<'a> {
    services: &'a Services,
    engine: &'a dyn Containers,
    actor: Actor,
    user: UserId,
    owner: Owner,
    image: &'a str,
}

impl LegacyImport<'_> {
    /// The index may come after the logs in the tar, so the tar is read twice.
    async fn run(&self) -> Result<()> {
        let mut session_keys = HashMap::new();
        let Some(mut indexes) =
            self.files(|path| classify_legacy_file(path) == Some(LegacyFile::Index)).await?
        else {
            return Ok(());
        };
        while let Some(index) = indexes.next().await? {
            session_keys.extend(parse_index(&index.bytes));
        }
        let is_log = |path: &str| matches!(classify_legacy_file(path), Some(LegacyFile::Log(_)));
        let Some(mut logs) = self.files(is_log).await? else { return Ok(()) };
        while let Some(log) = logs.next().await? {
            if let Some(LegacyFile::Log(agent)) = classify_legacy_file(&log.path) {
                self.store(&agent, &session_keys, &log.bytes).await?;
            }
        }
        Ok(())
    }

    async fn files(&self, is_wanted: fn(&str) -> bool) -> Result<Option<VolumeFiles>> {
        let tar = self.engine.read_volume(&self.owner, self.image, Some(AGENTS_DIR)).await?;
        Ok(tar.map(|tar| VolumeFiles::new(tar, is_wanted)))
    }

    /// Stores one file. A session that has a key in the index is stored under it: OpenClaw lists the session by that key
    /// after the upgrade. A chat's session is left out, because the archive has it from its turns.
    async fn store(&self, agent: &Slug, session_keys: &HashMap<String, String>, file: &[u8]) -> Result<()> {
        let now = self.services.clock.now();
        let (sessions, _) = import::read(file, now);
        let mut tx = self.services.store.begin(&self.actor).await?;
        let agent = agents::by_slug(&mut tx, agent.as_str()).await?.map(|agent| agent.id);
        for (id, messages) in sessions {
            let key = session_keys.get(&id).unwrap_or(&id);
            if messages.is_empty() || SessionKey::is_mosaic_key(key) {
                continue;
            }
            let title = title(&messages);
            let session = Session { agent, title: &title, ..session(self.user, key) };
            let opened = write::open(&mut tx, ConversationId::new(now), &session).await?;
            let messages: Vec<NewMessage> =
                messages.into_iter().filter(|message| opened.accepts(message)).collect();
            archive::add(self.services, &mut tx, &session, opened, &messages).await?;
        }
        Ok(tx.commit().await?)
    }
}
