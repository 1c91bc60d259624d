"""OpenAI's own Python client, unmodified, against Mosaic: a sequence of requests, and a report of the responses as JSON.

Environment: OPENAI_BASE_URL and OPENAI_API_KEY, as the client reads them; CHAT, the id of a chat to continue.
"""

import json
import os

import openai

MODEL = "ada"
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}

client = openai.OpenAI(max_retries=0)


def ask(text, **options):
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(**{"model": MODEL, "messages": messages, **options})


def ask_whole(text, **options):
    answer = ask(text, **options)
    choice = answer.choices[0]
    calls = [[call.function.name, call.function.arguments] for call in choice.message.tool_calls or []]
    usage = answer.usage and answer.usage.total_tokens
    return {"text": choice.message.content, "finish": choice.finish_reason, "usage": usage, "calls": calls}


def ask_streamed(text, **options):
    seen = {"text": "", "finish": None, "usage": None, "calls": [], "chunks": 0, "withoutChoice": 0}
    for chunk in ask(text, stream=True, **options):
        seen["chunks"] += 1
        if chunk.usage:
            seen["usage"] = chunk.usage.total_tokens
        if not chunk.choices:
            seen["withoutChoice"] += 1
        for choice in chunk.choices:
            seen["text"] += choice.delta.content or ""
            seen["finish"] = choice.finish_reason or seen["finish"]
            for call in choice.delta.tool_calls or []:
                seen["calls"].append([call.function.name, call.function.arguments])
    return seen


def error_of(act):
    try:
        act()
    except openai.APIError as error:
        status = getattr(error, "status_code", None)
        kind = type(error).__name__
        return {"class": kind, "status": status, "message": error.message, "code": error.code, "param": error.param}
    return None


with_usage = {"stream_options": {"include_usage": True}}
in_chat = {"extra_headers": {"X-Mosaic-Chat": os.environ["CHAT"]}}
unknown_client = openai.OpenAI(api_key="mat_not-a-token-at-all", max_retries=0)
seen = {
    "models": [model.id for model in client.models.list()],
    "whole": ask_whole("the whole truth"),
    "streamed": ask_streamed("piece by piece", **with_usage),
    "uncounted": ask_streamed("without usage"),
    "tool": ask_whole('[[llm:tool=weather,args={"city":"Oslo"}]]', tools=[WEATHER]),
    "streamedTool": ask_streamed('[[llm:tool=weather,args={"city":"Rome"}]]', tools=[WEATHER]),
    "inChat": ask_whole("kept in the chat", **in_chat),
    "streamedInChat": ask_streamed("kept as well", **in_chat, **with_usage),
    "uncountedInChat": ask_streamed("kept uncounted", **in_chat),
    "badKey": error_of(unknown_client.models.list),
    "badKeyAsks": error_of(lambda: unknown_client.chat.completions.create(model=MODEL, messages=[])),
    "unknownModel": error_of(lambda: ask("hello", model="unknown")),
    "unsupported": error_of(lambda: ask("hello", logit_bias={"1": 5})),
    "severalAnswers": error_of(lambda: ask("hello", n=2)),
    "toolsInChat": error_of(lambda: ask("hello", tools=[WEATHER], **in_chat)),
    "failure": error_of(lambda: ask_whole("[[stub:error=429]]")),
    "streamedFailure": error_of(lambda: ask_streamed("[[stub:error=429]]")),
    "failureInChat": error_of(lambda: ask_whole("[[stub:error=429]]", **in_chat)),
    "streamedFailureInChat": error_of(lambda: ask_streamed("[[stub:error=429]]", **in_chat)),
}
print(json.dumps(seen))
