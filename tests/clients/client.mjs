// OpenAI's own Node client, unmodified, against Mosaic: a sequence of requests, and a report of the responses as JSON.
// The same as client.py, so that one test can check both.
//
// Environment: OPENAI_BASE_URL and OPENAI_API_KEY, as the client reads them; CHAT, the id of a chat to continue.

import OpenAI from "openai";

const MODEL = "ada";
const WEATHER = {
  type: "function",
  function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};

const client = new OpenAI({ maxRetries: 0 });

function ask(text, { headers, ...options } = {}) {
  const messages = [{ role: "user", content: text }];
  return client.chat.completions.create({ model: MODEL, messages, ...options }, { headers });
}

const call = ({ function: { name, arguments: args } }) => [name, args];

async function askWhole(text, options) {
  const answer = await ask(text, options);
  const [choice] = answer.choices;
  return {
    text: choice.message.content,
    finish: choice.finish_reason,
    usage: answer.usage?.total_tokens ?? null,
    calls: (choice.message.tool_calls ?? []).map(call),
  };
}

async function askStreamed(text, options) {
  const seen = { text: "", finish: null, usage: null, calls: [], chunks: 0, withoutChoice: 0 };
  for await (const chunk of await ask(text, { stream: true, ...options })) {
    seen.chunks += 1;
    seen.usage = chunk.usage?.total_tokens ?? seen.usage;
    if (chunk.choices.length === 0) seen.withoutChoice += 1;
    for (const choice of chunk.choices) {
      seen.text += choice.delta.content ?? "";
      seen.finish = choice.finish_reason ?? seen.finish;
      seen.calls.push(...(choice.delta.tool_calls ?? []).map(call));
    }
  }
  return seen;
}

async function errorOf(act) {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    const { status = null, message, code = null, param = null } = error;
    return { class: error.constructor.name, status, message, code, param };
  }
  return null;
}

const withUsage = { stream_options: { include_usage: true } };
const inChat = { headers: { "X-Mosaic-Chat": process.env.CHAT } };
const unknownClient = new OpenAI({ apiKey: "mat_not-a-token-at-all", maxRetries: 0 });
const models = [];
for await (const model of client.models.list()) models.push(model.id);
const seen = {
  models,
  whole: await askWhole("the whole truth"),
  streamed: await askStreamed("piece by piece", withUsage),
  uncounted: await askStreamed("without usage"),
  tool: await askWhole('[[llm:tool=weather,args={"city":"Oslo"}]]', { tools: [WEATHER] }),
  streamedTool: await askStreamed('[[llm:tool=weather,args={"city":"Rome"}]]', { tools: [WEATHER] }),
  inChat: await askWhole("kept in the chat", inChat),
  streamedInChat: await askStreamed("kept as well", { ...inChat, ...withUsage }),
  uncountedInChat: await askStreamed("kept uncounted", inChat),
  badKey: await errorOf(() => unknownClient.models.list()),
  badKeyAsks: await errorOf(() => unknownClient.chat.completions.create({ model: MODEL, messages: [] })),
  unknownModel: await errorOf(() => ask("hello", { model: "unknown" })),
  unsupported: await errorOf(() => ask("hello", { logit_bias: { 1: 5 } })),
  severalAnswers: await errorOf(() => ask("hello", { n: 2 })),
  toolsInChat: await errorOf(() => ask("hello", { tools: [WEATHER], ...inChat })),
  failure: await errorOf(() => askWhole("[[stub:error=429]]")),
  streamedFailure: await errorOf(() => askStreamed("[[stub:error=429]]")),
  failureInChat: await errorOf(() => askWhole("[[stub:error=429]]", inChat)),
  streamedFailureInChat: await errorOf(() => askStreamed("[[stub:error=429]]", inChat)),
};
console.log(JSON.stringify(seen));
