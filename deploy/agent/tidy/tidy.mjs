// Run by mosaic-entrypoint when the gateway has ended in order: what was deleted is gone from the disk.
//
// OpenClaw moves a deleted session's words into an archive (a row, and a file made of it) that it keeps for ever, and
// leaves them in its index of words and in free pages. Its own ways to be rid of them are too slow for a stop (two runs of its
// command line for each agent) or compete with chats. So this knows four things about the layout of 2026.9.6, which
// the tests hold on to: where an agent's database and archive files are, the archive's table, and the index's.
// The files go last: whatever kills this, the next stop finds the same work.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

const agents = `${process.env.OPENCLAW_STATE_DIR ?? "/data"}/agents`;
const DELETED = /\.jsonl\.deleted\./;
const FORGET = `
  pragma secure_delete = on;
  delete from session_transcript_archives;
  insert into session_transcript_fts (session_transcript_fts) values ('optimize');
  vacuum;
  pragma wal_checkpoint(truncate);`;

for (const agent of existsSync(agents) ? readdirSync(agents) : []) {
  const sessions = `${agents}/${agent}/sessions`;
  const deleted = existsSync(sessions) ? readdirSync(sessions).filter((name) => DELETED.test(name)) : [];
  if (deleted.length === 0) continue;
  const began = Date.now();
  const database = new DatabaseSync(`${agents}/${agent}/agent/openclaw-agent.sqlite`);
  database.exec(FORGET);
  database.close();
  for (const name of deleted) rmSync(`${sessions}/${name}`);
  console.error(`tidy: ${deleted.length} deleted session(s) of an agent are gone from the disk (${Date.now() - began} ms)`);
}
