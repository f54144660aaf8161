/**
 * A model's thoughts on their way to a caller of Gemini's API who asked for them, of every wire format, streamed and whole; and back to
 * the vendor that signed them, whatever the client makes of the parts meanwhile.
 */
import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { callOf, FakeUpstream } from '../../providers/__fixtures__/upstream.ts';
import { anthropic } from '../../providers/anthropic/adapter.ts';
import { BILL, HEAD } from '../__fixtures__/answers.ts';
import { WIRE_FORMATS } from '../__fixtures__/wire-formats.ts';
import { googleGenerate } from './dialect.ts';

const FRAME = {
  headers: new Headers(),
  params: { id: 'acme/small:generateContent' },
  query: new URLSearchParams(),
};
const SHOWN = { ...HEAD, remembered: { includesThoughts: true } };
const FORMATS = {
  anthropic: WIRE_FORMATS.anthropic,
  google: WIRE_FORMATS.google,
  openai: WIRE_FORMATS.openai,
};
type Format = keyof typeof FORMATS;

const partsIn = (body: unknown): JsonObject[] => {
  const { candidates = [] } = body as { candidates?: { content?: { parts?: JsonObject[] } }[] };
  return candidates[0]?.content?.parts ?? [];
};

/** The parts of each chunk. */
async function streamed(format: Format, name: string, head = SHOWN): Promise<JsonObject[][]> {
  const batches = await FORMATS[format].streamed(name, 'google-generate');
  const encoder = googleGenerate.encoder(head);
  const text = (batches ?? []).map((events) => encoder.events(structuredClone(events))).join('');
  const frames = (text + encoder.finish(BILL)).split('\n\n').filter((frame) => frame !== '');
  return frames.map((frame) => partsIn(JSON.parse(frame.slice('data: '.length))));
}

async function whole(format: Format, name: string, head = SHOWN): Promise<JsonObject[]> {
  const told = await FORMATS[format].whole(name, 'google-generate');
  if (told === null) throw new Error(`${name} gave no whole answer`);
  return partsIn(googleGenerate.whole(head, structuredClone(told), BILL));
}

const thoughtIn = (parts: readonly JsonObject[]) =>
  parts.flatMap(({ thought, text }) => (thought === true ? [String(text)] : [])).join('');
const saidIn = (parts: readonly JsonObject[]) =>
  parts.flatMap(({ thought, text = '' }) => (thought === true ? [] : [String(text)])).join('');
const signaturesIn = (parts: readonly JsonObject[]) =>
  parts.flatMap(({ thoughtSignature }) => (thoughtSignature === undefined ? [] : [thoughtSignature]));

const THINKING: readonly (readonly [Format, string])[] = [
  ['anthropic', 'thinking.sse'],
  ['openai', 'mistral-reasoning.sse'],
  ['openai', 'groq-reasoning.json'],
  ['openai', 'llamacpp-reasoning.sse'],
];

describe.each(THINKING)('of %s, %s', (format, name) => {
  test('are parts of their own before what is said, alike streamed and whole', async () => {
    const [pieces, parts] = [(await streamed(format, name)).flat(), await whole(format, name)];
    expect(thoughtIn(parts).length).toBeGreaterThan(2);
    expect([thoughtIn(pieces), saidIn(pieces)]).toEqual([thoughtIn(parts), saidIn(parts)]);
    expect(signaturesIn(pieces)).toEqual(signaturesIn(parts));
    expect(parts[0]?.['thought']).toBe(true);
  });

  test('are nothing to who did not ask for them, and what is said stays the same', async () => {
    const [pieces, parts] = [
      (await streamed(format, name, HEAD as never)).flat(),
      await whole(format, name, HEAD as never),
    ];
    const said = saidIn(await whole(format, name));
    expect([thoughtIn(pieces), thoughtIn(parts)]).toEqual(['', '']);
    expect([saidIn(pieces), saidIn(parts)]).toEqual([said, said]);
  });
});

const ANTHROPIC = join(import.meta.dir, '../../providers/anthropic/__fixtures__');

