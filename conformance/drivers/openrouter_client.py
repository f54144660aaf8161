"""`openrouter_client.py <ask>`: what run.mjs is, for OpenRouter's own Python package, which validates every answer itself."""

import json
import os
import sys
import time

from openrouter import OpenRouter, errors, utils

from openrouter_management import management

HOST = os.environ["TURNPIKE_HOST"]
PROMPT = os.environ.get("PROMPT", "one two three")
MODEL = "acme/small"
MESSAGES = [{"role": "user", "content": PROMPT}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
# Left alone it tries again for an hour.
RETRIES = utils.RetryConfig("backoff", utils.BackoffStrategy(200, 1000, 1.5, 5000), True)


def client_of(key):
    return OpenRouter(api_key=key, server_url=f"{HOST}/api/v1", retry_config=RETRIES)


client = client_of(os.environ["TURNPIKE_KEY"])


def text():
    return {"text": client.chat.send(model=MODEL, messages=MESSAGES).choices[0].message.content}


def stream():
    pieces = []
    for chunk in client.chat.send(model=MODEL, messages=MESSAGES, stream=True):
        if chunk.error:
            raise RuntimeError(chunk.error.message)
        if chunk.choices:
            pieces.append(chunk.choices[0].delta.content or "")
    return {"text": "".join(pieces), "pieces": len([piece for piece in pieces if piece])}


def tools():
    first = client.chat.send(model=MODEL, messages=MESSAGES, tools=[WEATHER]).choices[0].message
    told = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "Sunny."}
    messages = [*MESSAGES, first.model_dump(exclude_none=True), told]
    return {"text": client.chat.send(model=MODEL, messages=messages, tools=[WEATHER]).choices[0].message.content}


def responses():
    return {"text": client.beta.responses.send(model=MODEL, input=PROMPT).model_dump_json()}


def embeddings():
    found = client.embeddings.generate(model="acme/vectors", input=[PROMPT, "another"])
    return {"vectors": len(found.data), "dimensions": len(found.data[0].embedding)}


def models():
    return {"models": [model.id for model in client.models.list().result.data]}


def operations():
    """What the package has of management, credits, generations, models, endpoints and activity, with what each refuses."""
    manager = client_of(os.environ["TURNPIKE_MANAGEMENT_KEY"])
    done = []

    def passes(name, is_so, seen=None):
        if not is_so:
            raise AssertionError(f"{name}: {seen}")
        done.append(name)

    def refused(name, error, act):
        try:
            act()
        except error as raised:
            said = raised.data.error if hasattr(raised, "data") else None
            is_told = said is None or (said.message != "" and said.code == raised.raw_response.status_code)
            passes(name, is_told, raised)
        else:
            raise AssertionError(f"{name}: nothing was raised")

    stranger = client_of("sk-or-v1-" + "0" * 64)
    quick = client_of(os.environ["TURNPIKE_MANAGEMENT_KEY"])
    # A 500 is not to be tried again.
    quick.sdk_configuration.retry_config = None
    management(quick, stranger, client, passes)

    key = manager.api_keys.create(name="conformance", limit=5, include_byok_in_limit=True)
    passes("keys create", key.key.startswith("sk-or-v1-"))
    passes("keys get", manager.api_keys.get(hash=key.data.hash).data.name == "conformance")
    passes("keys list", key.data.hash in [one.hash for one in manager.api_keys.list().data])
    passes("keys update", manager.api_keys.update(hash=key.data.hash, limit=6).data.limit == 6)
    caller = client_of(key.key)
    passes("key", caller.api_keys.get_current_key_metadata().data.limit == 6)
    refused("keys get 404", errors.NotFoundResponseError, lambda: manager.api_keys.get(hash="0" * 64))

    answer = caller.chat.send(model=MODEL, messages=MESSAGES)
    passes("chat", answer.usage.is_byok is False and answer.usage.cost > 0)
    passes("generations", generation_of(caller, answer.id).data.total_cost == answer.usage.cost)
    refused("generations 404", errors.NotFoundResponseError, lambda: caller.generations.get_generation(id="gen-0-none"))
    passes("credits", manager.credits.get_credits().data.total_usage >= 0)
    passes("models", MODEL in [model.id for model in caller.models.list().result.data])
    passes("models for the user", MODEL in [model.id for model in caller.models.list_for_user(security={"bearer": key.key}).result.data])
    passes("models count", caller.models.count().data.count > 0)
    passes("model", caller.models.get(author="acme", slug="small").data.id == MODEL)
    passes("endpoints", caller.endpoints.list(author="acme", slug="small").data.endpoints != [])
    passes("endpoints without retention", caller.endpoints.list_zdr_endpoints().data is not None)
    refused("endpoints 404", errors.NotFoundResponseError, lambda: caller.endpoints.list(author="acme", slug="none"))
    passes("providers", caller.providers.list().data != [])
    passes("activity", manager.analytics.get_user_activity().data is not None)
    refused("activity 400", errors.BadRequestResponseError, lambda: manager.analytics.get_user_activity(request={"date_": "never"}))
    passes("keys delete", manager.api_keys.delete(hash=key.data.hash).DELETED)
    return {"operations": done}


def generation_of(by, id):
    """It is there once what was settled has been brought in."""
    for _ in range(40):
        try:
            return by.generations.get_generation(id=id)
        except errors.NotFoundResponseError:
            time.sleep(0.1)
    return by.generations.get_generation(id=id)


ASKS = {
    **{"text": text, "stream": stream, "tools": tools, "responses": responses},
    **{"embeddings": embeddings, "models": models, "operations": operations},
}

try:
    print(json.dumps(ASKS[sys.argv[1]]()))
except Exception as error:  # noqa: BLE001 - whatever it raises is what its user sees
    print(json.dumps({"name": type(error).__name__, "message": str(error)[:600]}), file=sys.stderr)
    sys.exit(1)
