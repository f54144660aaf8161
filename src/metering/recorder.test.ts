import { expect, test } from 'bun:test';
import { completionTokensOf, NO_USAGE, promptTokensOf } from '../chat/usage.ts';
import { ManualClock } from '../clock.ts';
import { Hold } from '../limits/hold.ts';
import { Scope } from '../limits/scope.ts';
import { keyLimit } from '../limits/scope-kinds/key-limit.ts';
import type { BillableUsage } from '../pricing/cost.ts';
import type { ProviderTarget } from '../providers/adapter.ts';
import { endpointOf, modelOf, pricingOf } from '../routing/__fixtures__/endpoints.ts';
import type { Credential } from '../routing/credential.ts';
import type { Candidate } from '../routing/plan.ts';
import type { Flusher } from './flush.ts';
import type { GenerationEnd, GenerationStart, ScopeRef } from './generation.ts';
import { createRecorder, type Ending, type Work } from './recorder.ts';
import { type ApiType, createMeter, type SettledFacts } from './settle.ts';
import type { SpendLog } from './spend-log.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
/** One micro-USD a token, in either direction. */
const PRICING = pricingOf({ prompt: 1_000_000n, completion: 1_000_000n });

type EndMembers = Partial<Ending> & { prompt?: number; completion?: number };

interface World {
  append?: () => number;
  durable?: () => Promise<void>;
  chargeCapNanoUsd?: bigint | null;
  apiType?: ApiType;
  credential?: Credential;
}

function finishing({
  append = () => 1,
  durable = async () => {},
  chargeCapNanoUsd = null,
  apiType = 'completions',
  credential,
}: World = {}) {
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
  const marks: unknown[] = [];
  const meter = createMeter({
    log: {
      mark: (_: string, progress: unknown) => marks.push(progress),
      dispatch: async (_: GenerationStart, scopes: readonly ScopeRef[]) => sentScopes.push(scopes),
      settle: (_: string, end: GenerationEnd) => ({
        settled: { seq: append(), end },
        durable: durable(),
      }),
    } as unknown as SpendLog,
    flusher: { add: ({ end }: { end: GenerationEnd }) => records.push(end) } as unknown as Flusher,
    onSettled: (fact) => facts.push(fact),
  });
  const { opened, progressed, settled } = createRecorder({ meter, clock: new ManualClock(NOW_MS + 5) });
  const hold = new Hold([scope], 20_000n, NOW_MS);
  const work = {
    generationId: 'gen-1',
    requestId: 'req-1',
    apiType,
    principal: { accountId: 'a', keyHash: 'k', workspaceId: null, externalUser: null },
    attribution: {},
    streamed: false,
    routers: null,
    refused: null,
    scopes: [['key', 'k']],
    admission: { hold, maxTokens: null, chargeCapNanoUsd },
    startedAtMs: NOW_MS,
    planned: [],
  } as unknown as Work;
  const candidate: Candidate = {
    ...{ model: modelOf(), endpoint: endpointOf({ pricing: PRICING }) },
    ...(credential === undefined ? {} : { credential }),
  };
  const end = ({ prompt = 3, completion = 4, ...members }: EndMembers = {}) => {
    const ending: Ending = {
      reported: { ...NO_USAGE, inputTokens: prompt, outputTokens: completion },
      seen: { promptBytes: 12, writtenBytes: 0, imageCount: 0 },
      estimated: false,
      finishReason: 'stop',
      nativeFinishReason: 'stop',
      serviceTier: null,
      upstreamId: null,
      cancelled: false,
      ...members,
    };
    return settled(work, { candidate, attempts: [], firstByteMs: 1 }, ending);
  };
  const open = (modelId: string) => opened(work, { ...candidate, model: modelOf({ id: modelId }) });
  const progress = (usage: BillableUsage) => progressed(work, candidate, usage);
  const money = () => [scope.settledNanoUsd(NOW_MS), scope.heldNanoUsd(NOW_MS)];
  return { end, open, progress, money, records, facts, sentScopes, marks };
}

test('the hold ends at the true cost, and the client’s usage says the same as the record', async () => {
  const { end, money, records, facts } = finishing();
  const { usage, cost } = await end();
  expect([promptTokensOf(usage), completionTokensOf(usage), cost.totalNanoUsd]).toEqual([3, 4, 7000n]);
  expect(money()).toEqual([7000n, 0n]);
  expect(records[0]).toMatchObject({
    cost_nano_usd: 7000n,
    upstream_cost_nano_usd: 7000n,
    generation_time_ms: 5,
  });
  expect(facts[0]).toMatchObject({ outcome: 'complete', costNanoUsd: 7000n, overshootNanoUsd: 0n });
});

test('what went through a key that its caller brought is charged to nobody here, and told as that', async () => {
  const credential: Credential = {
    ...({ kind: 'byok', id: 'own', version: 1, provider: 'acme', section: 'prioritised' } as const),
    ...{ isRequired: false, declaredZdr: null, models: null, apply: (target: ProviderTarget) => target },
  };
  const { end, money, records, facts } = finishing({ credential });
  await end();
  expect(money()).toEqual([0n, 0n]);
  expect(records[0]).toMatchObject({ upstream_cost_nano_usd: 7000n });
  expect(facts[0]).toMatchObject({ isByok: true, costNanoUsd: 0n });
});

