"""`litellm_client.py <ask>`: what run.mjs is, for LiteLLM as a client."""

import json
import os
import sys

import litellm

HOST = os.environ["TURNPIKE_HOST"]
ASKED = {
    "model": "openai/acme/small",
    "api_base": f"{HOST}/api/v1",
    "api_key": os.environ["TURNPIKE_KEY"],
    "messages": [{"role": "user", "content": os.environ["PROMPT"]}],
}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def text():
    return {"text": litellm.completion(**ASKED).choices[0].message.content}


def stream():
    pieces = [chunk.choices[0].delta.content or "" for chunk in litellm.completion(**ASKED, stream=True)]
    return {"text": "".join(pieces), "pieces": len([piece for piece in pieces if piece])}


def tools():
    first = litellm.completion(**ASKED, tools=[WEATHER]).choices[0].message
    told = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "Sunny."}
    messages = [*ASKED["messages"], first.model_dump(), told]
    return {"text": litellm.completion(**{**ASKED, "messages": messages}, tools=[WEATHER]).choices[0].message.content}


def embeddings():
    found = litellm.embedding(
        model="openai/acme/vectors",
        api_base=ASKED["api_base"],
        api_key=ASKED["api_key"],
        input=[os.environ["PROMPT"], "another"],
    )
    return {"vectors": len(found.data), "dimensions": len(found.data[0]["embedding"])}


try:
    print(json.dumps({"text": text, "stream": stream, "tools": tools, "embeddings": embeddings}[sys.argv[1]]()))
except Exception as error:  # noqa: BLE001 - whatever it raises is what its user sees
    print(json.dumps({"name": type(error).__name__, "message": str(error)[:600]}), file=sys.stderr)
    sys.exit(1)
