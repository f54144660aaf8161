import { beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ChatPayload, ChatPrompt } from '../chat/prompt.ts';
import type { JsonObject } from '../json.ts';
import { endpointOf, providerOf } from '../routing/__fixtures__/endpoints.ts';
import { LastTurns, MARGIN_TOKENS } from './last-turns.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
const HOUR_MS = 3_600_000;
const HERE = endpointOf({ provider: providerOf({ slug: 'here' }) });
const THERE = endpointOf({ provider: providerOf({ slug: 'there' }) });
const LARGE = 10_000;

function payloadOf(messages: readonly JsonObject[], more: JsonObject = {}): ChatPayload {
  const body = { messages, ...more };
  return { native: { dialect: 'openai-chat', body }, reasoning: null, prompt: () => ({}) as ChatPrompt };
}

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

/** `counted`: for the conversation `said`, at an endpoint. */
function taught(said: readonly JsonObject[], counted = 100, endpoint = HERE, accountId = 'mine'): LastTurns {
  const turns = new LastTurns();
  const fingerprint = turns.fingerprintOf(accountId, payloadOf(said), LARGE);
  if (fingerprint === null) throw new Error('nothing can be learned of it');
  turns.learn(fingerprint, endpoint, counted, NOW_MS);
  return turns;
}

const SAID = [user('one'), assistant('two')];
const ADDED = user('three');
const boundIn = (turns: LastTurns, said: readonly JsonObject[], more: JsonObject = {}, nowMs = NOW_MS) =>
  turns.boundsOf('mine', payloadOf(said, more), [HERE, THERE], nowMs);

describe('a conversation that goes on', () => {
  test('is bounded by its count and the bytes of what was added, where it was counted', () => {
    const addedBytes = Buffer.byteLength(JSON.stringify(ADDED)) + 1;
    expect([...boundIn(taught(SAID), [...SAID, ADDED])]).toEqual([[HERE, 100 + addedBytes + MARGIN_TOKENS]]);
    expect([...boundIn(taught(SAID), SAID)]).toEqual([[HERE, 100 + MARGIN_TOKENS]]);
  });

  test('is bounded by the longest beginning that was counted', () => {
    const turns = taught(SAID);
    const longer = [...SAID, ADDED, assistant('four')];
    turns.learn(turns.fingerprintOf('mine', payloadOf(longer), LARGE) ?? '', HERE, 170, NOW_MS);
    expect(boundIn(turns, longer).get(HERE)).toBe(170 + MARGIN_TOKENS);
  });

  test.each([
    ['another word in what was said', [user('one!'), ...SAID.slice(1), ADDED], {}, NOW_MS],
    ['less than was counted', SAID.slice(0, 1), {}, NOW_MS],
    ['other tools', [...SAID, ADDED], { tools: [{ type: 'function' }] }, NOW_MS],
    ['an hour between', [...SAID, ADDED], {}, NOW_MS + HOUR_MS],
  ])('is unknown with %s', (_, said, more, nowMs) => {
    expect(boundIn(taught(SAID), said, more, nowMs).size).toBe(0);
  });

  test('is unknown to every other account', () => {
    expect(boundIn(taught(SAID, 100, HERE, 'theirs'), [...SAID, ADDED]).size).toBe(0);
  });

  test('says nothing of an endpoint of the same model that has not counted it', () => {
    expect(boundIn(taught(SAID), [...SAID, ADDED]).has(THERE)).toBe(false);
  });
});

describe('nothing is learned', () => {
  test('of a request whose bytes bound it well enough', () => {
    expect(new LastTurns().fingerprintOf('mine', payloadOf(SAID), 4095)).toBeNull();
  });

  test('from a gateway that may have another tokenizer behind the same name', () => {
    const quirks = { ...HERE.provider.quirks, reasoningHistory: 'reasoning_details' } as const;
    const router = endpointOf({ provider: providerOf({ slug: 'here', quirks }) });
    expect(boundIn(taught(SAID, 100, router), [...SAID, ADDED]).size).toBe(0);
  });

  test('from a count of nothing', () => {
    expect(boundIn(taught(SAID, 0), [...SAID, ADDED]).size).toBe(0);
  });
});

test('the oldest is forgotten first, and what is counted again is not old', () => {
  const turns = taught(SAID);
  const names = Array.from({ length: 20_000 }, (_, at) => `other ${at}`);
  for (const name of names.slice(0, -1)) turns.learn(name, HERE, 1, NOW_MS);
  turns.learn(turns.fingerprintOf('mine', payloadOf(SAID), LARGE) ?? '', HERE, 100, NOW_MS);
  turns.learn(names.at(-1) ?? '', HERE, 1, NOW_MS);
  turns.learn('one more', HERE, 1, NOW_MS);
  expect(boundIn(turns, SAID).get(HERE)).toBe(100 + MARGIN_TOKENS);
});

type Encode = (text: string) => { length: number };

/** How vendors write a conversation: with words that stand for nothing else between messages, or as one text in which words can meet. */
const TEMPLATES: Readonly<Record<string, (encode: Encode, messages: readonly JsonObject[]) => number>> = {
  'with marks of their own between messages': (encode, messages) =>
    messages.reduce(
      (sum, { role, content }) => sum + 4 + encode(String(role)).length + encode(String(content)).length,
      3,
    ),
  'as one text': (encode, messages) =>
    encode(
      `${messages.map(({ role, content }) => `\n\n${role === 'user' ? 'Human' : 'Assistant'}: ${content}`).join('')}\n\nAssistant:`,
    ).length,
  'as one text without anything between': (encode, messages) =>
    encode(messages.map(({ content }) => content).join('')).length,
};

describe('no vendor counts more than the bound, by real vocabularies', () => {
  const encodings: Record<string, Encode> = {};
  beforeAll(async () => {
    for (const name of ['o200k_base', 'cl100k_base', 'r50k_base'] as const)
      encodings[name] = (await import(`gpt-tokenizer/encoding/${name}`)).encode;
  });

  const text = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.lorem({ maxCount: 12 }),
    fc.stringMatching(/^[ \t\n]{0,40}$/),
    fc.constantFrom(
      'supercalifragilistic',
      '日本語のテキスト',
      '👩‍👩‍👧‍👦',
      'const x = () => {}',
      "don't",
      '     ',
      '\\n\\n',
      '0000000000',
    ),
  );
  const messages = fc.array(fc.record({ role: fc.constantFrom('user', 'assistant'), content: text }), {
    minLength: 1,
    maxLength: 5,
  });

  test.each(
    ['o200k_base', 'cl100k_base', 'r50k_base'].flatMap((name) =>
      Object.keys(TEMPLATES).map((template) => [name, template] as const),
    ),
  )('%s, %s', (name, template) => {
    const encode = encodings[name] as Encode;
    const count = TEMPLATES[template] as (typeof TEMPLATES)[string];
    fc.assert(
      fc.property(messages, messages, (said, added) => {
        const bound = boundIn(taught(said, count(encode, said) || 1), [...said, ...added]).get(HERE) ?? 0;
        expect(count(encode, [...said, ...added])).toBeLessThanOrEqual(bound);
      }),
      { numRuns: 300 },
    );
  });
});
