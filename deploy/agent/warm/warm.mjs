// Fills V8's compile cache while the image is built: boots the gateway twice (the first boot and later
// boots run different code) and chats once with each, with a model and an MCP server that are played
// here. The gateway must end by SIGTERM, because Node writes the cache at exit.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const state = "/tmp/warm-state";
const gateway = "http://127.0.0.1:18789";
const token = "warm-up-only";
const READY_TIMEOUT_MS = 180_000;

const chunk = (delta, finish_reason = null) =>
  `data: ${JSON.stringify({ id: "w", object: "chat.completion.chunk", created: 1, model: "warm", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const tools = [{ name: "note", description: "Takes a note.", inputSchema: { type: "object" } }];
function mcp(request, body, response) {
  const { id, method, params } = request.method === "POST" ? JSON.parse(body) : {};
  if (id === undefined) return response.writeHead(request.method === "POST" ? 202 : 405).end();
  const hello = { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "warm", version: "1" } };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ jsonrpc: "2.0", id, result: method === "initialize" ? hello : { tools } }));
}
const played = createServer((request, response) => {
  let body = "";
  request.on("data", (data) => (body += data)).on("end", () => {
    console.log(`played: ${request.method} ${request.url}`);
    if (request.url === "/mcp") return mcp(request, body, response);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(chunk({ role: "assistant", content: "warm" }) + chunk({}, "stop"));
    response.end(`data: ${JSON.stringify({ id: "w", object: "chat.completion.chunk", created: 1, model: "warm", choices: [], usage })}\n\ndata: [DONE]\n\n`);
  });
}).listen(9999, "127.0.0.1");

mkdirSync(`${state}/workspace`, { recursive: true });
copyFileSync(new URL("openclaw.json", import.meta.url), `${state}/openclaw.json`);

for (const boot of ["first", "second"]) {
  const startedAt = Date.now();
  const seconds = () => ((Date.now() - startedAt) / 1000).toFixed(1);
  const child = spawn("openclaw", ["gateway", "run", "--bind", "lan", "--port", "18789"], {
    stdio: "inherit",
    env: { ...process.env, OPENCLAW_STATE_DIR: state, OPENCLAW_CONFIG_PATH: `${state}/openclaw.json`, OPENCLAW_GATEWAY_TOKEN: token },
  });
  const exit = once(child, "exit");
  let ready = false;
  while (!ready) {
    if (child.exitCode !== null || Date.now() - startedAt > READY_TIMEOUT_MS) throw new Error(`the gateway did not get ready (exit ${child.exitCode})`);
    await sleep(250);
    ready = await fetch(`${gateway}/readyz`).then((answer) => answer.ok, () => false);
  }
  console.log(`${boot} boot: ready after ${seconds()} s`);
  const answer = await fetch(`${gateway}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "openclaw", stream: true, messages: [{ role: "user", content: "hello" }] }),
  });
  const text = await answer.text();
  if (!text.includes('"content":"warm"')) throw new Error(`no answer to the warm-up chat: ${answer.status} ${text}`);
  child.kill("SIGTERM");
  await exit;
  console.log(`${boot} boot: chatted and stopped after ${seconds()} s`);
}
played.close();
played.closeAllConnections();
