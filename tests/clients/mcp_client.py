"""The official Python client of MCP, unmodified, against Mosaic's tools: a report of the responses as JSON.

Environment: MCP_URL, MCP_TOKEN, MCP_AGENT; CALLS, a JSON list of [tool, arguments].
"""

import asyncio
import json
import os

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

HEADERS = {"Authorization": f"Bearer {os.environ['MCP_TOKEN']}", "X-Mosaic-Agent": os.environ["MCP_AGENT"]}


async def call(client, tool, arguments):
    try:
        result = await client.call_tool(tool, arguments)
    except MCPError as error:
        return {"refused": error.error.code}
    return {"isError": bool(result.is_error), "text": result.content[0].text, "structured": result.structured_content}


async def main():
    async with httpx2.AsyncClient(headers=HEADERS, trust_env=False) as http:
        async with Client(streamable_http_client(os.environ["MCP_URL"], http_client=http)) as client:
            tools = await client.list_tools()
            calls = [await call(client, tool, arguments) for tool, arguments in json.loads(os.environ["CALLS"])]
            server = client.server_info
            seen = {"server": server.name, "tools": [tool.name for tool in tools.tools], "calls": calls}
            print(json.dumps(seen))


asyncio.run(main())
