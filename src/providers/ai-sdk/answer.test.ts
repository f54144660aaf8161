/** What a package's answer, whole or in parts, says to money and to callers: bytes, calls, counts, ends. Parts as its types have them. */
import { describe, expect, test } from 'bun:test';
import type { LanguageModelV4GenerateResult, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { NO_USAGE } from '../../chat/usage.ts';
import { quirksOf } from '../vendors.ts';
import { SDK_PACKAGES } from './packages.ts';
import type { Addressee } from './prompt.ts';
import { convertResponse } from './response.ts';
import { StreamParts } from './stream.ts';

function addressee(packageName: string, upstreamModel: string): Addressee {
  const traits = SDK_PACKAGES[packageName];
  if (traits === undefined) throw new Error('there is no such package');
  return { traits, upstreamModel, quirks: quirksOf('https://example.com') };
}

const CLAUDE = addressee('@ai-sdk/amazon-bedrock', 'anthropic.claude-sonnet-4-5-20250929-v1:0');
const USAGE = {
  inputTokens: { total: 17, noCache: 10, cacheRead: 4, cacheWrite: 3 },
  outputTokens: { total: 9, text: 7, reasoning: 2 },
};
const COUNTED = {
  ...NO_USAGE,
  ...{ inputTokens: 10, cacheReadTokens: 4, cacheWriteTokens: 3, outputTokens: 7, reasoningTokens: 2 },
};
const ENDED = { unified: 'stop', raw: 'end_turn' } as const;
const of = (metadata: object) => ({ providerMetadata: { amazonBedrock: metadata } }) as object;
const CALL = { type: 'tool-call', toolCallId: 'c1', toolName: 'fé', input: '{"a":1}' } as const;
const OWN_CALL = { ...CALL, toolCallId: 'own', providerExecuted: true } as const;
const SOURCE = { type: 'source', id: 's', sourceType: 'url', url: 'https://example.com/a' } as const;
const PICTURE = { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AAAA' } } as const;
const CITED = { annotations: [{ type: 'url_citation', url_citation: { url: SOURCE.url } }] };
const SHOWN = { images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] };

describe('a whole answer', () => {
  function wholeOf(content: readonly object[], more: object = {}) {
    const result = { content, finishReason: ENDED, usage: USAGE, warnings: [], ...more };
    return convertResponse(result as object as LanguageModelV4GenerateResult, CLAUDE);
  }

  test('counts what the model wrote, and ends as a call where it called', () => {
    const content = [
      { type: 'reasoning', text: 'hm…', ...of({ signature: 'EsEC' }) },
      { type: 'text', text: '' },
      { type: 'text', text: 'é' },
      CALL,
      SOURCE,
      PICTURE,
      { type: 'source', id: 'd', sourceType: 'document', mediaType: 'text/plain', title: 'no address' },
      { type: 'tool-result', toolCallId: 'own', toolName: 'search', result: 'found' },
    ];
    const response = { id: 'up-1' };
    const ended = { finishReason: 'tool_calls', nativeFinishReason: 'end_turn' } as const;
    const { providerMetadata } = of({ serviceTier: { type: 'flex' } }) as { providerMetadata: object };
    expect(wholeOf(content, { response, providerMetadata })).toEqual({
      form: 'typed',
      choices: [
        {
          index: 0,
          parts: [
            { type: 'reasoning', text: 'hm…', format: 'anthropic-claude-v1', signature: 'EsEC' },
            { type: 'text', text: 'é' },
            { type: 'tool-call', id: 'c1', name: 'fé', argumentsJson: '{"a":1}' },
            { type: 'opaque', dialect: 'openai-chat', value: CITED },
            { type: 'opaque', dialect: 'openai-chat', value: SHOWN },
          ],
          ...ended,
          logprobs: null,
        },
      ],
      writtenBytes: 5 + 2 + (3 + 7),
      ...ended,
      usage: COUNTED,
      upstreamId: 'up-1',
      serviceTier: 'flex',
      systemFingerprint: null,
    });
  });

  test('whose own tools ran at the vendor calls nothing of the caller’s', () => {
    const whole = wholeOf([OWN_CALL, { type: 'text', text: 'found' }]);
    expect(whole).toMatchObject({
      finishReason: 'stop',
      writtenBytes: 5,
      upstreamId: null,
      serviceTier: null,
    });
    expect(whole).toMatchObject({ choices: [{ parts: [{ type: 'text', text: 'found' }] }] });
  });

  test('keeps the vendor’s word for its end, or the package’s where there is none', () => {
    const end = (unified: string, raw?: string) =>
      wholeOf([{ type: 'text', text: 'a' }], { finishReason: { unified, raw } });
    expect(end('length', 'max_tokens')).toMatchObject({
      finishReason: 'length',
      nativeFinishReason: 'max_tokens',
    });
    expect(end('length')).toMatchObject({ finishReason: 'length', nativeFinishReason: 'length' });
    expect(end('other')).toBeNull();
  });
});

describe('a stream', () => {
  const eventsOf = (...parts: readonly object[]) => {
    const stream = new StreamParts(CLAUDE);
    const events = parts.flatMap((part) => stream.convert(part as LanguageModelV4StreamPart));
    return { events, hasFinished: stream.hasFinished };
  };
  const finish = (more: object = {}) => ({ type: 'finish', finishReason: ENDED, usage: USAGE, ...more });
  const finished = (reason: string, native = 'end_turn') => ({ type: 'finish', choice: 0, reason, native });
  const start = (block: number, part: object) => ({ type: 'block-start', choice: 0, block, part });
  const delta = (block: number, text: string) => ({ type: 'delta', choice: 0, block, text });
  const end = (block: number, more: object = {}) => ({ type: 'block-end', choice: 0, block, ...more });
  const usage = { type: 'usage', usage: COUNTED };

  test('ends with what is open, its tier, its reason and its count', () => {
    const { events, hasFinished } = eventsOf(
      { type: 'response-metadata', id: 'up-1' },
      { type: 'response-metadata' },
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: '' },
      { type: 'text-delta', id: '0', delta: 'Hel' },
      { type: 'text-delta', id: '0', delta: 'lo' },
      { type: 'text-end', id: '0' },
      { type: 'text-end', id: 'never begun' },
      { type: 'text-delta', id: '1', delta: 'left open' },
      finish(of({ serviceTier: { type: 'flex' }, stopSequence: '###' })),
    );
    expect(events).toStrictEqual([
      { type: 'meta', upstreamId: 'up-1' },
      ...[start(0, { type: 'text' }), delta(0, 'Hel'), delta(0, 'lo'), end(0)],
      ...[start(1, { type: 'text' }), delta(1, 'left open'), end(1)],
      { type: 'meta', serviceTier: 'flex' },
      { ...finished('stop'), stopSequence: '###' },
      usage,
    ] as never);
    expect(hasFinished).toBe(true);
  });

  test('that says nothing of an end has not finished, and a block in which nothing comes is none', () => {
    const begun = [
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: '' },
      { type: 'text-end', id: '0' },
    ];
    expect(eventsOf(...begun)).toEqual({ events: [], hasFinished: false });
  });

  test('has the signature of a call beside it, as a whole answer has', () => {
    const signed = { ...CALL, providerMetadata: { googleVertex: { thoughtSignature: 'EsEC' } } };
    const extra = { extra_content: { google: { thought_signature: 'EsEC' } } };
    const head = { type: 'tool-call', id: 'c1', name: 'fé', extra };
    expect(eventsOf(signed).events[0]).toEqual(start(0, head) as never);
    const result = { content: [signed], finishReason: ENDED, usage: USAGE, warnings: [] };
    expect(convertResponse(result as object as LanguageModelV4GenerateResult, CLAUDE)).toMatchObject({
      choices: [{ parts: [{ ...head, argumentsJson: '{"a":1}' }] }],
    });
  });

  test('does not sign a thought with what signed an earlier one of the same name', () => {
    const thought = (more: object) => [
      { type: 'reasoning-start', id: '0' },
      { type: 'reasoning-delta', id: '0', delta: 'hm' },
      { type: 'reasoning-end', id: '0', ...more },
    ];
    const { events } = eventsOf(...thought(of({ signature: 'EsEC' })), ...thought({}));
    expect(events.filter(({ type }) => type === 'block-end')).toStrictEqual([
      end(0, { signature: 'EsEC' }),
      end(1),
    ] as never);
  });

  test('calls, whether their arguments come in pieces, whole, or both', () => {
    const begin = (id: string) => ({ type: 'tool-input-start', id, toolName: 'f' });
    const piece = (id: string, text: string) => ({ type: 'tool-input-delta', id, delta: text });
    const { events } = eventsOf(
      ...[begin('a'), piece('a', '{"x"'), piece('a', ':1}'), { ...CALL, toolCallId: 'a', input: '{"x":1}' }],
      ...[begin('b'), piece('b', ''), { ...CALL, toolCallId: 'b', input: '{}' }],
      CALL,
      piece('c1', 'behind its end'),
      ...[{ ...begin('own'), providerExecuted: true }, piece('own', '{}'), OWN_CALL],
      finish(),
    );
    const head = (id: string, name = 'f') => ({ type: 'tool-call', id, name });
    expect(events).toStrictEqual([
      ...[start(0, head('a')), delta(0, '{"x"'), delta(0, ':1}'), end(0)],
      ...[start(1, head('b')), delta(1, '{}'), end(1)],
      ...[start(2, head('c1', 'fé')), delta(2, '{"a":1}'), end(2)],
      finished('tool_calls'),
      usage,
    ] as never);
  });

  test('tools that ran at the vendor are no calls', () => {
    const { events } = eventsOf(
      { type: 'tool-input-start', id: 'own', toolName: 's', providerExecuted: true },
      OWN_CALL,
      finish(),
    );
    expect(events).toStrictEqual([finished('stop'), usage] as never);
  });

  test('thoughts: signed at their end, sealed without a text, and none where there is nothing', () => {
    const format = 'anthropic-claude-v1';
    const thought = (id: string, ...steps: readonly object[]) => [
      { type: 'reasoning-start', id },
      ...steps.map((step) => ({ id, ...step })),
    ];
    const { events } = eventsOf(
      ...thought(
        '0',
        { type: 'reasoning-delta', delta: 'hm' },
        { type: 'reasoning-delta', delta: '', ...of({ signature: 'EsEC' }) },
      ),
      { type: 'reasoning-end', id: '0' },
      { type: 'reasoning-start', id: '1', ...of({ redactedData: 'EqkE' }) },
      { type: 'reasoning-end', id: '1' },
      ...thought('2', { type: 'reasoning-end', ...of({ signature: 'Es2' }) }),
      ...thought('3', { type: 'reasoning-end' }),
      { type: 'reasoning-start', id: '4', ...of({ signature: 'Es4' }) },
      { type: 'reasoning-delta', id: '4', delta: 'open' },
      finish(),
    );
    expect(events).toStrictEqual([
      ...[start(0, { type: 'reasoning' }), delta(0, 'hm'), end(0, { signature: 'EsEC' })],
      ...[start(1, { type: 'reasoning', format, redacted: 'EqkE' }), end(1)],
      ...[start(2, { type: 'reasoning', format }), end(2, { signature: 'Es2' })],
      ...[start(3, { type: 'reasoning', format }), delta(3, 'open'), end(3, { signature: 'Es4' })],
      finished('stop'),
      usage,
    ] as never);
  });

  test('pictures and sources are blocks of their own, and what nobody knows is passed over', () => {
    const { events } = eventsOf(
      ...[PICTURE, SOURCE, { ...SOURCE, sourceType: 'document', title: 't' }, { type: 'raw', rawValue: 1 }],
      finish(),
    );
    expect(events).toStrictEqual([
      ...[start(0, { type: 'opaque', dialect: 'openai-chat', value: SHOWN }), end(0)],
      ...[start(1, { type: 'opaque', dialect: 'openai-chat', value: CITED }), end(1)],
      finished('stop'),
      usage,
    ] as never);
  });

  test('that its vendor did not end has a count and no reason', () => {
    const none = { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined };
    const interrupted = { finishReason: { unified: 'interrupted', raw: undefined } };
    expect(eventsOf(finish(interrupted))).toEqual({ events: [usage], hasFinished: false } as never);
    const uncounted = {
      inputTokens: none,
      outputTokens: { total: undefined, text: undefined, reasoning: undefined },
    };
    const { events } = eventsOf(finish({ finishReason: { unified: 'length' }, usage: uncounted }));
    expect(events).toStrictEqual([finished('length', 'length')] as never);
  });
});
