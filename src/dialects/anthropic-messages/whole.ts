/** A whole answer as a `message`. */
import type { ChatAnswer } from '../../chat/answer.ts';
import type { Part, ToolCallPart } from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject, parseExact } from '../../json.ts';
import type { Bill } from '../../pricing/cost.ts';
import { listOf } from '../content.ts';
import type { AnswerHead } from '../dialect.ts';
import { brokenOff, reasonBehindCalls, stopMembers } from './stop-reason.ts';
import { extraBlock, thoughtBlock } from './thoughts.ts';
import { usageJson } from './usage-json.ts';

/** Throws for an answer that its provider ended with an error: this dialect has no other word for it. */
export function wholeMessage(head: AnswerHead, answer: ChatAnswer, bill: Bill): JsonObject {
  const whole = headJson(head);
  if (answer.form === 'typed') {
    const { parts, finishReason } = answer.choices[0] ?? { parts: [], finishReason: null };
    if (finishReason === 'error') throw brokenOff();
    const said = withoutLastSignature(parts);
    whole['content'] = said.flatMap((part) => blocksOf(part, head.excludesReasoning));
    Object.assign(
      whole,
      stopMembers({
        reason: finishReason,
        stopSequence: null,
        hasCalls: parts.some(({ type }) => type === 'tool-call'),
        hasRefusal: parts.some(({ type }) => type === 'refusal'),
      }),
    );
    whole['usage'] = usageJson(bill, {}, answer.serviceTier);
    return whole;
  }
  const { body } = answer;
  // What the gateway says of itself has the last word on what the provider's body says of itself.
  for (const name in body) {
    if (!Object.hasOwn(whole, name) && name !== '__proto__') whole[name] = body[name];
  }
  // Official clients refuse an answer without these.
  for (const name of ['stop_reason', 'stop_sequence', 'stop_details', 'container']) whole[name] ??= null;
  whole['content'] ??= [];
  if (listOf(whole['content']).some(({ type }) => type === 'tool_use'))
    whole['stop_reason'] = reasonBehindCalls(whole['stop_reason']);
  whole['usage'] = usageJson(bill, isJsonObject(body['usage']) ? body['usage'] : {});
  return whole;
}

/** What every message begins with, the first event of a stream too. */
export function headJson({ id, model, provider, notes }: AnswerHead): JsonObject {
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    ...(provider === null ? {} : { provider }),
    ...notes,
  };
}

/** As in a stream: behind text, a signature alone would be the last block, which clients take for the answer. */
function withoutLastSignature(parts: readonly Part[]): readonly Part[] {
  const last = parts.at(-1);
  const isAlone = last?.type === 'reasoning' && last.text === '' && last.redacted === undefined;
  const hasText = parts.some((part) => part.type === 'text' && part.text !== '');
  return isAlone && hasText ? parts.slice(0, -1) : parts;
}

function blocksOf(part: Part, hidesThoughts: boolean): JsonObject[] {
  switch (part.type) {
    case 'text':
    case 'refusal':
      // An empty one would be refused when the client sends it back.
      return part.text === '' ? [] : [{ type: 'text', text: part.text, citations: null }];
    case 'reasoning':
      return [thoughtBlock(part, hidesThoughts)];
    case 'tool-call':
      return callBlocks(part);
    case 'opaque':
      return part.dialect === 'anthropic-messages' ? [part.value] : [];
    default:
      return [];
  }
}

function callBlocks({ id, name, argumentsJson, extra }: ToolCallPart): JsonObject[] {
  const call = { type: 'tool_use', id, name, input: inputOf(argumentsJson) };
  return extra === undefined ? [call] : [extraBlock(id, extra), call];
}

/** What is no JSON object stands in one, as Anthropic's guide to its fine-grained streaming of tools has it. */
function inputOf(argumentsJson: string): JsonObject {
  if (argumentsJson.trim() === '') return {};
  try {
    const input: unknown = parseExact(argumentsJson);
    if (isJsonObject(input)) return input;
  } catch {
    // As below.
  }
  return { INVALID_JSON: argumentsJson };
}
