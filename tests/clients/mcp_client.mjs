// The official Node client of MCP, unmodified, against Mosaic's tools: a report of the responses as JSON. The same
// as mcp_client.py, so that one test can check both.
//
// Environment: MCP_URL, MCP_TOKEN, MCP_AGENT; CALLS, a JSON list of [tool, arguments].

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const { MCP_URL, MCP_TOKEN, MCP_AGENT, CALLS } = process.env;
const headers = { Authorization: `Bearer ${MCP_TOKEN}`, "X-Mosaic-Agent": MCP_AGENT };
const client = new Client({ name: "test", version: "1" });
await client.connect(new StreamableHTTPClientTransport(new URL(MCP_URL), { requestInit: { headers } }));

async function call(name, args) {
  try {
    const { isError = false, content, structuredContent = null } = await client.callTool({ name, arguments: args });
    return { isError, text: content[0].text, structured: structuredContent };
  } catch (error) {
    return { refused: error.code };
  }
}

const { tools } = await client.listTools();
const calls = [];
for (const [name, args] of JSON.parse(CALLS)) calls.push(await call(name, args));
console.log(JSON.stringify({ server: client.getServerVersion().name, tools: tools.map((tool) => tool.name), calls }));
await client.close();
