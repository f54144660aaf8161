/** Answers as Anthropic's page "Streaming messages" shows them, with a signature of the length that is recorded of the API. */
import type { JsonObject } from '../../src/json.ts';
import type { PromptUsage, Refusal } from './vendor.ts';

export interface Said {
  readonly model: string;
  readonly usage: PromptUsage;
  /** Null: it was not asked to think. */
  readonly thought: { readonly thinking: string; readonly signature: string } | null;
  readonly text: string | null;
  readonly call: { readonly name: string; readonly input: JsonObject } | null;
}

export function newSignature(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(240))).toString('base64');
}

const newId = (kind: string) => `${kind}_01${crypto.randomUUID().replaceAll('-', '').slice(0, 22)}`;

/** One token for four bytes, as nearly everywhere. */
const tokensOf = (bytes: number) => Math.ceil(bytes / 4);

function usageJson({ fresh, written, read }: PromptUsage, outputTokens: number): JsonObject {
  return {
    input_tokens: tokensOf(fresh),
    cache_creation_input_tokens: tokensOf(written),
    cache_read_input_tokens: tokensOf(read),
    cache_creation: { ephemeral_5m_input_tokens: tokensOf(written), ephemeral_1h_input_tokens: 0 },
    output_tokens: outputTokens,
    service_tier: 'standard',
  };
}

const OUTPUT_TOKENS = 25;

function contentOf({ thought, text, call }: Said): readonly JsonObject[] {
  return [
    ...(thought === null ? [] : [{ type: 'thinking', ...thought }]),
    ...(text === null ? [] : [{ type: 'text', text }]),
    ...(call === null ? [] : [{ type: 'tool_use', id: newId('toolu'), ...call }]),
  ];
}

export function wholeMessage(said: Said): JsonObject {
  return {
    ...{ id: newId('msg'), type: 'message', role: 'assistant', model: said.model, content: contentOf(said) },
    ...{ stop_reason: said.call === null ? 'end_turn' : 'tool_use', stop_sequence: null },
    usage: usageJson(said.usage, OUTPUT_TOKENS),
  };
}

/** Frames, one an event. */
export function messageEvents(said: Said): readonly string[] {
  const { content, stop_reason: stopReason, ...message } = wholeMessage(said);
  const frames = [
    frame('message_start', {
      message: { ...message, content: [], stop_reason: null, usage: usageJson(said.usage, 1) },
    }),
    frame('ping', {}),
  ];
  for (const [index, block] of (content as readonly JsonObject[]).entries()) {
    frames.push(frame('content_block_start', { index, content_block: emptied(block) }));
    for (const delta of deltasOf(block)) frames.push(frame('content_block_delta', { index, delta }));
    frames.push(frame('content_block_stop', { index }));
  }
  frames.push(
    frame('message_delta', {
      delta: { stop_reason: stopReason, stop_sequence: null },
      usage: { output_tokens: OUTPUT_TOKENS },
    }),
    frame('message_stop', {}),
  );
  return frames;
}

function frame(type: string, members: JsonObject): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
}

function emptied(block: JsonObject): JsonObject {
  if (block['type'] === 'thinking') return { ...block, thinking: '', signature: '' };
  return block['type'] === 'text' ? { ...block, text: '' } : { ...block, input: {} };
}

function deltasOf(block: JsonObject): readonly JsonObject[] {
  const pieces = (value: unknown) => String(value).match(/\s*\S+/g) ?? [];
  switch (block['type']) {
    case 'thinking':
      return [
        ...pieces(block['thinking']).map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: block['signature'] },
      ];
    case 'text':
      return pieces(block['text']).map((text) => ({ type: 'text_delta', text }));
    default:
      return ['', JSON.stringify(block['input'])].map((json) => ({
        type: 'input_json_delta',
        partial_json: json,
      }));
  }
}

/** As its pages "Errors" and "Rate limits" show them. */
const REFUSALS: Readonly<Record<Refusal, readonly [status: number, type: string, message: string]>> = {
  'wrong key': [401, 'authentication_error', 'invalid x-api-key'],
  spent: [
    400,
    'invalid_request_error',
    'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
  ],
  rate: [429, 'rate_limit_error', 'This request would exceed your organization’s rate limit.'],
  overloaded: [529, 'overloaded_error', 'Overloaded'],
};

export function refusal(why: Refusal): Response {
  const [status, type, message] = REFUSALS[why];
  return failure(status, type, message, why === 'rate' ? { 'retry-after': '1' } : {});
}

export function failure(
  status: number,
  type: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  const request_id = newId('req');
  return Response.json(
    { type: 'error', error: { type, message }, request_id },
    { status, headers: { 'request-id': request_id, ...headers } },
  );
}
