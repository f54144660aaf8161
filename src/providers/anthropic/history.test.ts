/** Conversations of other dialects, whatever is in them, as the Messages API takes them. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ChatMessage, ChatPrompt, Part } from '../../chat/prompt.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import { callOf, FakeUpstream } from '../__fixtures__/upstream.ts';
import { anthropic } from './adapter.ts';

const adapter = anthropic(new FakeUpstream());

function promptOf(messages: readonly ChatMessage[]): ChatPrompt {
  const rest = { toolChoice: null, parallelToolCalls: null, format: null, stop: [], parameters: {} };
  const tools = [{ name: 'look', description: null, parameters: null, strict: null }];
  return { ...rest, tools, messages };
}

const word = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('', ' ', '\n', 'hi', 'so '));
const id = fc.constantFrom('', 'c', 'call_1', 'call.1', 'fc|ü', 'toolu_01');
const said: fc.Arbitrary<Part> = fc.oneof(
  fc.record({
    type: fc.constant('text' as const),
    text: word,
    cache: fc.constantFrom('5m' as const, '1h' as const),
  }),
  fc.record({ type: fc.constant('text' as const), text: word }),
  fc.record({ type: fc.constant('refusal' as const), text: word }),
);
const thought: fc.Arbitrary<Part> = fc.record({
  type: fc.constant('reasoning' as const),
  text: word,
  signature: fc.constant('s'),
  format: fc.constantFrom('anthropic-claude-v1' as const, 'unknown' as const),
});
const call: fc.Arbitrary<Part> = fc.record({
  type: fc.constant('tool-call' as const),
  id,
  name: fc.constantFrom('look', 'ring'),
  argumentsJson: fc.constantFrom('', '{}', '[]', '{"a":1}', 'no'),
});
const result: fc.Arbitrary<Part> = fc.record({
  type: fc.constant('tool-result' as const),
  callId: id,
  content: fc.array(said, { maxLength: 2 }),
  isError: fc.boolean(),
});
const message: fc.Arbitrary<ChatMessage> = fc
  .oneof(
    fc.record({
      role: fc.constantFrom('system' as const, 'developer' as const, 'user' as const),
      parts: fc.array(said, { maxLength: 3 }),
    }),
    fc.record({
      role: fc.constant('assistant' as const),
      parts: fc.array(fc.oneof(said, thought, call), { maxLength: 4 }),
    }),
    fc.record({
      role: fc.constant('tool' as const),
      parts: fc.array(result, { minLength: 1, maxLength: 2 }),
    }),
  )
  .map((given) => ({ name: null, ...given }));

test('is a conversation of two roles in turn, of which nothing is empty, foreign or in a wrong place', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), (messages) => {
      const call = callOf({ prompt: promptOf(messages), model: 'claude-sonnet-4-5' });
      if (adapter.refusal(call.payload, call.target) !== null) return;
      const body = adapter.requestBody(call);
      const turns = body['messages'] as { role: string; content: JsonObject[] }[];
      const ids = new Set<unknown>();
      expect(turns.length).toBeGreaterThan(0);
      for (const [at, { role, content }] of turns.entries()) {
        expect(role).not.toBe(turns[at - 1]?.role ?? '');
        expect(content.length).toBeGreaterThan(0);
        let isPastResults = false;
        for (const block of content) {
          const { type } = block;
          if (type === 'text') expect(String(block['text']).trim()).not.toBe('');
          if (type === 'tool_use') {
            expect(ids.has(block['id'])).toBe(false);
            ids.add(block['id']);
            expect(String(block['id'])).toMatch(/^[a-zA-Z0-9_-]+$/);
            expect(isJsonObject(block['input'])).toBe(true);
          }
          if (type === 'tool_result') {
            expect(isPastResults).toBe(false);
            expect(String(block['tool_use_id'])).toMatch(/^[a-zA-Z0-9_-]+$/);
          } else isPastResults = true;
          if (type === 'thinking') expect(role).toBe('assistant');
        }
      }
      const last = turns.at(-1);
      if (last?.role === 'assistant') {
        const words = last.content.at(-1)?.['text'];
        if (typeof words === 'string') expect(words).toBe(words.trimEnd());
      }
      const marks = JSON.stringify(body).split('"cache_control"').length - 1;
      expect(marks).toBeLessThanOrEqual(4);
    }),
    { numRuns: 300 },
  );
});
