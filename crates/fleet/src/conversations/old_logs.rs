//! Session logs that an older OpenClaw left in the state volume as files: where they are, nobody else has these words.
//!
//! They are read through the engine, once for each image that a container is made of: what is there was written by
//! what ran before. Read again they add nothing.

use super::{
    archive::{self, session},
    import,
    volume::Files,
};
use crate::{Result, Services, containers::owner};
use domain::{
    Actor, ConversationId, Person, Role, Slug, UserId,
    containers::{Containers, Owner},
};
use openclaw::{
    SessionKey,
    transcript::{AGENTS, OldFile, keys, old_file},
};
use std::collections::HashMap;
use store::{
    agents, containers,
    conversations::{
        pending,
        write::{self, NewMessage, Session},
    },
};

/// Takes in what the volume of a user's container has, unless that was done for its present image.
pub async fn take_in_old(services: &Services, engine: &dyn Containers, user: UserId) -> Result<()> {
    let actor = Actor::User(Person { id: user, role: Role::User });
    let mut tx = services.store.begin(&actor).await?;
    let row = containers::get_of(&mut tx, user).await?;
    drop(tx);
    let Some(row) = row.filter(|row| row.image != row.logs_read_of) else { return Ok(()) };
    let Some(image) = row.image.clone() else { return Ok(()) };
    let look = Look { services, engine, actor, user, owner: owner(services, &row), image: &image };
    look.take().await?;
    let mut tx = services.store.begin(&actor).await?;
    pending::logs_read(&mut tx, row.id, &image).await?;
    Ok(tx.commit().await?)
}

/// One volume.
struct Look<'a> {
    services: &'a Services,
    engine: &'a dyn Containers,
    actor: Actor,
    user: UserId,
    owner: Owner,
    image: &'a str,
}

impl Look<'_> {
    /// The index may stand behind the logs in the tar, so it is read twice.
    async fn take(&self) -> Result<()> {
        let mut known = HashMap::new();
        let Some(mut indexes) = self.files(|path| old_file(path) == Some(OldFile::Index)).await? else {
            return Ok(());
        };
        while let Some(index) = indexes.next().await? {
            known.extend(keys(&index.bytes));
        }
        let is_log = |path: &str| matches!(old_file(path), Some(OldFile::Log(_)));
        let Some(mut logs) = self.files(is_log).await? else { return Ok(()) };
        while let Some(log) = logs.next().await? {
            if let Some(OldFile::Log(agent)) = old_file(&log.path) {
                self.store(&agent, &known, &log.bytes).await?;
            }
        }
        Ok(())
    }

    async fn files(&self, wanted: fn(&str) -> bool) -> Result<Option<Files>> {
        let tar = self.engine.read_volume(&self.owner, self.image, Some(AGENTS)).await?;
        Ok(tar.map(|tar| Files::of(tar, wanted)))
    }

    /// One file. A session that its index knows by a key is the one that OpenClaw lists by that key after it was carried
    /// over; one of a chat is in the archive by its turns.
    async fn store(&self, agent: &Slug, known: &HashMap<String, String>, file: &[u8]) -> Result<()> {
        let now = self.services.clock.now();
        let (sessions, _) = import::read(file, now);
        let mut tx = self.services.store.begin(&self.actor).await?;
        let agent = agents::by_slug(&mut tx, agent.as_str()).await?.map(|agent| agent.id);
        for (id, messages) in sessions {
            let key = known.get(&id).unwrap_or(&id);
            if messages.is_empty() || SessionKey::is_one(key) {
                continue;
            }
            let title = import::title(&messages);
            let session = Session { agent, title: &title, ..session(self.user, key) };
            let opened = write::open(&mut tx, ConversationId::new(now), &session).await?;
            let messages: Vec<NewMessage> =
                messages.into_iter().filter(|message| opened.wants(message)).collect();
            archive::add(self.services, &mut tx, &session, opened, &messages).await?;
        }
        Ok(tx.commit().await?)
    }
}
