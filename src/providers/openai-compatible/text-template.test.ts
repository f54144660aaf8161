import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { BILL, HEAD } from '../../dialects/__fixtures__/answers.ts';
import { ChatEncoder } from '../../dialects/openai-chat/encoder.ts';
import type { JsonObject } from '../../json.ts';
import { played, STOP, sse } from '../__fixtures__/upstream.ts';
import { OpenAiStreamReader } from './stream.ts';

/** What the client reads of a stream, and how many of its chunks were not taken apart. */
function relayed(events: readonly JsonObject[]) {
  const told = played({ body: sse(...events) });
  const encoder = new ChatEncoder(HEAD);
  const frames = told.batches.map((batch) => encoder.events(batch)).join('') + encoder.finish(BILL);
  const bytes = told.events.reduce(
    (sum, event) => sum + (event.type === 'native' || event.type === 'native-text' ? event.writtenBytes : 0),
    0,
  );
  return { frames, bytes, asText: told.events.filter(({ type }) => type === 'native-text').length };
}

/** The same where every chunk is taken apart. */
function takenApart(events: readonly JsonObject[]) {
  const reader = new OpenAiStreamReader(null);
  reader.push(Buffer.from(sse(...events)));
  const encoder = new ChatEncoder(HEAD);
  const bytes = reader.events.reduce(
    (sum, event) => sum + (event.type === 'native' ? event.writtenBytes : 0),
    0,
  );
  return { frames: encoder.events(reader.events) + encoder.finish(BILL), bytes };
}

function textChunk(content: string, more: JsonObject = {}, choice: JsonObject = {}): JsonObject {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1760000000,
    model: 'small-2026',
    choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null, ...choice }],
    usage: null,
    ...more,
  };
}

const ROLE = textChunk('', {}, { delta: { role: 'assistant', content: '' } });

describe('chunks that differ in their text alone', () => {
  test('are relayed without being taken apart, and read the same', () => {
    const events = [ROLE, ...['one', ' two', ' three', 'four'].map((text) => textChunk(text)), STOP];
    const { frames, asText, bytes } = relayed(events);
    expect(asText).toBe(3);
    expect({ frames, bytes }).toEqual(takenApart(events));
  });

  test('whatever stands in the text or around it, the client reads the same', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom(
        '"',
        '\\',
        '\n',
        '","finish_reason":"stop',
        '"}',
        'content',
        'ab',
        'small-2026',
        '\u2028',
        'é',
      ),
    );
    const more = fc.constantFrom<JsonObject>(
      {},
      {},
      {},
      { obfuscation: 'x9' },
      { system_fingerprint: 'fp' },
      { note: 'ab' },
    );
    const choice = fc.constantFrom<JsonObject>(
      ...[{}, {}, {}, { index: 1 }, { logprobs: { content: [] } }],
      ...[{ delta: { reasoning_content: 'ab' } }, { delta: { content: 'ab', note: 'ab' } }],
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(text, more, choice), { maxLength: 30 }), (told) => {
        const events = [ROLE, ...told.map(([content, top, own]) => textChunk(content, top, own)), STOP];
        const { frames, bytes } = relayed(events);
        expect({ frames, bytes }).toEqual(takenApart(events));
      }),
      { numRuns: 300 },
    );
  });

  test('nothing is tried for long with a vendor that puts something new into each', () => {
    const events = Array.from({ length: 40 }, (_, n) => textChunk(`word${n}`, { obfuscation: `x${n}` }));
    const { asText, frames } = relayed([...events, STOP]);
    expect(asText).toBe(0);
    expect(frames).toContain('word39');
  });

  test('a text that stands in a chunk twice makes no template', () => {
    const events = [
      textChunk('ab', { note: { content: 'ab' } }),
      textChunk('cd', { note: { content: 'cd' } }),
      STOP,
    ];
    expect(relayed(events)).toEqual({ ...takenApart(events), asText: 0 });
  });
});
