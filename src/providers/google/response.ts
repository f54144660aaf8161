/** A whole answer of Google's, also where it came in pieces. */
import { type AnswerChoice, type AnswerFacts, type ChatAnswer, isNoAnswer } from '../../chat/answer.ts';
import type { ChatEvent } from '../../chat/event.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { garbage, toldError } from '../errors/error.ts';
import { isError } from '../errors/error-shapes.ts';
import {
  blockReasonOf,
  bytesOf,
  candidatesOf,
  hasCalls,
  indexOf,
  isAnswer,
  partsOf,
  serviceTierOf,
} from './chunk.ts';
import { PartialCalls } from './partial-calls.ts';
import { joinedParts, typedLogprobs, typedParts } from './parts.ts';
import { finishReasonOf } from './stop-reason.ts';
import { convertUsage, searchesOf } from './usage.ts';

export interface WholeAnswer {
  readonly body: JsonObject;
  readonly facts: AnswerFacts;
}

/** Throws ProviderError. A list is what a stream without `alt=sse` gives. */
export function readWhole(value: unknown, text: string, secret: string | null): WholeAnswer {
  const chunks: readonly unknown[] = Array.isArray(value) ? value : [value];
  const failed = chunks.find(
    (chunk) => isError(chunk) && !(isJsonObject(chunk) && Array.isArray(chunk['candidates'])),
  );
  if (failed !== undefined) throw toldError({ status: null, value: failed, text }, secret);
  const body = merged(chunks.filter(isAnswer));
  const candidates = candidatesOf(body);
  if (candidates.length === 0 && blockReasonOf(body) === null)
    throw garbage('Provider returned an answer without candidates', text, secret);
  const facts = factsOf(body);
  const isBlank = (part: JsonObject) => part['text'] === '';
  const saysNothing = candidates.length > 0 && candidates.flatMap(partsOf).every(isBlank);
  if (saysNothing && isNoAnswer(facts.finishReason, facts.usage))
    throw garbage('Provider returned an empty answer', text, secret);
  return { body, facts };
}

function factsOf(body: JsonObject): AnswerFacts {
  const candidates = candidatesOf(body);
  const first = candidates.find((candidate) => indexOf(candidate) === 0) ?? candidates[0];
  const blocked = blockReasonOf(body);
  const native = first === undefined ? blocked : textOrNull(first['finishReason']);
  const searches = candidates.reduce((sum, candidate) => sum + searchesOf(candidate), 0);
  return {
    writtenBytes: bytesOf(body),
    finishReason: first === undefined ? 'content_filter' : finishReasonOf(native, hasCalls(first)),
    nativeFinishReason: native,
    usage: convertUsage(body['usageMetadata'], searches),
    upstreamId: textOrNull(body['responseId']),
    serviceTier: serviceTierOf(body),
    systemFingerprint: null,
  };
}

/** Chunks as the answer that they are together: parts behind each other, and of everything else the latest word. */
export function merged(chunks: readonly JsonObject[]): JsonObject {
  const [only, ...others] = chunks;
  if (only !== undefined && others.length === 0) return only;
  const body: JsonObject = {};
  const candidates = new Map<number, JsonObject>();
  for (const chunk of chunks) {
    Object.assign(body, chunk);
    for (const candidate of candidatesOf(chunk)) {
      const index = indexOf(candidate);
      const known = candidates.get(index);
      const parts = joinedJson([...(known === undefined ? [] : partsOf(known)), ...partsOf(candidate)]);
      candidates.set(index, { ...known, ...candidate, content: { parts, role: 'model' } });
    }
  }
  if (candidates.size > 0) body['candidates'] = [...candidates.values()];
  return body;
}

/** Texts of one kind that nothing but text is said of become one. */
function joinedJson(parts: readonly JsonObject[]): readonly JsonObject[] {
  const joined: JsonObject[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    const isMore =
      last !== undefined &&
      isPlainText(last) &&
      typeof part['text'] === 'string' &&
      last['thought'] === part['thought'];
    if (isMore) joined[joined.length - 1] = { ...part, text: `${last['text']}${part['text']}` };
    else joined.push(part);
  }
  return joined;
}

function isPlainText(part: JsonObject): boolean {
  return (
    typeof part['text'] === 'string' &&
    Object.keys(part).every((name) => name === 'text' || name === 'thought')
  );
}

export function answerOf({ body, facts }: WholeAnswer, isNative: boolean): ChatAnswer {
  if (isNative) return { ...facts, form: 'native', dialect: 'google-generate', body };
  const choices = candidatesOf(body).map(choiceOf);
  return { ...facts, form: 'typed', choices: choices.length > 0 ? choices : [refusedChoice(facts)] };
}

function choiceOf(candidate: JsonObject): AnswerChoice {
  const native = textOrNull(candidate['finishReason']);
  const calls = new PartialCalls();
  const parts = [...partsOf(candidate).flatMap((part) => calls.take(part)), ...calls.flush()];
  return {
    index: indexOf(candidate),
    parts: joinedParts(parts.flatMap(typedParts)),
    finishReason: finishReasonOf(native, hasCalls(candidate)),
    nativeFinishReason: native,
    logprobs: typedLogprobs(candidate['logprobsResult']),
  };
}

function refusedChoice({ finishReason, nativeFinishReason }: AnswerFacts): AnswerChoice {
  return { index: 0, parts: [], finishReason, nativeFinishReason, logprobs: null };
}

/** What a stream would have told of it. */
export function eventsOf({ body, facts }: WholeAnswer): readonly ChatEvent[] {
  const { upstreamId, serviceTier, usage, writtenBytes } = facts;
  const events: ChatEvent[] = [
    {
      type: 'meta',
      ...(upstreamId === null ? {} : { upstreamId }),
      ...(serviceTier === null ? {} : { serviceTier }),
    },
    { type: 'native', dialect: 'google-generate', event: body, writtenBytes, saysSomething: true },
  ];
  if (usage !== null) events.push({ type: 'usage', usage });
  for (const candidate of candidatesOf(body)) {
    const native = textOrNull(candidate['finishReason']);
    const reason = finishReasonOf(native, hasCalls(candidate));
    if (reason !== null) events.push({ type: 'finish', choice: indexOf(candidate), reason, native });
  }
  if (candidatesOf(body).length === 0)
    events.push({ type: 'finish', choice: 0, reason: 'content_filter', native: facts.nativeFinishReason });
  return events;
}
