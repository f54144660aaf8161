/** Whom a settled request is told to: the one who writes it to the database, and the figures. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_USAGE } from '../chat/usage.ts';
import { Journal } from '../journal/journal.ts';
import { endpointOf, modelOf, pricingOf } from '../routing/__fixtures__/endpoints.ts';
import type { Flusher } from './flush.ts';
import { createMeter, type FinishedRequest, type SentRequest, type SettledFacts } from './settle.ts';
import { SpendLog } from './spend-log.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'turnpike-settle-told-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** One request of three tokens in and four out at a micro-USD each, unless it says otherwise. */
async function settled(members: Partial<FinishedRequest> = {}) {
  const journal = Journal.open({ dir, flushedSeq: 0, onFailure: () => {} });
  const added: unknown[] = [];
  const figures: SettledFacts[] = [];
  const meter = createMeter({
    log: new SpendLog(journal),
    flusher: { add: (one: unknown) => added.push(one) } as unknown as Flusher,
    onSettled: (facts) => figures.push(facts),
  });
  const request = {
    ...{ generationId: 'gen-1', requestId: 'req-1', apiType: 'completions' },
    principal: { accountId: 'a', keyHash: 'k', workspaceId: null, externalUser: null },
    attribution: {},
    model: modelOf(),
    endpoint: endpointOf({ pricing: pricingOf({ prompt: 1_000_000n, completion: 1_000_000n }) }),
    ...{ startedAtMs: NOW_MS, streamed: true, chargeCapNanoUsd: null, scopes: [['key', 'k']] },
    ...members,
  } as unknown as SentRequest;
  await meter.opened(request);
  const { cost, durable } = meter.settled({
    ...request,
    ...{ upstreamId: null, cancelled: false, estimated: false, finishReason: 'stop', serviceTier: null },
    ...{ nativeFinishReason: 'stop', endedAtMs: NOW_MS + 1000, firstByteMs: 1, attempts: [] },
    usage: usageOf(3, 4),
    ...members,
  } as FinishedRequest);
  expect(durable).toBeInstanceOf(Promise);
  await durable;
  await journal.close();
  return { added, figures, cost: cost.totalNanoUsd, provider: request.endpoint.provider.slug };
}

function usageOf(inputTokens: number, outputTokens: number) {
  return { ...NO_USAGE, inputTokens, outputTokens, imageCount: 0 };
}

test('a settled request goes to the database and to the figures, once', async () => {
  const { added, figures, cost, provider } = await settled({ chargeCapNanoUsd: 5000n });
  expect(cost).toBe(5000n);
  expect(added).toHaveLength(1);
  expect(figures).toMatchObject([
    {
      candidate: { generationId: 'gen-1' },
      ...{ provider, outcome: 'complete', costNanoUsd: 5000n, overshootNanoUsd: 2000n },
      ...{ promptTokens: 3, completionTokens: 4, firstByteMs: 1, tokensPerSecond: 4 },
    },
  ]);
});

const NOTHING = usageOf(3, 0);

test.each<[string, Partial<FinishedRequest>, bigint]>([
  ['failed, whatever it wrote', { finishReason: 'error' }, 0n],
  ['has neither a token nor a reason', { usage: NOTHING, finishReason: null }, 0n],
  ['has a token and no reason', { usage: usageOf(3, 1), finishReason: null }, 4000n],
  ['has a reason and no token', { usage: NOTHING }, 3000n],
  ['has neither since its client left', { usage: NOTHING, finishReason: null, cancelled: true }, 3000n],
  ['is of vectors', { usage: NOTHING, finishReason: null, apiType: 'embeddings' }, 3000n],
  ['costs as much as was held', { chargeCapNanoUsd: 7000n }, 7000n],
])('an answer that %s is charged what is due', async (_, members, nanoUsd) => {
  const { cost, figures } = await settled(members);
  expect(cost).toBe(nanoUsd);
  expect(figures).toMatchObject([{ costNanoUsd: nanoUsd, overshootNanoUsd: 0n }]);
});

test('the figures say how it went', async () => {
  const outcomeOf = async (members: Partial<FinishedRequest>) => (await settled(members)).figures[0]?.outcome;
  expect(await outcomeOf({ finishReason: 'error' })).toBe('failed');
  expect(await outcomeOf({ cancelled: true, finishReason: null })).toBe('cancelled');
  expect(await outcomeOf({})).toBe('complete');
});

test.each<[string, Partial<FinishedRequest>, number | null]>([
  ['of its own time, without that of who failed before it', { attempts: attemptsOf(200, 300, 500) }, 8],
  ['of a time too short to say', { endedAtMs: NOW_MS }, null],
  ['of a time shorter than those before it', { attempts: attemptsOf(2000, 1) }, null],
  ['of an answer that was left', { cancelled: true }, null],
  ['of a count that is ours', { estimated: true }, null],
  ['of nothing', { usage: NOTHING }, null],
  ['of one token', { usage: usageOf(3, 1) }, 1],
])('tokens a second %s', async (_, members, speed) => {
  expect((await settled(members)).figures[0]?.tokensPerSecond ?? null).toBe(speed);
});

function attemptsOf(...latencies: readonly number[]): FinishedRequest['attempts'] {
  return latencies.map((latency_ms) => ({ latency_ms })) as unknown as FinishedRequest['attempts'];
}

test('the record says how an answer ended and whose its count is, and a mark what it has used by then', async () => {
  const ends: object[] = [];
  const marks: object[] = [];
  const log = {
    mark: (_: string, progress: object) => marks.push(progress),
    settle: (_: string, end: object) => {
      ends.push(end);
      return { settled: {}, durable: Promise.resolve() };
    },
  } as unknown as SpendLog;
  const flusher = { add: () => {} } as unknown as Flusher;
  const meter = createMeter({ log, flusher, onSettled: () => {} });
  const request = {
    ...{ generationId: 'gen-1', apiType: 'completions', model: modelOf(), startedAtMs: NOW_MS },
    endpoint: endpointOf({ pricing: pricingOf({ prompt: 1_000_000n, completion: 1_000_000n }) }),
    ...{ chargeCapNanoUsd: 5000n, usage: usageOf(3, 4), endedAtMs: NOW_MS + 1000, attempts: [] },
    ...{ upstreamId: null, nativeFinishReason: null, serviceTier: null, firstByteMs: 1 },
  } as unknown as FinishedRequest;
  meter.progressed(request, usageOf(3, 1));
  meter.progressed(request, usageOf(3, 4));
  expect(marks).toEqual([
    { promptTokens: 3, completionTokens: 1, costNanoUsd: 4000n },
    { promptTokens: 3, completionTokens: 4, costNanoUsd: 5000n },
  ]);
  meter.settled({ ...request, cancelled: true, estimated: false, finishReason: 'length' });
  meter.settled({ ...request, cancelled: false, estimated: true, finishReason: 'stop' });
  expect(ends).toMatchObject([
    { cancelled: 1, estimated: 0, finish_reason: 'length', cost_nano_usd: 5000n, overshoot_nano_usd: 2000n },
    { cancelled: 0, estimated: 1, finish_reason: 'stop', prompt_tokens: 3, completion_tokens: 4 },
  ]);
});
