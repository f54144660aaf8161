import { expect, test } from 'bun:test';
import { ManualClock } from '../clock.ts';
import type { StreamEnd } from '../inference/answer-stream.ts';
import { Hold } from '../limits/hold.ts';
import { Scope } from '../limits/scope.ts';
import { keyLimit } from '../limits/scope-kinds/key-limit.ts';
import { endpointOf, modelOf, pricingOf } from '../routing/__fixtures__/endpoints.ts';
import { estimatedUsage } from './estimate.ts';
import type { Flusher } from './flush.ts';
import type { GenerationEnd, GenerationStart, ScopeRef } from './generation.ts';
import { createRecorder, type Work } from './recorder.ts';
import { createMeter, type SettledFacts } from './settle.ts';
import type { SpendLog } from './spend-log.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
/** One micro-USD a token, in either direction. */
const PRICING = pricingOf({ prompt: 1_000_000n, completion: 1_000_000n });

interface World {
  append?: () => number;
  durable?: () => Promise<void>;
  chargeCapNanoUsd?: bigint | null;
}

function finishing({ append = () => 1, durable = async () => {}, chargeCapNanoUsd = null }: World = {}) {
  const scope = new Scope({
    kind: 'key',
    id: 'k',
    refusal: keyLimit.refusal,
    limit: { limitNanoUsd: 50_000n, windowKind: 'all', countsByok: false },
    settled: new Map(),
    isShared: false,
  });
  const records: GenerationEnd[] = [];
  const facts: SettledFacts[] = [];
  const sentScopes: (readonly ScopeRef[])[] = [];
  const meter = createMeter({
    log: {
      dispatch: async (_: GenerationStart, scopes: readonly ScopeRef[]) => sentScopes.push(scopes),
      settle: (_: string, end: GenerationEnd) => ({
        settled: { seq: append(), end },
        durable: durable(),
      }),
    } as unknown as SpendLog,
    flusher: { add: ({ end }: { end: GenerationEnd }) => records.push(end) } as unknown as Flusher,
    onSettled: (fact) => facts.push(fact),
  });
  const { sent, finish } = createRecorder({ meter, clock: new ManualClock(NOW_MS + 5) });
  const hold = new Hold([scope], 20_000n, NOW_MS);
  const work = {
    generationId: 'gen-1',
    requestId: 'req-1',
    principal: { accountId: 'a', keyHash: 'k', workspaceId: null, externalUser: null },
    attribution: {},
    streamed: false,
    router: null,
    scopes: [['key', 'k']],
    admission: { hold, maxTokens: null, chargeCapNanoUsd },
    startedAtMs: NOW_MS,
  } as unknown as Work;
  const end = (members: Partial<StreamEnd> & { prompt?: number; completion?: number } = {}) => {
    const { prompt = 3, completion = 4, ...rest } = members;
    const finished: StreamEnd = {
      usage: { ...estimatedUsage(0, 0, 0), promptTokens: prompt, completionTokens: completion },
      estimated: false,
      finishReason: 'stop',
      nativeFinishReason: 'stop',
      serviceTier: null,
      upstreamId: null,
      cancelled: false,
      ...rest,
    };
    const candidate = { model: modelOf(), endpoint: endpointOf({ pricing: PRICING }) };
    return finish(work, { candidate, attempts: [], firstByteMs: 1 }, finished);
  };
  const send = (modelId: string) =>
    sent(work, { model: modelOf({ id: modelId }), endpoint: endpointOf({ pricing: PRICING }) });
  const money = () => [scope.settledNanoUsd(NOW_MS), scope.heldNanoUsd(NOW_MS)];
  return { end, send, money, records, facts, sentScopes };
}

test('the hold ends at the true cost, and the client’s usage says the same as the record', async () => {
  const { end, money, records, facts } = finishing();
  expect(await end()).toMatchObject({ total_tokens: 7, cost: 0.000007 });
  expect(money()).toEqual([7000n, 0n]);
  expect(records[0]).toMatchObject({
    cost_nano_usd: 7000n,
    upstream_cost_nano_usd: 7000n,
    generation_time_ms: 5,
  });
  expect(facts[0]).toMatchObject({ outcome: 'complete', costNanoUsd: 7000n, overshootNanoUsd: 0n });
});

test('under a limit no more is charged than was held; the record keeps the upstream’s cost, the figures the difference', async () => {
  const { end, money, records, facts } = finishing({ chargeCapNanoUsd: 20_000n });
  expect(await end({ completion: 97 })).toMatchObject({ cost: 0.00002 });
  expect(money()).toEqual([20_000n, 0n]);
  expect(records[0]).toMatchObject({
    cost_nano_usd: 20_000n,
    upstream_cost_nano_usd: 100_000n,
    overshoot_nano_usd: 80_000n,
  });
  expect(facts[0]?.overshootNanoUsd).toBe(80_000n);
});

test('an answer that failed, or that is nothing at all, costs nothing; one that the client left is paid', async () => {
  const cases: [Partial<StreamEnd> & { completion?: number }, bigint, string][] = [
    [{ finishReason: 'error' }, 0n, 'failed'],
    [{ finishReason: 'error', cancelled: true }, 0n, 'cancelled'],
    [{ finishReason: null, completion: 0 }, 0n, 'complete'],
    [{ finishReason: 'stop', completion: 0 }, 3000n, 'complete'],
    [{ finishReason: null, completion: 0, cancelled: true }, 3000n, 'cancelled'],
    [{ finishReason: null, cancelled: true }, 7000n, 'cancelled'],
  ];
  for (const [members, cost, outcome] of cases) {
    const { end, money, facts } = finishing();
    await end(members);
    expect([money(), facts[0]?.outcome, facts[0]?.overshootNanoUsd]).toEqual([
      [cost, 0n],
      outcome as 'failed',
      0n,
    ]);
  }
});

test('a free model’s request is counted for the account’s free ones too, a paid one for its own scopes alone', async () => {
  const { send, sentScopes } = finishing();
  await send('acme/small:free');
  await send('acme/small');
  expect(sentScopes).toEqual([
    [
      ['key', 'k'],
      ['free', 'a'],
    ],
    [['key', 'k']],
  ]);
});

test('without a record there is no charge, and no hold left open', async () => {
  const broken = finishing({
    append: () => {
      throw new Error('the disk is full');
    },
  });
  expect(await broken.end().catch(String)).toContain('the disk is full');
  expect(broken.money()).toEqual([0n, 0n]);
});

test('the answer waits for the record to be on disk, and fails when it cannot be; the money is settled at once', async () => {
  const disk = Promise.withResolvers<void>();
  const { end, money } = finishing({ durable: () => disk.promise });
  let isAnswered = false;
  const answering = end().then(
    () => 'answered',
    (error) => {
      isAnswered = true;
      return String(error);
    },
  );
  await Bun.sleep(1);
  expect([isAnswered, money()]).toEqual([false, [7000n, 0n]]);
  disk.reject(new Error('the sync failed'));
  expect(await answering).toContain('the sync failed');
});
