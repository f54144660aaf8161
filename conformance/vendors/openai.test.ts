/** What the vendor refuses by HTTP and by WebSocket: a client is judged by it, so it must not let everything pass. */
import { afterAll, beforeEach, expect, test } from 'bun:test';
import OpenAI from 'openai';
import type { JsonObject } from '../../src/json.ts';
import { startOpenAi } from './openai.ts';
import { VENDOR_KEY } from './vendor.ts';

const vendor = startOpenAi();
const client = new OpenAI({ apiKey: VENDOR_KEY, baseURL: `${vendor.url}/v1`, maxRetries: 0 });
afterAll(() => vendor[Symbol.asyncDispose]());
beforeEach(() => vendor.begin('one two', [{ kind: 'call', tool: 'get_goal', input: {} }]));

const question = { role: 'user', content: 'Say it' } as const;
const ask = (input: OpenAI.Responses.ResponseInput, by = client) =>
  by.responses
    .stream({
      ...{ model: 'gpt-5.5', input, reasoning: { effort: 'medium' } },
      include: ['reasoning.encrypted_content'],
    })
    .finalResponse();

async function afterCall(change: (items: JsonObject[]) => void = () => {}) {
  const { output } = await ask([question]);
  const items = structuredClone(output) as unknown as JsonObject[];
  const callId = items.find(({ type }) => type === 'function_call')?.['call_id'];
  change(items);
  return [question, ...items, { type: 'function_call_output', call_id: callId, output: 'x' }];
}

const refusalOf = async (work: Promise<unknown>) =>
  await work.then(
    () => 'answered',
    (error: Error) => error.message,
  );
const asked = (items: readonly unknown[]) => ask(items as OpenAI.Responses.ResponseInput);

test('what was encrypted, a call and its output make an answer', async () => {
  expect((await asked(await afterCall())).output_text).toBe('one two');
  expect(vendor.received.map(({ problem }) => problem)).toEqual([null, null]);
});

test('encrypted content that was changed, or stands under another id, is refused', async () => {
  for (const changes of [{ encrypted_content: 'gAAAAABother' }, { id: 'rs_other' }]) {
    vendor.begin('one two', [{ kind: 'call', tool: 'get_goal', input: {} }]);
    const items = await afterCall((all) => Object.assign(all[0] ?? {}, changes));
    expect(await refusalOf(asked(items))).toContain('could not be verified');
  }
});

test('a call without its output, and another key, are refused', async () => {
  expect(await refusalOf(asked((await afterCall()).slice(0, -1)))).toContain('No tool output found');
  const stranger = new OpenAI({ apiKey: 'no', baseURL: `${vendor.url}/v1`, maxRetries: 0 });
  expect(await refusalOf(ask([question], stranger))).toContain('Incorrect API key');
});

test('a WebSocket remembers its last response, and no other', async () => {
  const { promise: opened, resolve } = Promise.withResolvers<void>();
  const socket = new WebSocket(`${vendor.url.replace('http', 'ws')}/v1/responses`, {
    headers: { authorization: `Bearer ${VENDOR_KEY}` },
  } as unknown as string[]);
  socket.onopen = () => resolve();
  await opened;
  const say = (body: object) => {
    const { promise, resolve: told } = Promise.withResolvers<JsonObject>();
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(String(data)) as JsonObject;
      if (event['type'] === 'response.completed' || event['type'] === 'error') told(event);
    };
    socket.send(JSON.stringify({ type: 'response.create', model: 'gpt-5.5', stream: true, ...body }));
    return promise;
  };
  vendor.begin('one two', []);
  const { response } = (await say({ input: [question] })) as { response: { id: string; output: unknown[] } };
  await say({ previous_response_id: response.id, input: [question] });
  expect(vendor.received.at(-1)?.body['input']).toEqual([question, ...response.output, question]);
  expect(await say({ previous_response_id: 'resp_other', input: [question] })).toMatchObject({
    ...{ type: 'error', status: 400 },
    error: { message: "Previous response with id 'resp_other' not found." },
  });
  socket.close();
});
