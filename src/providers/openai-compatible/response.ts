/** A whole answer of OpenAI's dialect: made canonical, and turned into events or typed parts where the caller wants those. */
import { type AnswerChoice, type AnswerFacts, type ChatAnswer, isNoAnswer } from '../../chat/answer.ts';
import type { ChatEvent, FinishReason } from '../../chat/event.ts';
import type { Part } from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { garbage, spokenReason, toldError } from '../errors/error.ts';
import { isError } from '../errors/error-shapes.ts';
import { canonicalLogprobs } from './logprobs.ts';
import { canonicalMessage } from './message.ts';
import { finishOf } from './stop-reason.ts';
import { namesOf } from './typed-events.ts';
import { convertUsage, findUsage } from './usage.ts';

/** A canonical body without its head: `choices` and what the vendor put beside them. */
export interface WholeAnswer {
  readonly body: JsonObject;
  readonly facts: AnswerFacts;
  /** Whether a client would see something of it. */
  readonly saysSomething: boolean;
}

/** Members that are facts of the record, or that the gateway writes itself. */
const REPORTED = new Set([
  'choices',
  'id',
  'object',
  'created',
  'model',
  'provider',
  'usage',
  'x_groq',
  'usageMetadata',
  'usage_metadata',
  'error',
  'system_fingerprint',
  'service_tier',
  'openrouter_metadata',
]);

/** Throws ProviderError when the body is not a chat completion, or is an error under a 200. `text` is the body as it came. */
export function convertResponse(
  body: unknown,
  text: string,
  secret: string | null,
  origin?: string,
): WholeAnswer {
  if (isError(body)) throw toldError({ status: null, value: body, text }, secret);
  const given = isJsonObject(body) ? body['choices'] : undefined;
  if (!isJsonObject(body) || !Array.isArray(given) || given.length === 0) throw notACompletion(text, secret);
  let writtenBytes = 0;
  let saysSomething = false;
  const choices = given.map((value: unknown, at) => {
    if (!isJsonObject(value)) throw notACompletion(text, secret);
    const message = messageOf(value);
    if (message === null) {
      if (isTold(value['error'])) throw toldError({ status: null, value, text }, secret);
      throw notACompletion(text, secret);
    }
    const said = canonicalMessage(message, origin);
    if (isTold(value['error']) && !said.anything && given.length === 1) {
      throw toldError({ status: null, value: { error: value['error'] }, text }, secret);
    }
    writtenBytes += said.bytes;
    saysSomething ||= said.anything;
    return canonicalChoice(value, at, said.message, secret);
  });
  // Why it broke nobody knows, but it did before it said a word: another endpoint can still answer.
  if (!saysSomething && choices.some((choice) => choice['finish_reason'] === 'error')) {
    throw toldError({ status: null, value: {}, text }, secret);
  }
  const facts = factsOf(body, choices, given, writtenBytes);
  if (!saysSomething && isNoAnswer(facts.finishReason, facts.usage))
    throw garbage('Provider returned an empty answer', text, secret);
  return { body: { choices, ...rest(body) }, facts, saysSomething };
}

function isTold(error: unknown): boolean {
  return isError({ error });
}

function canonicalChoice(
  choice: JsonObject,
  at: number,
  message: JsonObject,
  secret: string | null,
): JsonObject {
  const {
    index,
    message: _,
    delta: __,
    text: ___,
    finish_reason: ____,
    native_finish_reason: _____,
    logprobs,
    usage: ______,
    error,
    ...others
  } = choice;
  const calls = message['tool_calls'];
  const known = canonicalLogprobs(logprobs);
  const failed = isTold(error);
  const { reason, native } = finishOf(choice, Array.isArray(calls) && calls.length > 0);
  return {
    ...others,
    index: Number.isInteger(index) ? index : at,
    message,
    finish_reason: failed ? 'error' : reason,
    native_finish_reason: native,
    ...(known === undefined ? {} : { logprobs: known }),
    ...(failed ? { error: spokenReason({ error }, secret) } : {}),
  };
}

/**
 * Whoever was asked for a whole answer may still give a delta or, as in the legacy completions, text. Google leaves the message out where
 * thinking used up the output cap: a choice that says why it ended is one of no words.
 */
function messageOf(choice: JsonObject): JsonObject | null {
  const { message, delta, text } = choice;
  if (isJsonObject(message)) return message;
  if (isJsonObject(delta)) return delta;
  if (typeof text === 'string') return { content: text };
  return !isTold(choice['error']) && finishOf(choice, false).reason !== null ? {} : null;
}

function rest(body: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const name in body) {
    const value = body[name];
    if (!REPORTED.has(name) && value !== null && name !== '__proto__') result[name] = value;
  }
  return result;
}

function factsOf(
  body: JsonObject,
  choices: readonly JsonObject[],
  given: readonly unknown[],
  writtenBytes: number,
): AnswerFacts {
  const last = given.at(-1);
  const onChoice = isJsonObject(last) ? convertUsage(last['usage']) : null;
  return {
    writtenBytes,
    finishReason: reasonOf(choices[0]),
    nativeFinishReason: textOrNull(choices[0]?.['native_finish_reason']),
    usage: findUsage(body) ?? onChoice,
    upstreamId: textOrNull(body['id']) || null,
    serviceTier: textOrNull(body['service_tier']),
    systemFingerprint: textOrNull(body['system_fingerprint']),
  };
}