/** Blocks of the vendor's message, as it wrote them. */
function signedBlocks(name: string): JsonObject[] {
  const blocks: JsonObject[] = [];
  for (const line of readFileSync(join(ANTHROPIC, name), 'utf8').split('\n')) {
    const event = line.startsWith('data: ') ? JSON.parse(line.slice('data: '.length)) : {};
    if (event.type === 'content_block_start') blocks[event.index] = { ...event.content_block };
    const block = blocks[event.index];
    if (block === undefined || event.type !== 'content_block_delta') continue;
    if (event.delta.type === 'thinking_delta')
      block['thinking'] = `${block['thinking']}${event.delta.thinking}`;
    if (event.delta.type === 'signature_delta') block['signature'] = event.delta.signature;
  }
  return blocks.filter(({ type }) => type === 'thinking' || type === 'redacted_thinking');
}

/** What the vendor is sent when a client goes on after this. */
function sentBack(contents: readonly JsonObject[]): JsonObject[] {
  const user = (text: string) => ({ role: 'user', parts: [{ text }] });
  const body = { contents: [user('a'), ...contents, user('b')] };
  const { payload } = googleGenerate.parse(body, 100, FRAME);
  const sent = anthropic(new FakeUpstream()).requestBody({ ...callOf({ model: 'claude-x' }), payload });
  const messages = sent['messages'] as { role: string; content: JsonObject[] }[];
  return messages
    .filter(({ role }) => role === 'assistant')
    .flatMap(({ content }) => content.filter(isJsonObject));
}

const asModel = (parts: readonly JsonObject[]) => ({ role: 'model', parts });

/** What clients keep of a stream: a content of each chunk, as `@google/genai` does in its chats, one of all parts, or of joined texts. */
const KEEPING: Readonly<Record<string, (chunks: JsonObject[][]) => JsonObject[]>> = {
  'a content each': (chunks) => chunks.filter((parts) => parts.length > 0).map(asModel),
  'in one content': (chunks) => [asModel(chunks.flat())],
  'with texts joined': (chunks) => {
    const joined: JsonObject[] = [];
    for (const part of chunks.flat()) {
      const last = joined.at(-1);
      const isSame =
        last !== undefined && last['thought'] === part['thought'] && last['thoughtSignature'] === undefined;
      if (isSame && typeof last['text'] === 'string' && typeof part['text'] === 'string')
        joined[joined.length - 1] = { ...last, ...part, text: last['text'] + part['text'] };
      else joined.push(part);
    }
    return [asModel(joined)];
  },
};

for (const name of ['thinking.sse', 'redacted.sse']) {
  test.each(Object.keys(KEEPING))(
    `what Anthropic signed in ${name}, streamed, goes back as it was, kept %s`,
    async (way) => {
      const kept = KEEPING[way]?.(await streamed('anthropic', name)) ?? [];
      const blocks = sentBack(kept).filter(({ type }) => type !== 'text');
      expect(blocks).toEqual(signedBlocks(name));
      expect(blocks.length).toBeGreaterThan(0);
    },
  );

  test(`what Anthropic signed in ${name}, whole, goes back as it was`, async () => {
    const blocks = sentBack([asModel(await whole('anthropic', name))]);
    expect(blocks.filter(({ type }) => type !== 'text')).toEqual(signedBlocks(name));
  });
}

test('what Google signed comes through as it was, streamed and whole, on calls and texts', async () => {
  for (const name of ['reasoning.sse', 'signature-alone.sse', 'tools-signed.json', 'tools.sse']) {
    const recording = readFileSync(
      join(import.meta.dir, '../../providers/google/__fixtures__', name),
      'utf8',
    );
    const signed = [...recording.matchAll(/"thoughtSignature":\s*"([^"]+)"/g)].map(
      ([, signature = '']) => signature,
    );
    const isWhole = name.endsWith('.json');
    const parts = isWhole ? await whole('google', name) : (await streamed('google', name)).flat();
    expect([name, signaturesIn(parts)]).toEqual([name, signed]);
  }
});
