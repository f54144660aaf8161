/** A whole message of Anthropic's: checked, and told as events or in typed parts where the caller wants those. */
import { type AnswerFacts, type ChatAnswer, isNoAnswer } from '../../chat/answer.ts';
import type { ChatEvent } from '../../chat/event.ts';
import type { Part } from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject, textOrNull } from '../../json.ts';
import { garbage, toldError } from '../errors/error.ts';
import { isError } from '../errors/error-shapes.ts';
import { mapStopReason } from './stop-reason.ts';
import { AnthropicStreamReader, writtenBytesOf } from './stream.ts';
import { argumentsOf } from './typed-events.ts';
import { convertUsage, serviceTierOf } from './usage.ts';

export interface WholeAnswer {
  readonly body: JsonObject;
  readonly facts: AnswerFacts;
}

/** Throws ProviderError when the body is not a message, or is an error under a 200. `text` is the body as it came. */
export function convertResponse(body: unknown, text: string, secret: string | null): WholeAnswer {
  if (isError(body)) throw toldError({ status: null, value: body, text }, secret);
  if (!isJsonObject(body) || !Array.isArray(body['content']) || !body['content'].every(isJsonObject)) {
    throw garbage('Provider returned an answer that is not a message', text, secret);
  }
  const content = body['content'];
  const word = textOrNull(body['stop_reason']);
  const hasCalls = content.some(({ type }) => type === 'tool_use');
  const usage = isJsonObject(body['usage']) ? body['usage'] : {};
  const facts: AnswerFacts = {
    writtenBytes: content.reduce((sum, block) => sum + writtenBytesOf(block), 0),
    finishReason: mapStopReason(word, hasCalls),
    nativeFinishReason: word,
    usage: convertUsage(usage),
    upstreamId: textOrNull(body['id']) || null,
    serviceTier: serviceTierOf(usage),
    systemFingerprint: null,
  };
  if (content.length === 0 && isNoAnswer(facts.finishReason, facts.usage))
    throw garbage('Provider returned an empty answer', text, secret);
  return { body, facts };
}

export function answerOf({ body, facts }: WholeAnswer, isNative: boolean): ChatAnswer {
  if (isNative) return { form: 'native', dialect: 'anthropic-messages', body, ...facts };
  const { finishReason, nativeFinishReason } = facts;
  const parts = blocksOf(body).flatMap(partsOf);
  const choice = { index: 0, parts, finishReason, nativeFinishReason, logprobs: null };
  return { form: 'typed', choices: [choice], ...facts };
}

/** What a stream would have told of it. */
export function eventsOf({ body }: WholeAnswer): readonly ChatEvent[] {
  const reader = new AnthropicStreamReader(null);
  for (const event of streamOf(body)) reader.readEvent(event);
  return reader.events;
}

function streamOf(body: JsonObject): JsonObject[] {
  const { stop_reason = null, stop_sequence = null, stop_details, content: _, usage, ...head } = body;
  const message = { ...head, content: [], stop_reason: null, stop_sequence: null, usage };
  const details = stop_details === undefined ? {} : { stop_details };
  return [
    { type: 'message_start', message },
    ...blocksOf(body).flatMap(blockEvents),
    { type: 'message_delta', delta: { stop_reason, stop_sequence, ...details }, usage },
    { type: 'message_stop' },
  ];
}

/** Clients put a block together from its deltas: a text or an input that came with its beginning would be lost on some. */
function blockEvents(block: JsonObject, index: number): JsonObject[] {
  const deltas: JsonObject[] = [];
  let begun = block;
  switch (block['type']) {
    case 'text': {
      const { citations, ...plain } = block;
      begun = { ...plain, text: '' };
      deltas.push({ type: 'text_delta', text: block['text'] });
      for (const citation of Array.isArray(citations) ? citations : []) {
        deltas.push({ type: 'citations_delta', citation });
      }
      break;
    }
    case 'thinking':
      begun = { ...block, thinking: '', signature: '' };
      deltas.push({ type: 'thinking_delta', thinking: block['thinking'] });
      deltas.push({ type: 'signature_delta', signature: block['signature'] ?? '' });
      break;
    case 'tool_use':
    case 'server_tool_use':
      begun = { ...block, input: {} };
      deltas.push({ type: 'input_json_delta', partial_json: argumentsOf(block['input']) });
      break;
    default:
  }
  return [
    { type: 'content_block_start', index, content_block: begun },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
}

function partsOf(block: JsonObject): Part[] {
  const format = 'anthropic-claude-v1';
  switch (block['type']) {
    case 'text':
      return [{ type: 'text', text: textOrNull(block['text']) ?? '' }];
    case 'thinking': {
      const signature = textOrNull(block['signature']) ?? '';
      const signed = signature === '' ? {} : { signature };
      return [{ type: 'reasoning', text: textOrNull(block['thinking']) ?? '', ...signed, format }];
    }
    case 'redacted_thinking':
      return [{ type: 'reasoning', text: '', redacted: textOrNull(block['data']) ?? '', format }];
    case 'tool_use':
      return [
        {
          type: 'tool-call',
          id: textOrNull(block['id']) ?? '',
          name: textOrNull(block['name']) ?? '',
          argumentsJson: argumentsOf(block['input']),
        },
      ];
    default:
      return [{ type: 'opaque', dialect: 'anthropic-messages', value: block }];
  }
}

function blocksOf(body: JsonObject): JsonObject[] {
  return Array.isArray(body['content']) ? body['content'].filter(isJsonObject) : [];
}
