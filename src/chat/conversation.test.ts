import { describe, expect, test } from 'bun:test';
import type { JsonObject } from '../json.ts';
import { conversationOf } from './conversation.ts';
import type { ChatPayload, ChatPrompt, DialectName } from './prompt.ts';

function of(body: JsonObject, dialect: DialectName = 'anthropic-messages') {
  const payload: ChatPayload = {
    native: { dialect, body },
    reasoning: null,
    prompt: () => ({}) as ChatPrompt,
  };
  return conversationOf(payload);
}

const said = { role: 'user', content: [{ type: 'text', text: 'hi' }] };
const answered = { role: 'assistant', content: 'yes' };
const MARK = { cache_control: { type: 'ephemeral' } };

describe('the next turn of a conversation', () => {
  test('is told as the last one with something behind it, whatever its settings and its cache marks', () => {
    const marked = { ...said, content: [{ type: 'text', text: 'hi', ...MARK }] };
    const first = of({ system: 'x', messages: [marked], max_tokens: 5, temperature: 1, metadata: { a: 1 } });
    const second = of({
      system: 'x',
      messages: [said, answered, { ...said, ...MARK }],
      max_tokens: 9,
      stream: true,
    });
    expect(second?.frame).toBe(first?.frame as string);
    expect(second?.messages).toEqual([JSON.stringify(said), JSON.stringify(answered), JSON.stringify(said)]);
    expect(first?.messages).toEqual([JSON.stringify(said)]);
  });

  test.each([
    ['instructions', { system: 'y' }],
    ['a tool', { tools: [{ name: 'f' }] }],
    ['whether it thinks', { thinking: { type: 'enabled' } }],
    ['a member that nobody knows', { whatever: 1 }],
  ])('is another one with other %s', (_, other) => {
    const { frame = '' } = of({ system: 'x', messages: [said] }) ?? {};
    expect(of({ system: 'x', messages: [said], ...other })?.frame).not.toBe(frame);
  });

  test.each(['messages', 'input', 'contents'])('is read from %s', (name) => {
    expect(of({ [name]: [said] })?.messages).toHaveLength(1);
  });
});

describe('nothing is concluded from a conversation', () => {
  test.each([
    ['that is one text', { input: 'hi' }],
    [
      'that its vendor sums up',
      { messages: [said], context_management: { edits: [{ type: 'compact_20260112' }] } },
    ],
    ['that its vendor cuts', { input: [said], truncation: 'auto' }],
    ['with tools among its items', { input: [said, { type: 'additional_tools', tools: [] }] }],
  ])('%s', (_, body) => {
    expect(of(body)).toBeNull();
  });

  test('but from one that only sheds thoughts', () => {
    expect(
      of({ messages: [said], context_management: { edits: [{ type: 'clear_thinking_20251015' }] } }),
    ).not.toBeNull();
  });
});
