import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { markCallSeals, markSeals, originsIn, payloadFor, sealedBy, sealerOf, UNSIGNED } from './origin.ts';
import type { ChatPayload, ChatPrompt } from './prompt.ts';

const NO_PROMPT = {} as ChatPrompt;

function payloadOf(
  body: ChatPayload['native']['body'],
  prompt: () => ChatPrompt = () => NO_PROMPT,
): ChatPayload {
  return { native: { dialect: 'openai-responses', body }, reasoning: null, mayBeSealed: true, prompt };
}

const slug = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,62}$/);

describe('a seal', () => {
  test('bears the slug of its provider, whatever both are', () => {
    fc.assert(
      fc.property(slug, fc.string({ minLength: 1 }), (provider, seal) => {
        expect(sealerOf(sealedBy(seal, provider))).toEqual({ provider, seal });
      }),
    );
  });

  test('that is base64 still is base64, of the same bytes behind the mark', () => {
    fc.assert(
      fc.property(slug, fc.uint8Array({ minLength: 1 }), (provider, bytes) => {
        const marked = sealedBy(Buffer.from(bytes).toString('base64'), provider);
        expect(marked).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
        expect(marked.length % 4).toBe(0);
        expect(Buffer.from(marked, 'base64').subarray(-bytes.length)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test('that another gateway marked gets a second mark, and the first one back', () => {
    const theirs = sealedBy('gAAAA', 'openai');
    expect(sealerOf(sealedBy(theirs, 'their-gateway'))).toEqual({ provider: 'their-gateway', seal: theirs });
  });

  test.each(['', 'gAAAA', 'dHVybnBpa2Utc2VhbDE6', 'dHVybnBpa2Utc2VhbDE6!!!', 'dHVybnBpa2Utc2VhbDE6Ojo6'])(
    '%p bears no mark',
    (text) => {
      expect(sealerOf(text)).toBeNull();
    },
  );
});

test('only what one provider alone can open is marked', () => {
  const details = [
    { type: 'reasoning.text', text: 'hm', signature: 'abc', format: 'anthropic-claude-v1' },
    { type: 'reasoning.encrypted', data: 'AAAA', format: 'openai-responses-v1' },
    { type: 'reasoning.text', text: 'hm', signature: 'x', format: 'unknown' },
    { type: 'reasoning.text', text: 'hm', signature: 'ZZZZ', format: 'google-gemini-v1' },
  ];
  const calls = [{ id: 'c', extra_content: { google: { thought_signature: 'YYYY' } } }, { id: 'd' }];
  markSeals(details, 'acme');
  markCallSeals(calls, 'acme');
  expect(details.map((detail) => detail.signature ?? detail.data)).toEqual([
    'abc',
    sealedBy('AAAA', 'acme'),
    'x',
    sealedBy('ZZZZ', 'acme'),
  ]);
  expect(calls[0]?.extra_content?.google.thought_signature).toBe(sealedBy('YYYY', 'acme'));
});

describe('a request with seals of two providers', () => {
  const body = {
    input: [
      { type: 'reasoning', encrypted_content: sealedBy('one', 'a') },
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: sealedBy('no seal', 'c') }],
      },
      { type: 'reasoning', encrypted_content: sealedBy('two', 'b') },
      { type: 'function_call_output', call_id: 'x', output: sealedBy('no seal either', 'c') },
    ],
  };

  test('names both in their order, and nothing that only looks like one', () => {
    expect(originsIn(payloadOf(body))).toEqual([
      { provider: 'a', isNeeded: false },
      { provider: 'b', isNeeded: false },
    ]);
  });

  test('gives each its own, bare, and leaves the caller’s body as it was', () => {
    const before = structuredClone(body);
    const { input } = payloadFor(payloadOf(body), 'b').native.body as typeof body;
    expect(input).toEqual([
      { type: 'reasoning' },
      body.input[1],
      { type: 'reasoning', encrypted_content: 'two' },
      body.input[3],
    ] as never);
    expect(body).toEqual(before);
  });

  test('a compaction is told from a thought', () => {
    const compacted = { input: [{ type: 'compaction', encrypted_content: sealedBy('all', 'a') }] };
    expect(originsIn(payloadOf(compacted))).toEqual([{ provider: 'a', isNeeded: true }]);
  });
});

test('a typed prompt loses a foreign thought that nobody can read, and keeps one that can be read', () => {
  const call = { extra_content: { google: { thought_signature: sealedBy('sig', 'vertex') } } };
  const prompt = {
    messages: [
      {
        role: 'assistant',
        name: null,
        parts: [
          { type: 'reasoning', text: '', redacted: sealedBy('r', 'openai'), format: 'openai-responses-v1' },
          { type: 'reasoning', text: 'so', signature: sealedBy('s', 'vertex'), format: 'google-gemini-v1' },
          { type: 'tool-call', id: 'c', name: 'f', argumentsJson: '{}', extra: call },
        ],
      },
    ],
  } as unknown as ChatPrompt;
  const payload = payloadOf(
    { messages: [{ content: 'tp1:s:google-gemini-v1:x', signature: 'tp1:' }] },
    () => prompt,
  );
  expect(originsIn(payload).map(({ provider }) => provider)).toEqual(['openai', 'vertex', 'vertex']);
  expect(payloadFor(payload, 'google').prompt().messages[0]?.parts).toEqual([
    { type: 'reasoning', text: 'so', format: 'google-gemini-v1' },
    {
      ...{ type: 'tool-call', id: 'c', name: 'f', argumentsJson: '{}' },
      extra: { extra_content: { google: { thought_signature: UNSIGNED } } },
    },
  ]);
});
