/** What the vendor refuses, and what its cache reads: a client is judged by it, so it must not let everything pass. */
import { afterAll, beforeEach, expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import { startAnthropic } from './anthropic.ts';
import { VENDOR_KEY } from './vendor.ts';

const vendor = startAnthropic();
const client = new Anthropic({ authToken: VENDOR_KEY, apiKey: null, baseURL: vendor.url, maxRetries: 0 });
afterAll(() => vendor[Symbol.asyncDispose]());
beforeEach(() => vendor.begin('one two', [{ kind: 'call', tool: 'Read', input: { file_path: '/a' } }]));

type Messages = Anthropic.MessageCreateParamsNonStreaming['messages'];
const cached = { cache_control: { type: 'ephemeral' } } as const;
const ask = (messages: Messages, system = 'Be brief.') =>
  client.messages
    .stream({
      ...{ model: 'claude-opus-4-5', max_tokens: 2048, messages },
      system: [{ type: 'text', text: system, ...cached }],
      thinking: { type: 'enabled', budget_tokens: 1024 },
    })
    .finalMessage();
const question: Messages = [{ role: 'user', content: [{ type: 'text', text: 'Say it', ...cached }] }];

async function afterCall(change: (content: Anthropic.ContentBlockParam[]) => void = () => {}) {
  const { content } = await ask(question);
  const id = content.find((block) => block.type === 'tool_use')?.id ?? '';
  const said = structuredClone(content) as Anthropic.ContentBlockParam[];
  change(said);
  return [
    ...question,
    { role: 'assistant', content: said },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'x', ...cached }] },
  ] satisfies Messages;
}

const refusalOf = async (work: Promise<unknown>) =>
  await work.then(
    () => 'answered',
    (error: Error) => error.message,
  );

test('thoughts, a call and its result make an answer, which reads all that came before from the cache', async () => {
  const { content } = await ask(await afterCall());
  expect(content.map(({ type }) => type)).toEqual(['thinking', 'text']);
  const [first, second] = vendor.received.map(({ usage }) => usage);
  expect(first?.read).toBe(0);
  expect(second?.read).toBe((first?.written ?? 0) + (first?.read ?? 0));
  expect(second?.read).toBeGreaterThan(0);
});

test('a prefix that differs in one letter is not read', async () => {
  await ask(await afterCall(), 'Be  brief.');
  expect(vendor.received.at(-1)?.usage.read).toBe(0);
});

test('a thought that was changed, or was signed by nobody, is refused', async () => {
  const changed = await afterCall((content) => Object.assign(content[0] ?? {}, { thinking: 'Otherwise.' }));
  expect(await refusalOf(ask(changed))).toContain('Invalid `signature` in `thinking` block');
  expect(vendor.received.at(-1)?.problem).toContain('signature');
});

test('a call without its result is refused, and so is a result without its call', async () => {
  const told = await afterCall();
  expect(await refusalOf(ask([...told.slice(0, 2), ...question]))).toContain('without `tool_result`');
  expect(await refusalOf(ask([...question, told[2] as Messages[number]]))).toContain(
    'unexpected `tool_use_id`',
  );
});

test('a member without its beta, five breakpoints and another key are refused', async () => {
  const withoutBeta = client.messages.create({
    ...{ model: 'm', max_tokens: 1, messages: question, context_management: { edits: [] } },
  } as Anthropic.MessageCreateParamsNonStreaming);
  expect(await refusalOf(withoutBeta)).toContain('context_management: Extra inputs are not permitted');
  const five = Array.from({ length: 5 }, () => ({ type: 'text' as const, text: 'a', ...cached }));
  expect(await refusalOf(ask([{ role: 'user', content: five }]))).toContain('A maximum of 4 blocks');
  const stranger = new Anthropic({ authToken: 'no', apiKey: null, baseURL: vendor.url, maxRetries: 0 });
  expect(
    await refusalOf(stranger.messages.create({ model: 'm', max_tokens: 1, messages: question })),
  ).toContain('invalid x-api-key');
});
