// OpenAI's bodies: a whole completion, and the frames of a streamed one.
import type { Behaviour } from './faults.ts';
import type { Choice, Generation, Piece } from './generation.ts';
import { type JsonObject, mergeJson } from './json.ts';
import type { CompletionRequest } from './request.ts';
import { openAiUsageOf } from './tokens.ts';

export interface Answer {
  readonly id: string;
  readonly createdAtSeconds: number;
  readonly request: CompletionRequest;
  readonly behaviour: Behaviour;
  readonly generation: Generation;
}

/** One server-sent event; `piece` is there when it carries a piece of the completion, one token of it. */
export interface Frame {
  readonly data: string;
  readonly piece?: Piece;
}

const FINGERPRINT = 'fp_fa4e9b0c1d';

function reportedUsage({ behaviour, generation }: Answer): JsonObject | null {
  if (behaviour.usage === null) return null;
  return mergeJson(openAiUsageOf(generation.usage), behaviour.usage ?? {});
}

function textOf(choice: Choice, kind: 'reasoning' | 'text'): string {
  return choice.pieces.map((piece) => (piece.kind === kind ? piece.text : '')).join('');
}

function chatLogprob(token: string): JsonObject {
  return { token, logprob: -0.25, bytes: [...Buffer.from(token)], top_logprobs: [] };
}

function chatLogprobs(texts: readonly string[]): JsonObject {
  return { content: texts.map(chatLogprob), refusal: null };
}

function textLogprobs(texts: readonly string[]): JsonObject {
  let offset = 0;
  const offsets = texts.map((text) => {
    const start = offset;
    offset += text.length;
    return start;
  });
  return { tokens: texts, token_logprobs: texts.map(() => -0.25), top_logprobs: null, text_offset: offsets };
}

function logprobsOf(request: CompletionRequest, pieces: readonly Piece[]): JsonObject | null {
  if (!request.hasLogprobs) return null;
  const texts = pieces.flatMap((piece) => (piece.kind === 'text' ? [piece.text] : []));
  return request.kind === 'chat' ? chatLogprobs(texts) : textLogprobs(texts);
}

function toolCallsOf(choice: Choice): JsonObject[] {
  const calls: { id: string; type: 'function'; function: { name: string; arguments: string } }[] = [];
  for (const piece of choice.pieces) {
    if (piece.kind === 'tool-start') {
      calls.push({ id: piece.id, type: 'function', function: { name: piece.name, arguments: '' } });
    } else if (piece.kind === 'tool-arguments') {
      const call = calls[piece.toolIndex];
      if (call !== undefined) call.function.arguments += piece.text;
    }
  }
  return calls;
}

function messageOf(choice: Choice, behaviour: Behaviour): JsonObject {
  const text = textOf(choice, 'text');
  const toolCalls = toolCallsOf(choice);
  const reasoning = textOf(choice, 'reasoning');
  return {
    role: 'assistant',
    content: toolCalls.length > 0 && text === '' ? null : text,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(toolCalls.length > 0
      ? { tool_calls: toolCalls }
      : behaviour.nullFields === true
        ? { tool_calls: null }
        : {}),
    ...(behaviour.nullFields === true ? { audio: null } : {}),
    refusal: null,
    annotations: [],
  };
}

export function completionBody(answer: Answer): string {
  const { id, createdAtSeconds, request, behaviour, generation } = answer;
  const choices = generation.choices.map((choice) => ({
    index: choice.index,
    ...(request.kind === 'chat'
      ? { message: messageOf(choice, behaviour) }
      : { text: textOf(choice, 'text') }),
    logprobs: logprobsOf(request, choice.pieces),
    ...(behaviour.noFinish === true ? {} : { finish_reason: choice.finishReason }),
  }));
  const usage = reportedUsage(answer);
  return JSON.stringify({
    id,
    object: request.kind === 'chat' ? 'chat.completion' : 'text_completion',
    created: createdAtSeconds,
    model: request.model,
    choices,
    ...(usage === null ? (behaviour.nullFields === true ? { usage: null } : {}) : { usage }),
    service_tier: 'default',
    system_fingerprint: FINGERPRINT,
  });
}

function deltaOf(piece: Piece): JsonObject {
  switch (piece.kind) {
    case 'text':
      return { content: piece.text };
    case 'reasoning':
      return { reasoning_content: piece.text };
    case 'tool-start': {
      const call = { name: piece.name, arguments: '' };
      return { tool_calls: [{ index: piece.toolIndex, id: piece.id, type: 'function', function: call }] };
    }
    case 'tool-arguments':
      return { tool_calls: [{ index: piece.toolIndex, function: { arguments: piece.text } }] };
  }
}

export function errorBody(message: string, type: string, code: string | null = null): string {
  return JSON.stringify({ error: { message, type, param: null, code } });
}

/** The events of a stream, made one at a time so that a slow client costs no memory. */
export function* framesOf(answer: Answer): Generator<Frame, void, undefined> {
  const { id, createdAtSeconds, request, behaviour, generation } = answer;
  const isChat = request.kind === 'chat';
  const object = isChat ? 'chat.completion.chunk' : 'text_completion';
  const fields = JSON.stringify({
    id,
    object,
    created: createdAtSeconds,
    model: request.model,
    service_tier: 'default',
    system_fingerprint: FINGERPRINT,
  });
  // The part that is the same in every event is encoded once: a bench sends many thousands a second.
  const start = `${fields.slice(0, -1)},"choices":[`;
  const end = request.includesUsage || behaviour.nullFields === true ? '],"usage":null}' : ']}';
  const nulls = behaviour.nullFields === true ? { tool_calls: null, audio: null } : {};

  const eventOf = (
    index: number,
    content: JsonObject,
    pieces: readonly Piece[],
    finishReason: string | null,
  ) => {
    const body = isChat
      ? `"delta":${JSON.stringify(content)}`
      : `"text":${JSON.stringify(content.content ?? '')}`;
    const logprobs = JSON.stringify(logprobsOf(request, pieces));
    const reason = JSON.stringify(finishReason);
    return `${start}{"index":${index},${body},"logprobs":${logprobs},"finish_reason":${reason}}${end}`;
  };

  if (isChat) {
    for (const { index } of generation.choices) {
      yield { data: eventOf(index, { role: 'assistant', content: '', refusal: null, ...nulls }, [], null) };
    }
  }
  let sent = 0;
  const longest = Math.max(...generation.choices.map((choice) => choice.pieces.length));
  for (let n = 0; n < longest; n += 1) {
    for (const { index, pieces } of generation.choices) {
      const piece = pieces[n];
      if (piece === undefined) continue;
      if (sent === behaviour.errorAfterChunks) return yield { data: midStreamError() };
      sent += 1;
      yield { data: eventOf(index, { ...nulls, ...deltaOf(piece) }, [piece], null), piece };
    }
  }
  if (behaviour.errorAfterChunks !== undefined) return yield { data: midStreamError() };
  if (behaviour.noFinish !== true) {
    for (const { index, finishReason } of generation.choices) {
      yield { data: eventOf(index, nulls, [], finishReason) };
    }
  }
  const usage = reportedUsage(answer);
  if (request.includesUsage && usage !== null) yield { data: `${start}],"usage":${JSON.stringify(usage)}}` };
  if (behaviour.noDone !== true) yield { data: '[DONE]' };
}

function midStreamError(): string {
  return errorBody('The server had an error while processing your request.', 'server_error', 'server_error');
}
