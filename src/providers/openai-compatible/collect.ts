/** A streamed answer put together again, for a caller who asked for a whole one and whose provider streams all the same. */
import type { ChatEvent } from '../../chat/event.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';

/** Canonical chunks in, the body that they add up to out, as the provider would have sent it whole. */
export function collected(events: readonly ChatEvent[]): JsonObject {
  const body: JsonObject = {};
  const choices = new Map<unknown, JsonObject>();
  for (const event of events) {
    if (event.type === 'meta') {
      if (event.upstreamId !== undefined) body['id'] = event.upstreamId;
      if (event.serviceTier !== undefined) body['service_tier'] = event.serviceTier;
      if (event.systemFingerprint !== undefined) body['system_fingerprint'] = event.systemFingerprint;
    }
    if (event.type !== 'native') continue;
    const { choices: told, ...others } = event.event;
    Object.assign(body, others);
    for (const choice of Array.isArray(told) ? told.filter(isJsonObject) : []) add(choices, choice);
  }
  return { ...body, choices: [...choices.values()] };
}

function add(choices: Map<unknown, JsonObject>, told: JsonObject): void {
  const { delta, index, finish_reason, native_finish_reason, logprobs, ...others } = told;
  let choice = choices.get(index);
  if (choice === undefined) {
    choice = { index, message: { content: null }, finish_reason: null };
    choices.set(index, choice);
  }
  Object.assign(choice, others);
  if (finish_reason !== null) {
    choice['finish_reason'] = finish_reason;
    choice['native_finish_reason'] = native_finish_reason;
  }
  if (isJsonObject(logprobs)) choice['logprobs'] = joinedLogprobs(choice['logprobs'], logprobs);
  if (isJsonObject(delta) && isJsonObject(choice['message'])) addDelta(choice['message'], delta);
}

function addDelta(message: JsonObject, delta: JsonObject): void {
  for (const name in delta) {
    const value = delta[name];
    const known = message[name];
    if (name === 'tool_calls' && Array.isArray(value)) {
      message[name] = addCalls(Array.isArray(known) ? known : [], value);
    } else if (name === 'reasoning_details' && Array.isArray(value)) {
      message[name] = addDetails(Array.isArray(known) ? known : [], value);
    } else if (Array.isArray(value)) {
      message[name] = [...(Array.isArray(known) ? known : []), ...value];
    } else if (TEXTS.has(name) && typeof value === 'string') {
      message[name] = typeof known === 'string' ? known + value : value;
    } else if (isJsonObject(value) && isJsonObject(known)) {
      message[name] = addTexts(known, value);
    } else if (value !== null || known === undefined) {
      message[name] = value;
    }
  }
}

const TEXTS = new Set(['content', 'reasoning', 'refusal']);

/** Sound comes in pieces of base64 and of its transcript, a call in pieces of its arguments and, with some, of its name. */
const PIECES = new Set(['data', 'transcript', 'arguments', 'name']);

function addTexts(known: JsonObject, more: JsonObject): JsonObject {
  const result = { ...known };
  for (const name in more) {
    const before = known[name];
    const isPiece = PIECES.has(name) && typeof before === 'string';
    result[name] = isPiece ? `${before}${String(more[name] ?? '')}` : (more[name] ?? before);
  }
  return result;
}

function addCalls(known: readonly JsonObject[], fragments: readonly JsonObject[]): JsonObject[] {
  const calls = [...known];
  for (const fragment of fragments) {
    const at = calls.findIndex((call) => call['index'] === fragment['index']);
    const call = calls[at];
    if (call === undefined) calls.push(fragment);
    else {
      const [before, more] = [call['function'], fragment['function']];
      const fn = isJsonObject(before) && isJsonObject(more) ? addTexts(before, more) : (more ?? before);
      calls[at] = { ...call, ...fragment, function: fn };
    }
  }
  return calls;
}

/** Pieces of one thought become one; what is sealed or signed ends it. */
function addDetails(known: readonly JsonObject[], more: readonly JsonObject[]): JsonObject[] {
  const details = [...known];
  for (const detail of more) {
    const last = details.at(-1);
    const goesOn =
      last !== undefined &&
      last['type'] === detail['type'] &&
      last['index'] === detail['index'] &&
      last['signature'] === undefined;
    const text = detail['type'] === 'reasoning.summary' ? 'summary' : 'text';
    if (goesOn && (typeof detail[text] === 'string' || detail['signature'] !== undefined)) {
      const joined = `${String(last[text] ?? '')}${String(detail[text] ?? '')}`;
      details[details.length - 1] = { ...last, ...detail, [text]: joined };
    } else details.push(detail);
  }
  return details;
}

function joinedLogprobs(known: unknown, more: JsonObject): JsonObject {
  if (!isJsonObject(known)) return more;
  const result = { ...known };
  for (const name of ['content', 'refusal']) {
    const [before, after] = [known[name], more[name]];
    if (Array.isArray(after)) result[name] = [...(Array.isArray(before) ? before : []), ...after];
  }
  return result;
}
