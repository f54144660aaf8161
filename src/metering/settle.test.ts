import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rowsIn } from '../../test/generations.ts';
import type { Principal } from '../auth/principal.ts';
import { NO_USAGE } from '../chat/usage.ts';
import { Journal } from '../journal/journal.ts';
import { MAX_REQUEST_NANO_USD } from '../money.ts';
import type { BillableUsage } from '../pricing/cost.ts';
import { endpointOf, modelOf, pricingOf, providerOf } from '../routing/__fixtures__/endpoints.ts';
import type { Flusher } from './flush.ts';
import { createMeter, type FinishedRequest, type SentRequest } from './settle.ts';
import { SpendLog } from './spend-log.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
const HELD_NANO_USD = 20_000n;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'turnpike-settle-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function sentRequest(chargeCapNanoUsd: bigint | null): SentRequest {
  return {
    generationId: 'gen-1',
    requestId: 'req-1',
    apiType: 'completions',
    principal: { accountId: 'a', keyHash: 'k', workspaceId: null, externalUser: null },
    attribution: {},
    model: modelOf(),
    // One micro-USD a token, in either direction.
    endpoint: endpointOf({ pricing: pricingOf({ prompt: 1_000_000n, completion: 1_000_000n }) }),
    startedAtMs: NOW_MS,
    streamed: true,
    chargeCapNanoUsd,
    scopes: [['key', 'k']],
  } as unknown as SentRequest;
}

function usageOf(inputTokens: number, outputTokens: number): BillableUsage {
  return { ...NO_USAGE, inputTokens, outputTokens, imageCount: 0 };
}

/** What the next process finds of requests that have ended, and what their clients were told. */
async function settledAs(
  members: Partial<FinishedRequest>,
  chargeCapNanoUsd: bigint | null = null,
  sent: Partial<SentRequest> = {},
) {
  const journal = Journal.open({ dir, flushedSeq: 0, onFailure: () => {} });
  const flusher = { add() {} } as unknown as Flusher;
  const meter = createMeter({ log: new SpendLog(journal), flusher, onSettled: () => {} });
  const request = { ...sentRequest(chargeCapNanoUsd), ...sent };
  await meter.opened(request);
  const { cost } = meter.settled({
    ...request,
    ...{ upstreamId: null, cancelled: false, usage: usageOf(3, 4), estimated: false, finishReason: 'stop' },
    ...{ nativeFinishReason: 'stop', serviceTier: null, endedAtMs: NOW_MS + 5, firstByteMs: 1, attempts: [] },
    plan: null,
    ...members,
  });
  await journal.close();
  const [generation] = rowsIn(journal).values();
  return { generation, cost };
}

/** Marks a request's progress, dies, and gives what the next process charges for it. */
async function chargedAfterCrash(request: SentRequest, marks: readonly BillableUsage[]) {
  const dead = Journal.open({ dir, flushedSeq: 0, onFailure: () => {} });
  const flusher = { add() {} } as unknown as Flusher;
  const meter = createMeter({ log: new SpendLog(dead), flusher, onSettled: () => {} });
  await meter.opened(request);
  for (const usage of marks) meter.progressed(request, usage);
  await dead.close();
  const journal = Journal.open({ dir, flushedSeq: 0, onFailure: () => {} });
  const { unflushed } = await new SpendLog(journal).recover(0, NOW_MS, async () => new Set());
  await journal.close();
  const rows = rowsIn(journal);
  return unflushed.map(({ id }) => rows.get(id)?.['cost_nano_usd']);
}

test('a crash charges no more for a stream than was held for it, however much an estimate by bytes comes to', async () => {
  const marks = [usageOf(3, 4), usageOf(3, 40)];
  expect(await chargedAfterCrash(sentRequest(HELD_NANO_USD), marks)).toEqual([HELD_NANO_USD]);
});

test('a crash charges what the last mark says while that is within the hold', async () => {
  const marks = [usageOf(3, 4), usageOf(3, 9)];
  expect(await chargedAfterCrash(sentRequest(HELD_NANO_USD), marks)).toEqual([12_000n]);
});

test('where no limit is in play nothing bounds the charge for a mark', async () => {
  expect(await chargedAfterCrash(sentRequest(null), [usageOf(3, 40)])).toEqual([43_000n]);
});

test('an absurd count comes to no more than both databases store, and the client is told the same', async () => {
  // A billion tokens, as an adapter lets it through, at the dearest price that a catalogue may have.
  const pricing = pricingOf({ prompt: 10n ** 18n, completion: 10n ** 18n, inputCacheRead: 0n });
  const usage = { ...usageOf(0, 1_000_000_000), cacheReadTokens: 1_000_000_000 };
  const members = { endpoint: endpointOf({ pricing }), usage };
  const { generation, cost } = await settledAs(members);
  expect(cost.totalNanoUsd).toBe(MAX_REQUEST_NANO_USD);
  expect(generation).toMatchObject({
    cost_nano_usd: MAX_REQUEST_NANO_USD,
    upstream_cost_nano_usd: Number(MAX_REQUEST_NANO_USD),
    cache_discount_nano_usd: Number(MAX_REQUEST_NANO_USD),
    overshoot_nano_usd: 0n,
  });
  rmSync(dir, { recursive: true });
  const { generation: capped } = await settledAs(members, HELD_NANO_USD);
  expect(capped).toMatchObject({
    cost_nano_usd: HELD_NANO_USD,
    overshoot_nano_usd: MAX_REQUEST_NANO_USD - HELD_NANO_USD,
  });
  rmSync(dir, { recursive: true });
  const request = { ...sentRequest(null), endpoint: members.endpoint };
  expect(await chargedAfterCrash(request, [usageOf(1_000_000_000, 1)])).toEqual([MAX_REQUEST_NANO_USD]);
});

