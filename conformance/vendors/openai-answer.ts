/** Answers of OpenAI's Responses, as its page "Streaming API responses" shows them. */
import type { JsonObject } from '../../src/json.ts';
import type { Refusal } from './vendor.ts';

export interface Replied {
  readonly model: string;
  readonly inputBytes: number;
  /** Null: it was not asked to reason. */
  readonly reasoning: { readonly id: string; readonly encrypted: string } | null;
  readonly text: string | null;
  readonly call: { readonly name: string; readonly arguments: string } | null;
}

export const newId = (kind: string) => `${kind}_${crypto.randomUUID().replaceAll('-', '')}`;

function itemsOf({ reasoning, text, call }: Replied): readonly JsonObject[] {
  return [
    ...(reasoning === null
      ? []
      : [{ id: reasoning.id, type: 'reasoning', summary: [], encrypted_content: reasoning.encrypted }]),
    ...(text === null
      ? []
      : [
          {
            ...{ id: newId('msg'), type: 'message', status: 'completed', role: 'assistant' },
            content: [{ type: 'output_text', annotations: [], text }],
          },
        ]),
    ...(call === null
      ? []
      : [{ id: newId('fc'), type: 'function_call', status: 'completed', call_id: newId('call'), ...call }]),
  ];
}

/** Each is an event without its frame. */
export function responseEvents(replied: Replied): readonly JsonObject[] {
  const items = itemsOf(replied);
  const input = Math.ceil(replied.inputBytes / 4);
  const usage = {
    ...{ input_tokens: input, input_tokens_details: { cached_tokens: 0 } },
    ...{ output_tokens: 25, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: input + 25 },
  };
  const head = {
    ...{ id: newId('resp'), object: 'response', created_at: Math.floor(Date.now() / 1000) },
    ...{ model: replied.model, error: null, incomplete_details: null },
  };
  const begun = { ...head, status: 'in_progress', output: [], usage: null };
  const events: JsonObject[] = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
  ];
  for (const [index, item] of items.entries()) {
    events.push({ type: 'response.output_item.added', output_index: index, item: emptied(item) });
    events.push(...partsOf(item, index));
    events.push({ type: 'response.output_item.done', output_index: index, item });
  }
  events.push({
    type: 'response.completed',
    response: { ...head, status: 'completed', output: items, usage },
  });
  return events.map((event, at) => ({ ...event, sequence_number: at }));
}

function emptied(item: JsonObject): JsonObject {
  if (item['type'] === 'message') return { ...item, status: 'in_progress', content: [] };
  return item['type'] === 'function_call' ? { ...item, status: 'in_progress', arguments: '' } : item;
}

function partsOf(item: JsonObject, index: number): readonly JsonObject[] {
  const at = { item_id: item['id'], output_index: index };
  if (item['type'] === 'function_call') {
    const all = String(item['arguments']);
    return [
      { type: 'response.function_call_arguments.delta', ...at, delta: all },
      { type: 'response.function_call_arguments.done', ...at, arguments: all },
    ];
  }
  if (item['type'] !== 'message') return [];
  const [part] = item['content'] as readonly JsonObject[];
  const text = String(part?.['text']);
  const within = { ...at, content_index: 0 };
  return [
    { type: 'response.content_part.added', ...within, part: { ...part, text: '' } },
    ...(text.match(/\s*\S+/g) ?? []).map((delta) => ({
      type: 'response.output_text.delta',
      ...within,
      delta,
    })),
    { type: 'response.output_text.done', ...within, text },
    { type: 'response.content_part.done', ...within, part },
  ];
}

interface Failed {
  readonly status: number;
  readonly error: JsonObject;
}

/** As its pages "Error codes" and "Rate limits" show them. */
const REFUSALS: Readonly<
  Record<Refusal, readonly [status: number, type: string, code: string, message: string]>
> = {
  'wrong key': [
    401,
    'invalid_request_error',
    'invalid_api_key',
    'Incorrect API key provided: wrong. You can find your API key at https://platform.openai.com/account/api-keys.',
  ],
  spent: [
    429,
    'insufficient_quota',
    'insufficient_quota',
    'You exceeded your current quota, please check your plan and billing details.',
  ],
  rate: [
    429,
    'requests',
    'rate_limit_exceeded',
    'Rate limit reached on requests per min (RPM). Please try again in 1s.',
  ],
  overloaded: [
    503,
    'server_error',
    'server_is_overloaded',
    'Our servers are currently overloaded. Please try again later.',
  ],
};

export function refusalOf(why: Refusal): Failed {
  const [status, type, code, message] = REFUSALS[why];
  return { status, error: { message, type, param: null, code } };
}

export function invalid(message: string): Failed {
  return { status: 400, error: { message, type: 'invalid_request_error', param: null, code: null } };
}

export function failedResponse({ status, error }: Failed): Response {
  const headers: Record<string, string> = status === 429 ? { 'retry-after': '1' } : {};
  return Response.json({ error }, { status, headers: { 'x-request-id': newId('req'), ...headers } });
}