test('under a limit no more is charged than was held; the record keeps the upstream’s cost, the figures the difference', async () => {
  const { end, money, records, facts } = finishing({ chargeCapNanoUsd: 20_000n });
  expect((await end({ completion: 97 })).cost.totalNanoUsd).toBe(20_000n);
  expect(money()).toEqual([20_000n, 0n]);
  expect(records[0]).toMatchObject({
    cost_nano_usd: 20_000n,
    upstream_cost_nano_usd: 100_000n,
    overshoot_nano_usd: 80_000n,
  });
  expect(facts[0]?.overshootNanoUsd).toBe(80_000n);
});

test('an answer that failed, or that is nothing at all, costs nothing; one that the client left is paid', async () => {
  const cases: [EndMembers, bigint, string][] = [
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

test('vectors, which are no completion and end for no reason, are paid by their prompt; a failure is not', async () => {
  for (const [finishReason, cost] of [
    [null, 3000n],
    ['error', 0n],
  ] as const) {
    const { end, money } = finishing({ apiType: 'embeddings' });
    await end({ finishReason, completion: 0 });
    expect(money()).toEqual([cost, 0n]);
  }
});

test('a free model’s request is counted for the account’s free ones too, a paid one for its own scopes alone', async () => {
  const { open, sentScopes } = finishing();
  await open('acme/small:free');
  await open('acme/small');
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

test('a count that cannot be true is not charged, and the record says that the count is ours', async () => {
  const seen = { promptBytes: 40, writtenBytes: 400, imageCount: 2 };
  const cases: [EndMembers, counts: [number, number], estimated: 0 | 1][] = [
    [{ reported: null }, [10, 100], 1],
    [{ prompt: 0, completion: 0 }, [10, 100], 1],
    [{ prompt: 9, completion: 0 }, [9, 100], 1],
    [{ prompt: 0, completion: 90 }, [10, 90], 1],
    [{ prompt: 9, completion: 90 }, [9, 90], 0],
    [{ prompt: 9, completion: 90, estimated: true }, [9, 90], 1],
  ];
  for (const [members, [prompt, completion], estimated] of cases) {
    const { end, money, records } = finishing();
    const { usage } = await end({ seen, ...members });
    expect([promptTokensOf(usage), completionTokensOf(usage), usage.imageCount]).toEqual([
      prompt,
      completion,
      2,
    ]);
    expect(money()).toEqual([BigInt(prompt + completion) * 1000n, 0n]);
    expect(records[0]).toMatchObject({ estimated, prompt_tokens: prompt, completion_tokens: completion });
  }
});

test('progress is marked at its cost, and no dearer than what is held', () => {
  const usage = { ...NO_USAGE, inputTokens: 3, outputTokens: 4, imageCount: 0 };
  const free = finishing();
  free.progress({ ...usage, outputTokens: 97 });
  const capped = finishing({ chargeCapNanoUsd: 20_000n });
  capped.progress(usage);
  capped.progress({ ...usage, outputTokens: 97 });
  expect(free.marks).toEqual([{ promptTokens: 3, completionTokens: 97, costNanoUsd: 100_000n }]);
  expect(capped.marks).toEqual([
    { promptTokens: 3, completionTokens: 4, costNanoUsd: 7000n },
    { promptTokens: 3, completionTokens: 97, costNanoUsd: 20_000n },
  ]);
});

test('an answer that failed has no part that costs, and is not said to have been left', async () => {
  const { end, records } = finishing();
  expect((await end({ finishReason: 'error' })).cost).toEqual({
    ...{ totalNanoUsd: 0n, promptPicoUsd: 0n, completionPicoUsd: 0n, cacheDiscountPicoUsd: 0n },
  });
  expect(records[0]).toMatchObject({ cancelled: 0, cost_nano_usd: 0n, cache_discount_nano_usd: 0n });
});

test('the record says when and how the answer came', async () => {
  const { end, records, facts } = finishing();
  await end({ upstreamId: 'up-1', serviceTier: 'flex', nativeFinishReason: 'end_turn', cancelled: true });
  expect(records[0]).toMatchObject({
    ...{ upstream_id: 'up-1', service_tier: 'flex', finish_reason: 'stop', native_finish_reason: 'end_turn' },
    ...{ cancelled: 1, estimated: 0, latency_ms: 1, generation_time_ms: 5, attempts: '[]' },
  });
  expect(facts[0]).toMatchObject({ provider: 'acme', promptTokens: 3, completionTokens: 4, firstByteMs: 1 });
});

test('what cannot even be put together for its record is not charged, and holds nothing', async () => {
  const { end, money, records } = finishing();
  const broken = Object.defineProperty({ promptBytes: 12, imageCount: 0, writtenBytes: 0 }, 'writtenBytes', {
    get: () => {
      throw new Error('a defect');
    },
  });
  const ended = await end({ reported: null, seen: broken } as never).then(() => 'ended', String);
  expect([ended, money(), records]).toEqual(['Error: a defect', [0n, 0n], []]);
});