function reasonOf(choice: JsonObject | undefined): FinishReason | null {
  const reason = choice?.['finish_reason'];
  // It was mapped a moment ago: no other text can stand there.
  return typeof reason === 'string' ? (reason as FinishReason) : null;
}

function notACompletion(text: string, secret: string | null) {
  return garbage('Provider returned an answer that is not a chat completion', text, secret);
}

/** For a caller of the same dialect as it is, for others in parts. */
export function answerOf({ body, facts }: WholeAnswer, isNative: boolean): ChatAnswer {
  if (isNative) return { form: 'native', dialect: 'openai-chat', body, ...facts };
  return { form: 'typed', choices: choicesOf(body).map(typedChoice), ...facts };
}

/** What a stream would have told of it: one chunk a choice, with everything in it. */
export function eventsOf({ body, facts, saysSomething }: WholeAnswer): ChatEvent[] {
  const { choices: _, ...others } = body;
  const events: ChatEvent[] = [
    {
      type: 'meta',
      ...(facts.upstreamId === null ? {} : { upstreamId: facts.upstreamId }),
      ...(facts.serviceTier === null ? {} : { serviceTier: facts.serviceTier }),
      ...(facts.systemFingerprint === null ? {} : { systemFingerprint: facts.systemFingerprint }),
    },
  ];
  for (const [at, { message, ...choice }] of choicesOf(body).entries()) {
    const reason = lastReasonOf(choice, message);
    events.push({
      type: 'native',
      dialect: 'openai-chat',
      event: {
        choices: [{ ...choice, delta: deltaOf(message), finish_reason: reason }],
        ...(at === 0 ? others : {}),
      },
      writtenBytes: at === 0 ? facts.writtenBytes : 0,
      saysSomething,
    });
  }
  for (const choice of choicesOf(body)) {
    const reason = lastReasonOf(choice, choice.message);
    const native = textOrNull(choice['native_finish_reason']);
    events.push({ type: 'finish', choice: Number(choice['index']), reason, native });
  }
  if (facts.usage !== null) events.push({ type: 'usage', usage: facts.usage });
  return events;
}

/** A stream ends with a reason, because clients wait for one. */
function lastReasonOf(choice: JsonObject, message: JsonObject): FinishReason {
  return reasonOf(choice) ?? ('tool_calls' in message ? 'tool_calls' : 'stop');
}

function deltaOf(message: JsonObject): JsonObject {
  const calls = message['tool_calls'];
  if (!Array.isArray(calls)) return message;
  return { ...message, tool_calls: calls.map((call: JsonObject, index) => ({ index, ...call })) };
}

function choicesOf(body: JsonObject): (JsonObject & { message: JsonObject })[] {
  return body['choices'] as (JsonObject & { message: JsonObject })[];
}

function typedChoice(choice: JsonObject & { message: JsonObject }): AnswerChoice {
  return {
    index: Number(choice['index']),
    parts: partsOf(choice.message),
    finishReason: reasonOf(choice),
    nativeFinishReason: textOrNull(choice['native_finish_reason']),
    logprobs: isJsonObject(choice['logprobs']) ? choice['logprobs'] : null,
  };
}

function partsOf(message: JsonObject): Part[] {
  const parts: Part[] = reasoningParts(message);
  const { content, refusal, tool_calls: calls } = message;
  if (typeof content === 'string' && content !== '') parts.push({ type: 'text', text: content });
  if (typeof refusal === 'string' && refusal !== '') parts.push({ type: 'refusal', text: refusal });
  for (const name of ['images', 'audio', 'annotations']) {
    const value = message[name];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    parts.push({ type: 'opaque', dialect: 'openai-chat', value: { [name]: value } });
  }
  for (const call of Array.isArray(calls) ? calls : []) {
    const { id, type: _, function: fn, ...extra } = call as JsonObject;
    const given = isJsonObject(fn) ? fn : {};
    parts.push({
      type: 'tool-call',
      id: String(id),
      name: String(given['name'] ?? ''),
      argumentsJson: String(given['arguments'] ?? ''),
      ...(Object.keys(extra).length === 0 ? {} : { extra }),
    });
  }
  return parts;
}

function reasoningParts(message: JsonObject): Part[] {
  const details = Array.isArray(message['reasoning_details']) ? message['reasoning_details'] : [];
  return details.filter(isJsonObject).flatMap((detail): Part[] => {
    const text = textOrNull(detail['text']) ?? textOrNull(detail['summary']) ?? '';
    const signature = textOrNull(detail['signature']);
    const redacted = detail['type'] === 'reasoning.encrypted' ? textOrNull(detail['data']) : null;
    if (text === '' && signature === null && redacted === null) return [];
    return [
      {
        type: 'reasoning',
        text,
        ...namesOf(detail),
        ...(signature === null ? {} : { signature }),
        ...(redacted === null ? {} : { redacted }),
      },
    ];
  });
}
