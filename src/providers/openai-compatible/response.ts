/** A whole answer of OpenAI's dialect: relayed to callers of the same one, typed for others, or as the events of a stream. */
import type { AnswerChoice, AnswerFacts, ChatAnswer } from '../../chat/answer.ts';
import type { ChatEvent } from '../../chat/event.ts';
import type { Part } from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { ProviderError } from '../provider-error.ts';
import type { SecretGuard } from '../secret-guard.ts';
import { type CanonicalChoice, StreamedChoice } from './choice.ts';
import { errorOf, isErrorShape } from './error.ts';
import { writtenBytes } from './message.ts';
import { ChunkReader } from './stream.ts';
import { usageOf } from './usage.ts';

/** Written by the caller's dialect, or told as facts. */
const OWN_MEMBERS = new Set([
  ...['id', 'object', 'created', 'model', 'provider', 'choices', 'usage', 'x_groq', 'error'],
  ...['system_fingerprint', 'service_tier'],
]);

/** The body of an answer under a 200. Throws a ProviderError when it is an error, or no chat completion. */
export function completionOf(text: string, guard: SecretGuard): JsonObject {
  const body = parsed(text);
  if (isErrorShape(body)) throw errorOf(body, { guard, status: null, text, retryAfterSeconds: null });
  if (!isJsonObject(body) || !Array.isArray(body['choices']) || body['choices'].length === 0)
    throw notACompletion();
  return body;
}

/** `body` is a completion. */
export function wholeAnswer(body: JsonObject, isNative: boolean): ChatAnswer {
  const choices = choicesOf(body);
  const facts = factsOf(body, choices);
  if (!isNative) return { form: 'typed', choices: choices.map(typedChoice), ...facts };
  const rest: JsonObject = { choices: choices.map(nativeChoice) };
  for (const name in body) if (!OWN_MEMBERS.has(name) && body[name] !== null) rest[name] = body[name];
  return { form: 'native', dialect: 'openai-chat', body: rest, ...facts };
}

/** A completion told as a stream: one chunk that holds all of it. */
export function eventsOfWhole(body: JsonObject, isNative: boolean, guard: SecretGuard): ChatEvent[] {
  const events: ChatEvent[] = [];
  new ChunkReader(isNative, guard).readChunk(body, events);
  return events;
}

function choicesOf(body: JsonObject): CanonicalChoice[] {
  const given = Array.isArray(body['choices']) ? body['choices'] : [];
  return given.map((choice, position) => {
    if (!isJsonObject(choice) || !isJsonObject(choice['message'])) throw notACompletion();
    const index = Number.isInteger(choice['index']) ? Number(choice['index']) : position;
    return new StreamedChoice(index).canonical({ finish_reason: null, ...choice });
  });
}

function factsOf(body: JsonObject, choices: readonly CanonicalChoice[]): AnswerFacts {
  const [first] = choices;
  return {
    writtenBytes: choices.reduce((sum, { delta }) => sum + writtenBytes(delta), 0),
    finishReason: first?.finish_reason ?? null,
    nativeFinishReason: first?.native_finish_reason ?? null,
    usage: usageOf(body),
    upstreamId: textOrNull(body['id']),
    serviceTier: textOrNull(body['service_tier']),
    systemFingerprint: textOrNull(body['system_fingerprint']),
  };
}

/** Clients want these members of a message, also where they are null. */
function nativeChoice({ delta, index, ...choice }: CanonicalChoice): JsonObject {
  const message = { role: 'assistant', content: null, refusal: null, ...delta };
  return { index, message, logprobs: null, ...choice };
}

function typedChoice(choice: CanonicalChoice): AnswerChoice {
  const { index, delta, finish_reason, native_finish_reason } = choice;
  const logprobs = choice['logprobs'];
  return {
    index,
    parts: partsOf(delta),
    finishReason: finish_reason,
    nativeFinishReason: native_finish_reason,
    logprobs: isJsonObject(logprobs) ? logprobs : null,
  };
}

function partsOf(message: JsonObject): Part[] {
  const parts: Part[] = [];
  const reasoning = textOrNull(message['reasoning']) ?? '';
  const signature = signatureOf(message['reasoning_details']);
  if (reasoning !== '' || signature !== null)
    parts.push({ type: 'reasoning', text: reasoning, ...(signature === null ? {} : { signature }) });
  const content = textOrNull(message['content']);
  if (content !== null) parts.push({ type: 'text', text: content });
  const refusal = textOrNull(message['refusal']) ?? '';
  if (refusal !== '') parts.push({ type: 'refusal', text: refusal });
  const calls = Array.isArray(message['tool_calls']) ? message['tool_calls'] : [];
  for (const { id, index: _, type: __, function: called, ...extra } of calls) {
    const more = Object.keys(extra).length === 0 ? {} : { extra };
    parts.push({ type: 'tool-call', id, name: called.name, argumentsJson: called.arguments, ...more });
  }
  for (const name of ['images', 'audio', 'annotations']) {
    const value = message[name] ?? null;
    if (value !== null) parts.push({ type: 'opaque', dialect: 'openai-chat', value: { [name]: value } });
  }
  return parts;
}

function signatureOf(details: unknown): string | null {
  if (!Array.isArray(details)) return null;
  return details.map((detail) => textOrNull(detail?.signature)).find((text) => text !== null) ?? null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProviderError('garbage', {
      fault: 'provider',
      message: 'Provider returned an answer that is not JSON',
      hasAnswered: true,
      cause,
    });
  }
}

function notACompletion(): ProviderError {
  return new ProviderError('garbage', {
    fault: 'provider',
    message: 'Provider returned an answer that is not a chat completion',
    hasAnswered: true,
  });
}
