// Run by mosaic-entrypoint after a regular end of the gateway. Removes deleted sessions from the disk.
//
// OpenClaw moves the text of a deleted session into an archive (a row and a file) that it keeps forever, and leaves it in its
// full-text index and in free pages. Its own ways to remove it are too slow for a stop (two runs of its command line for each
// agent) or slow down chats. So this script knows four things about the layout of 2026.9.6, which the tests check: the paths
// of an agent's database and of its archive files, the archive's table, and the index's table.
// The files are removed last, so that after a crash the next stop does the same work again.
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

const agentsDir = `${process.env.OPENCLAW_STATE_DIR ?? "/data"}/agents`;
const DELETED_SESSION = /\.jsonl\.deleted\./;
const ARCHIVE_TABLE = "session_transcript_archives";
// A larger database is not rewritten, because the engine would kill the container before that is complete.
const MAX_VACUUM_BYTES = 256 << 20;
const PURGE = `
  pragma secure_delete = on;
  delete from ${ARCHIVE_TABLE} where reason = 'deleted';
  insert into session_transcript_fts (session_transcript_fts) values ('optimize');`;

function purge(agent, sessionsDir, deletedFiles) {
  const file = `${agentsDir}/${agent}/agent/openclaw-agent.sqlite`;
  const database = new DatabaseSync(file);
  // OpenClaw creates the table when it first needs it.
  if (database.prepare("select 1 from sqlite_master where name = ?").get(ARCHIVE_TABLE)) database.exec(PURGE);
  if (statSync(file).size <= MAX_VACUUM_BYTES) database.exec("vacuum");
  database.exec("pragma wal_checkpoint(truncate)");
  database.close();
  for (const name of deletedFiles) rmSync(`${sessionsDir}/${name}`);
}

for (const agent of existsSync(agentsDir) ? readdirSync(agentsDir) : []) {
  const sessionsDir = `${agentsDir}/${agent}/sessions`;
  const deletedFiles = existsSync(sessionsDir) ? readdirSync(sessionsDir).filter((name) => DELETED_SESSION.test(name)) : [];
  if (deletedFiles.length === 0) continue;
  const startedAt = Date.now();
  try {
    purge(agent, sessionsDir, deletedFiles);
    console.error(`tidy: removed ${deletedFiles.length} deleted session(s) of an agent from the disk (${Date.now() - startedAt} ms)`);
  } catch (error) {
    // The other agents are tidied up all the same. The message is SQLite's or the system's, without text of a session.
    console.error(`tidy: an agent's deleted sessions could not be removed: ${error.code ?? error.message}`);
    process.exitCode = 1;
  }
}
