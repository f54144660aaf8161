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

test('a settled request goes to the database and to the figures once, and is durable when it is on disk', async () => {
  const journal = Journal.open({ dir, flushedSeq: 0, onFailure: () => {} });
  const added: unknown[] = [];
  const figures: SettledFacts[] = [];
  const meter = createMeter({
    log: new SpendLog(journal),
    flusher: { add: (settled: unknown) => added.push(settled) } as unknown as Flusher,
    onSettled: (facts) => figures.push(facts),
  });
  const request = {
    ...{ generationId: 'gen-1', requestId: 'req-1', apiType: 'completions' },
    principal: { accountId: 'a', keyHash: 'k', workspaceId: null, externalUser: null },
    attribution: {},
    model: modelOf(),
    endpoint: endpointOf({ pricing: pricingOf({ prompt: 1_000_000n, completion: 1_000_000n }) }),
    ...{ startedAtMs: NOW_MS, streamed: true, chargeCapNanoUsd: 5000n, scopes: [['key', 'k']] },
  } as unknown as SentRequest;
  await meter.opened(request);
  expect(added).toEqual([]);
  const { cost, durable } = meter.settled({
    ...request,
    ...{ upstreamId: null, cancelled: false, estimated: false, finishReason: 'stop', serviceTier: null },
    ...{ nativeFinishReason: 'stop', endedAtMs: NOW_MS + 1000, firstByteMs: 1, attempts: [] },
    usage: { ...NO_USAGE, inputTokens: 3, outputTokens: 4, imageCount: 0 },
  } as FinishedRequest);
  await durable;
  expect(cost.totalNanoUsd).toBe(5000n);
  expect(added).toHaveLength(1);
  expect(figures).toMatchObject([
    {
      provider: request.endpoint.provider.slug,
      outcome: 'complete',
      ...{ costNanoUsd: 5000n, overshootNanoUsd: 2000n, promptTokens: 3, completionTokens: 4 },
      ...{ firstByteMs: 1, tokensPerSecond: 4 },
    },
  ]);
  expect(durable).toBeInstanceOf(Promise);
  await journal.close();
});
