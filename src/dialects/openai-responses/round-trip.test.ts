/** What an answer holds comes back in the next request as it was: calls, thoughts, and what vendors want back beside them. */
import { describe, expect, test } from 'bun:test';
import type { ChatEvent } from '../../chat/event.ts';
import type { Part } from '../../chat/prompt.ts';
import type { JsonObject } from '../../json.ts';
import { BILL, FACTS, HEAD } from '../__fixtures__/answers.ts';
import { ResponsesEncoder } from './encoder.ts';
import { parseResponsesRequest } from './request.ts';
import { wholeResponse } from './whole.ts';

const REQUEST: JsonObject = {
  model: 'acme/small',
  include: ['reasoning.encrypted_content'],
  input: [{ role: 'user', content: 'hi' }],
  tools: [
    { type: 'custom', name: 'apply_patch' },
    { type: 'namespace', name: 'mcp__mail', tools: [{ type: 'function', name: 'send', parameters: {} }] },
    { type: 'namespace', name: 'code', tools: [{ type: 'custom', name: 'exec' }] },
    { type: 'tool_search', execution: 'client', parameters: {} },
  ],
};

const parsed = (body: JsonObject) => parseResponsesRequest(body, 100, { headers: new Headers() });

function outputOf(parts: readonly Part[], request = REQUEST): JsonObject[] {
  const head = { ...HEAD, remembered: parsed(request).remembered };
  const choice = {
    index: 0,
    parts,
    finishReason: 'tool_calls' as const,
    nativeFinishReason: null,
    logprobs: null,
  };
  const response = wholeResponse(head, { ...FACTS, form: 'typed', choices: [choice] }, BILL);
  return response['output'] as JsonObject[];
}

/** What the next request says that the assistant said, as clients send items back: Codex knows no members of ours. */
function sentBack(output: readonly JsonObject[]): readonly Part[] {
  const known = output.map(({ signature: _, format: __, extra_content: ___, ...item }) => item);
  const input = [...(REQUEST['input'] as JsonObject[]), ...known];
  return parsed({ ...REQUEST, input }).payload.prompt().messages[1]?.parts ?? [];
}

test.each<[string, Part, JsonObject]>([
  [
    'a custom tool',
    { type: 'tool-call', id: 'c1', name: 'apply_patch', argumentsJson: '{"input":"*** Begin Patch\\n"}' },
    { type: 'custom_tool_call', call_id: 'c1', name: 'apply_patch', input: '*** Begin Patch\n' },
  ],
  [
    'a function of a namespace',
    { type: 'tool-call', id: 'c1', name: 'mcp__mail__send', argumentsJson: '{"to":"a"}' },
    { type: 'function_call', call_id: 'c1', namespace: 'mcp__mail', name: 'send', arguments: '{"to":"a"}' },
  ],
  [
    'a custom tool of a namespace',
    { type: 'tool-call', id: 'c1', name: 'code__exec', argumentsJson: '{"input":"1 + 1"}' },
    { type: 'custom_tool_call', call_id: 'c1', namespace: 'code', name: 'exec', input: '1 + 1' },
  ],
  [
    'a search for tools',
    { type: 'tool-call', id: 'c1', name: 'tool_search', argumentsJson: '{"query":"mail"}' },
    { type: 'tool_search_call', call_id: 'c1', execution: 'client', arguments: { query: 'mail' } },
  ],
])('a call of %s is told as its client knows it, and comes back', (_, call, item) => {
  const output = outputOf([call]);
  expect(output).toMatchObject([{ ...item, status: 'completed' }]);
  expect(sentBack(output)).toEqual([call]);
});

test('a model that writes a patch without the object around it is understood', () => {
  const call: Part = { type: 'tool-call', id: 'c1', name: 'apply_patch', argumentsJson: '*** Begin Patch' };
  expect(outputOf([call])).toMatchObject([{ input: '*** Begin Patch' }]);
  const named: Part = { ...call, argumentsJson: '{"patch":"*** Begin Patch"}' };
  expect(outputOf([named])).toMatchObject([{ input: '*** Begin Patch' }]);
});

describe('thoughts', () => {
  test.each<[string, Part & { type: 'reasoning' }]>([
    ['signed', { type: 'reasoning', text: 'Hm', signature: 'c2ln:x', format: 'anthropic-claude-v1' }],
    ['sealed', { type: 'reasoning', text: '', redacted: 'c2Vh', format: 'anthropic-claude-v1' }],
    ['sealed by OpenAI', { type: 'reasoning', text: 'Hm', redacted: 'gAAA', format: 'openai-responses-v1' }],
  ])('that are %s come back so', (_, thought) => {
    expect(sentBack(outputOf([thought]))).toMatchObject([thought]);
  });

  test('are not sealed for those who do not ask for it', () => {
    const request = { ...REQUEST, include: [] };
    const thought: Part = { type: 'reasoning', text: 'Hm', signature: 'c2ln', format: 'anthropic-claude-v1' };
    const [item] = outputOf([thought], request);
    expect(item).not.toHaveProperty('encrypted_content');
    expect(item).toMatchObject({ signature: 'c2ln', format: 'anthropic-claude-v1' });
    expect(outputOf([{ type: 'reasoning', text: '', redacted: 'c2Vh' }], request)).toEqual([]);
  });

  test('what stands beside a call comes back with it, from clients that keep nothing but thoughts', () => {
    const extra = { extra_content: { google: { thought_signature: 'c2ln' } } };
    const call: Part = { type: 'tool-call', id: 'c1', name: 'weather', argumentsJson: '{}', extra };
    expect(sentBack(outputOf([call]))).toEqual([call]);
  });
});

function framesOf(events: readonly ChatEvent[]): JsonObject[] {
  const encoder = new ResponsesEncoder({ ...HEAD, remembered: parsed(REQUEST).remembered });
  return (encoder.events(events) + encoder.finish(BILL))
    .split('\n\n')
    .filter((frame) => frame.startsWith('event: '))
    .map((frame) => JSON.parse(frame.slice(frame.indexOf('data: ') + 6)));
}

describe('streamed', () => {
  const call = (name: string): ChatEvent => ({
    type: 'block-start',
    choice: 0,
    block: 0,
    part: { type: 'tool-call', id: 'c1', name },
  });
  const delta = (text: string): ChatEvent => ({ type: 'delta', choice: 0, block: 0, text });

  test('the input of a custom tool is told once it is whole', () => {
    const frames = framesOf([call('apply_patch'), delta('{"inp'), delta('ut":"*** "}')]);
    expect(frames.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.custom_tool_call_input.delta',
      'response.custom_tool_call_input.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(frames[4]).toMatchObject({ input: '*** ' });
  });

  test('a call without arguments has an object of none', () => {
    const frames = framesOf([call('now')]);
    expect(frames.at(-2)).toMatchObject({ item: { arguments: '{}', status: 'completed' } });
  });

  test('a call that the cap cut in two is incomplete, one that was whole is not', () => {
    const finish: ChatEvent = { type: 'finish', choice: 0, reason: 'length', native: null };
    const end: ChatEvent = { type: 'block-end', choice: 0, block: 0 };
    const statusOf = (text: string) => framesOf([call('now'), delta(text), end, finish]).at(-2)?.['item'];
    expect(statusOf('{"a":')).toMatchObject({ status: 'incomplete', arguments: '{"a":' });
    expect(statusOf('{"a":1}')).toMatchObject({ status: 'completed' });
  });
});
