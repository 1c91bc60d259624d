// Run by mosaic-entrypoint when the gateway has ended in order: what was deleted is gone from the disk.
//
// OpenClaw moves a deleted session's words into an archive (a row, and a file made of it) that it keeps for ever, and
// leaves them in its index of words and in free pages. Its own ways to be rid of them are too slow for a stop (two runs of its
// command line for each agent) or compete with chats. So this knows four things about the layout of 2026.9.6, which
// the tests hold on to: where an agent's database and archive files are, the archive's table, and the index's.
// The files go last: whatever kills this, the next stop finds the same work.
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

const agents = `${process.env.OPENCLAW_STATE_DIR ?? "/data"}/agents`;
const DELETED = /\.jsonl\.deleted\./;
const ARCHIVE = "session_transcript_archives";
// A larger database is not written anew: that would not be over before the engine kills the container.
const LARGEST = 256 << 20;
const FORGET = `
  pragma secure_delete = on;
  delete from ${ARCHIVE} where reason = 'deleted';
  insert into session_transcript_fts (session_transcript_fts) values ('optimize');`;

function tidy(agent, sessions, deleted) {
  const file = `${agents}/${agent}/agent/openclaw-agent.sqlite`;
  const database = new DatabaseSync(file);
  // OpenClaw makes the table when it first needs it.
  if (database.prepare("select 1 from sqlite_master where name = ?").get(ARCHIVE)) database.exec(FORGET);
  if (statSync(file).size <= LARGEST) database.exec("vacuum");
  database.exec("pragma wal_checkpoint(truncate)");
  database.close();
  for (const name of deleted) rmSync(`${sessions}/${name}`);
}

for (const agent of existsSync(agents) ? readdirSync(agents) : []) {
  const sessions = `${agents}/${agent}/sessions`;
  const deleted = existsSync(sessions) ? readdirSync(sessions).filter((name) => DELETED.test(name)) : [];
  if (deleted.length === 0) continue;
  const began = Date.now();
  try {
    tidy(agent, sessions, deleted);
    console.error(`tidy: ${deleted.length} deleted session(s) of an agent are gone from the disk (${Date.now() - began} ms)`);
  } catch (error) {
    // One agent's trouble is not the others'. The sentence is SQLite's or the system's: no words of a session are in it.
    console.error(`tidy: an agent's deleted sessions stay for now: ${error.code ?? error.message}`);
    process.exitCode = 1;
  }
}
