/** Two nodes that take a minute's rate from one PostgreSQL. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { TestDatabase } from '../../../test/databases.ts';
import { postgresEngine } from '../../../test/lease-node.ts';
import type { Principal } from '../../auth/principal.ts';
import { ManualClock } from '../../clock.ts';
import { TurnpikeError } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { createLogger } from '../../log.ts';
import type { RateHold } from './rate-hold.ts';
import { Rates } from './rates.ts';
import { postgresRates } from './store.ts';

const TOKENS = 1000;
const PRINCIPAL: Principal = {
  ...{ keyHash: 'a', kind: 'api', accountId: 'a', workspaceId: 'w', name: '', label: '', version: 1 },
  ...{ creatorUserId: null, externalUser: null, limitNanoUsd: null, limitReset: null },
  ...{ includeByokInLimit: false, disabled: false, expiresAtMs: null, cutStreamsWhenRevoked: false },
};

let shared: TestDatabase;
const clock = new ManualClock(Date.now());
const nodes: Rates[] = [];

beforeAll(async () => {
  shared = await postgresEngine().open();
  for (const nodeId of ['node-1', 'node-2'])
    nodes.push(
      new Rates({
        clock,
        store: postgresRates(shared.database, nodeId, () => clock.nowMs()),
        logger: createLogger({ level: 'debug', write: () => undefined, clock }),
        recallWaitMs: 5000,
      }),
    );
});
afterAll(async () => {
  for (const node of nodes) await node.stop();
  await shared?.dispose();
});

/** A limit of its own, whose counter nobody has touched. */
function limited() {
  const id = newId();
  const limits = [
    ...[{ id, subject: 'api_key', target: null, requestsPerMinute: null, tokensPerMinute: TOKENS } as const],
  ];
  return {
    ask: async (node: Rates | undefined, tokens: number): Promise<RateHold> => {
      if (node === undefined) throw new Error('there is no such node');
      return await node.take(
        { principal: PRINCIPAL, limits },
        {
          ...{ modelIds: new Set<string>(), promptTokensBound: 0, promptTokens: 0 },
          ...{ maxTokens: tokens, wantedTokens: tokens, choices: 1 },
        },
      );
    },
    granted: async () => {
      const row = await shared.database.db
        .selectFrom('rate_window')
        .select('tokens')
        .where('name', '=', `${id} a`)
        .executeTakeFirst();
      return Number(row?.tokens ?? 0);
    },
  };
}

const refusal = async (asked: Promise<RateHold>): Promise<unknown> =>
  await asked.then(
    () => 'taken',
    (thrown: unknown) => (thrown instanceof TurnpikeError ? thrown.retryAfterSeconds : thrown),
  );

test('what no minute has room for is refused at once, and takes nothing of what others share', async () => {
  const [first, second] = nodes;
  const { ask, granted } = limited();
  expect(await refusal(ask(first, TOKENS + 1))).toBeUndefined();
  expect(await granted()).toBe(0);
  await ask(second, TOKENS);
  expect(await granted()).toBe(TOKENS);
});

test.each([
  [0, 1],
  [1, 0],
])(
  'what the request that waits longest has collected is not passed on: node %i’s by node %i',
  async (early, late) => {
    const { ask, granted } = limited();
    const [held] = [await ask(nodes[early], 300), await ask(nodes[late], 300)];
    const waiting = ask(nodes[early], 600);
    // What is left of the minute it has already.
    while ((await granted()) < TOKENS) await Bun.sleep(1);
    clock.advance(1);
    const later = Promise.all(Array.from({ length: 5 }, () => ask(nodes[late], 100)));
    // Whatever is passed on comes within this time.
    const passedOn = later.then(() => 'passed on');
    expect(await Promise.race([passedOn, Bun.sleep(500).then(() => 'kept')])).toBe('kept');
    held.release();
    const served = await waiting;
    served.release();
    expect(await later).toHaveLength(5);
  },
);