test('names that a provider sends are cut at 256 characters', async () => {
  const long = 'x'.repeat(10_000);
  const { generation } = await settledAs({ upstreamId: long, nativeFinishReason: long, serviceTier: long });
  const cut = 'x'.repeat(256);
  expect(generation).toMatchObject({ upstream_id: cut, native_finish_reason: cut, service_tier: cut });
});

test('a request is priced by the time it began at, however late it ends', async () => {
  const later = { utcStart: 1230, prices: { prompt: 2_000_000n, completion: 2_000_000n } };
  const pricing = pricingOf({ prompt: 1_000_000n, completion: 1_000_000n }, [later]);
  const { cost } = await settledAs({ endpoint: endpointOf({ pricing }), endedAtMs: NOW_MS + 3_600_000 });
  expect(cost.totalNanoUsd).toBe(7000n);
});

test('the record has the whole prompt and the whole answer, and of their parts those that it has a place for', async () => {
  const usage: BillableUsage = {
    ...{ inputTokens: 1, cacheReadTokens: 20, cacheWriteTokens: 300, cacheWrite1hTokens: 4000 },
    ...{ inputAudioTokens: 50_000, outputTokens: 6, reasoningTokens: 70, outputAudioTokens: 800 },
    ...{ outputImageTokens: 9000, searches: 2, imageCount: 3 },
  };
  const { generation } = await settledAs({ usage });
  expect(generation).toMatchObject({
    streamed: 1,
    prompt_tokens: 54_321,
    completion_tokens: 9876,
    reasoning_tokens: 70,
    cached_tokens: 20,
    cache_write_tokens: 4300,
    image_count: 3,
  });
});

test('what a cache saved or cost extra is rounded away from nothing', async () => {
  const discountOf = async (cached: Partial<BillableUsage>, picoUsd: bigint) => {
    rmSync(dir, { recursive: true });
    const pricing = pricingOf({ prompt: 1000n, completion: 0n, inputCacheRead: picoUsd });
    const usage = { ...usageOf(0, 1), ...cached };
    return (await settledAs({ endpoint: endpointOf({ pricing }), usage })).generation
      ?.cache_discount_nano_usd;
  };
  expect(await discountOf({ cacheReadTokens: 1 }, 999n)).toBe(1);
  expect(await discountOf({ cacheReadTokens: 1 }, 1001n)).toBe(-1);
  expect(await discountOf({ cacheReadTokens: 2 }, 1999n)).toBe(-2);
  expect((await discountOf({ cacheReadTokens: 1 }, 1000n)) ?? 0).toBe(0);
});

test('a record says whether its answer was streamed', async () => {
  expect((await settledAs({}, null, { streamed: true })).generation).toMatchObject({ streamed: 1 });
  rmSync(dir, { recursive: true });
  expect((await settledAs({}, null, { streamed: false })).generation?.streamed ?? 0).toBe(0);
});

test('the record says who asked, for what, and who answered', async () => {
  const provider = providerOf({ slug: 'acme', name: 'Acme Inc.' });
  const { generation } = await settledAs(
    {
      cancelled: true,
      estimated: true,
      firstByteMs: 7,
      attempts: [{ provider: 'Acme Inc.', tag: 'acme/fast', model: 'x', status: 200, latency_ms: 1 }],
    },
    null,
    {
      requestId: 'req-9',
      apiType: 'completions',
      principal: {
        accountId: 'account',
        keyHash: 'hash',
        workspaceId: 'space',
        externalUser: 'them',
      } as Principal,
      attribution: {
        ...{ referer: 'https://a.example/', title: 'App', categories: 'game', userAgent: 'agent' },
        ...{
          sessionId: 'session',
          ...{ agentId: 'agent-2', parentAgentId: 'agent-1', agentClass: 'subagent' },
          endUser: 'hashed',
          ...{ door: 'responses', tags: '{"team":"a"}' },
        },
      },
      model: modelOf({ id: 'acme/small', canonicalSlug: 'acme/small-2026' }),
      router: '~acme/latest',
      endpoint: endpointOf({ provider, tag: 'acme/fast' }),
      streamed: false,
    },
  );
  expect(generation).toMatchObject({
    ...{ id: 'gen-1', account_id: 'account', workspace_id: 'space', key_hash: 'hash', request_id: 'req-9' },
    ...{ created_at_ms: NOW_MS, api_type: 'completions', model: 'acme/small' },
    ...{ model_permaslug: 'acme/small-2026', router: '~acme/latest', provider_slug: 'acme' },
    ...{ provider_name: 'Acme Inc.', endpoint_tag: 'acme/fast', is_byok: 0 },
    ...{ http_referer: 'https://a.example/', app_title: 'App', app_categories: 'game', user_agent: 'agent' },
    ...{
      session_id: 'session',
      agent_id: 'agent-2',
      parent_agent_id: 'agent-1',
      agent_class: 'subagent',
      end_user: 'hashed',
      external_user: 'them',
      ...{ door: 'responses', tags: '{"team":"a"}' },
    },
    ...{ cancelled: 1, estimated: 1, latency_ms: 7, generation_time_ms: 5 },
  });
  expect(generation?.attempts).toMatchObject([{ tag: 'acme/fast', status: 200 }]);
});
