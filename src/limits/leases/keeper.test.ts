import { expect, test } from 'bun:test';
import { rejectionOf } from '../../../test/databases.ts';
import { DENIED_MS, holdInTheEnd, LeaseBench, PATIENCE_MS, refusalOf } from '../../../test/lease-bench.ts';
import { type Held, type LeaseNode, UNIT } from '../../../test/lease-node.ts';
import type { Principal } from '../../auth/principal.ts';
import { ManualClock } from '../../clock.ts';
import { appendTransaction } from '../../credits/store.ts';
import { TurnpikeError } from '../../errors.ts';
import { newId } from '../../ids.ts';

/** The key may spend this many requests of one unit. */
const LIMIT = 10n * UNIT;
const bench = LeaseBench.forEachTest({ limit_nano_usd: LIMIT });

async function leases(): Promise<{ node: string; windowId: string; units: number }[]> {
  return (await bench.leases()).map((row) => ({
    node: row.node_id,
    windowId: row.window_id,
    units: Number(row.amount_nano_usd) / Number(UNIT),
  }));
}

interface Outcome {
  held: Held[];
  refused: TurnpikeError[];
}

async function holdMany(node: LeaseNode, count: number, principal: Principal): Promise<Outcome> {
  const outcome: Outcome = { held: [], refused: [] };
  const asking = Array.from({ length: count }, () => node.hold(1, principal));
  for (const result of await Promise.allSettled(asking)) {
    if (result.status === 'fulfilled') outcome.held.push(result.value);
    else if (result.reason instanceof TurnpikeError) outcome.refused.push(result.reason);
    else throw result.reason;
  }
  return outcome;
}

/** Every node asks for one unit at a time until this many are held by all together, and then once more: nobody has a unit left. */
async function holdAll(units: number, principal: Principal, atOnce = 20): Promise<Outcome[]> {
  const outcomes = bench.nodes.map((): Outcome => ({ held: [], refused: [] }));
  const endsAtMs = performance.now() + PATIENCE_MS;
  let isFull = false;
  for (;;) {
    const more = await Promise.all(bench.nodes.map((node) => holdMany(node, atOnce, principal)));
    for (const [at, { held, refused }] of more.entries()) {
      outcomes[at]!.held.push(...held);
      outcomes[at]!.refused.push(...refused);
    }
    if (isFull || performance.now() > endsAtMs) break;
    isFull = heldIn(outcomes) >= units;
    await Bun.sleep(DENIED_MS);
  }
  expect(heldIn(outcomes)).toBe(units);
  return outcomes;
}

function heldIn(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, { held }) => sum + held.length, 0);
}

test('three nodes with 200 requests each serve exactly the ten that the limit pays for', async () => {
  const [first] = await bench.startNodes(3);
  const principal = await first!.principal();
  const stopWatching = bench.watchLimit(() => LIMIT);
  const outcomes = await holdAll(10, principal, 200);
  // Questions for all that wait, not one each: renewals and recalls included.
  for (const node of bench.nodes) expect(node.statements).toBeLessThan(200);
  for (const [at, { held }] of outcomes.entries())
    for (const one of held) bench.nodes[at]!.settle(one, principal);
  await Promise.all(bench.nodes.map((node) => node.flush()));
  // What was not there a moment ago is not asked for again at once.
  await Bun.sleep(DENIED_MS);
  const error = await refusalOf(first!.hold(1, principal));
  expect(error).toMatchObject({ code: 'key_limit_exceeded', status: 402 });
  expect(error.metadata).toMatchObject({ spend_usd: 0.0001, remaining_usd: 0 });
  expect(await stopWatching()).toBeGreaterThan(1);
  expect(await bench.settledUnits()).toBe(10);
});

test('requests that cost less than they held leave room for others, up to the limit and never beyond', async () => {
  await bench.startNodes(3);
  const principal = await bench.nodes[0]!.principal();
  const stopWatching = bench.watchLimit(() => LIMIT);
  let served = 0;
  const endsAtMs = performance.now() + PATIENCE_MS;
  const serve = async (node: LeaseNode) => {
    for (let tries = 0; tries < 30 || (served < 9 && performance.now() < endsAtMs); tries++) {
      const held = await node.hold(2, principal).catch((error: TurnpikeError) => error);
      if (held instanceof TurnpikeError) {
        expect(['key_limit_exceeded', 'in_flight_budget_exhausted']).toContain(held.code);
        await Bun.sleep(20);
        continue;
      }
      await Bun.sleep(2);
      node.settle(held, principal, UNIT);
      served += 1;
      if (tries % 3 === 0) await node.flush();
    }
  };
  await Promise.all(bench.nodes.flatMap((node) => [serve(node), serve(node)]));
  await Promise.all(bench.nodes.map((node) => node.flush()));
  // The last unit is left over: a request asks for two.
  expect(served).toBe(9);
  expect(await bench.settledUnits()).toBe(9);
  await stopWatching();
});

test('an idle lease is called back for a node that is short', async () => {
  const [idle, short] = await bench.startNodes(2);
  await bench.changeKey({ limit_nano_usd: 100n * UNIT });
  const principal = await idle!.principal();
  idle!.settle(await idle!.hold(1, principal), principal, 0n);
  const [lease] = await leases();
  expect(lease?.units).toBeGreaterThan(5);
  await holdInTheEnd(short!, 98, principal);
});

test('nodes that are short at once serve from what they have left together', async () => {
  await bench.changeKey({ limit_nano_usd: 2n * UNIT });
  await bench.startNodes(2);
  const principal = await bench.nodes[0]!.principal();
  for (const node of bench.nodes) {
    node.settle(await node.hold(1, principal), principal, UNIT / 2n);
    await node.flush();
  }
  expect((await leases()).map(({ units }) => units)).toEqual([0.5, 0.5]);
  const stopWatching = bench.watchLimit(() => 2n * UNIT);
  const outcomes = await Promise.all(bench.nodes.map((node) => holdMany(node, 1, principal)));
  expect(outcomes.map(({ held }) => held.length).sort()).toEqual([0, 1]);
  await stopWatching();
});

test('a client that named no cap gets what is left, and no other node can hold it too', async () => {
  await bench.changeKey({ limit_nano_usd: 300n * UNIT });
  const [one, other] = await bench.startNodes(2);
  const principal = await one!.principal();
  expect(await one!.hold(null, principal)).toMatchObject({ maxTokens: 300 });
  const error = await refusalOf(other!.hold(null, principal));
  expect(error).toMatchObject({ code: 'in_flight_budget_exhausted', retryAfterSeconds: 2 });
});

test('a key without a limit asks the database for no lease', async () => {
  await bench.changeKey({ limit_nano_usd: null });
  const [node] = await bench.startNodes(1);
  const principal = await node!.principal();
  node!.settle(await node!.hold(1, principal), principal);
  await node!.flush();
  const { statements } = node!;
  await holdMany(node!, 50, principal);
  expect(node!.statements).toBe(statements);
  expect(await leases()).toEqual([]);
});

test('what was spent before there was a limit counts against the first lease', async () => {
  await bench.changeKey({ limit_nano_usd: null });
  const [node] = await bench.startNodes(1);
  const unlimited = await node!.principal();
  node!.settle(await node!.hold(4, unlimited), unlimited);
  const running = await node!.hold(3, unlimited);
  await bench.changeKey({ limit_nano_usd: LIMIT });
  const principal = await node!.principal();
  const stopWatching = bench.watchLimit(() => LIMIT);
  const { held } = await holdMany(node!, 10, principal);
  await node!.flush();
  expect(held.length).toBe(3);
  node!.settle(running, principal);
  for (const one of held) node!.settle(one, principal);
  await node!.flush();
  await stopWatching();
  expect(await bench.settledUnits()).toBe(10);
  expect(await refusalOf(node!.hold(1, principal))).toMatchObject({ code: 'key_limit_exceeded' });
});

test('money that an end freed is not given back before that end is written, and then it is', async () => {
  const [idle, short] = await bench.startNodes(2);
  const principal = await idle!.principal();
  const held = await idle!.hold(10, principal);
  const writing = Promise.withResolvers<void>();
  idle!.recorded = writing.promise;
  idle!.settle(held, principal, 0n);
  // Were the first node to die now, it would still be charged for what its provider had begun.
  await rejectionOf(short!.hold(1, principal));
  expect((await leases()).map(({ units }) => units)).toEqual([10]);
  writing.resolve();
  await holdInTheEnd(short!, 10, principal);
});

test('what an unwritten end freed survives a renewal of the leases, too', async () => {
  const [node] = await bench.startNodes(1);
  const principal = await node!.principal();
  const held = await node!.hold(10, principal);
  const writing = Promise.withResolvers<void>();
  node!.recorded = writing.promise;
  node!.settle(held, principal, 0n);
  node!.keeper.changed('key', bench.hash);
  await node!.keeper.upkeep();
  const kept = await leases();
  writing.resolve();
  expect(kept.map(({ units }) => units)).toEqual([10]);
  await node!.keeper.upkeep();
  await holdInTheEnd(node!, 10, principal);
});

test('a limit lowered while idle money is leased counts at once, and raised again serves again', async () => {
  await bench.startNodes(2);
  await bench.changeKey({ limit_nano_usd: 1000n * UNIT });
  const before = await bench.nodes[0]!.principal();
  for (const node of bench.nodes) node.settle(await node.hold(1, before), before);
  for (const node of bench.nodes) await node.flush();
  expect((await leases()).every(({ units }) => units > 1)).toBe(true);
  await bench.changeKey({ limit_nano_usd: 5n * UNIT });
  const lowered = await bench.nodes[0]!.principal();
  for (const node of bench.nodes) node.keeper.changed('key', bench.hash);
  await holdAll(3, lowered);
  await bench.changeKey({ limit_nano_usd: 8n * UNIT });
  const raised = await bench.nodes[0]!.principal();
  for (const node of bench.nodes) node.keeper.changed('key', bench.hash);
  await holdAll(3, raised);
});

test('a limit that changes under load is kept at its highest, and in the end at its last', async () => {
  await bench.startNodes(3);
  let highest = 40n * UNIT;
  await bench.changeKey({ limit_nano_usd: highest });
  const stopWatching = bench.watchLimit(() => highest);
  let principal = await bench.nodes[0]!.principal();
  let isOn = true;
  const serve = async (node: LeaseNode) => {
    while (isOn) {
      const held = await node.hold(1, principal).catch(() => null);
      if (held === null) await Bun.sleep(10);
      else node.settle(held, principal, UNIT / 2n);
      await node.flush();
    }
  };
  const serving = bench.nodes.map(serve);
  for (const units of [60n, 50n, 80n, 90n]) {
    const limit = units * UNIT;
    if (limit > highest) highest = limit;
    await bench.changeKey({ limit_nano_usd: limit });
    principal = await bench.nodes[0]!.principal();
    for (const node of bench.nodes) node.keeper.changed('key', bench.hash);
    await Bun.sleep(150);
  }
  // Half a unit is left where a request of one is refused.
  const endsAtMs = performance.now() + PATIENCE_MS;
  while ((await bench.settledUnits()) < 89.5 && performance.now() < endsAtMs) await Bun.sleep(20);
  await Bun.sleep(DENIED_MS);
  isOn = false;
  await Promise.all(serving);
  expect(await bench.settledUnits()).toBe(89.5);
  await stopWatching();
});

test('a request that began before midnight is settled in its day, and the next day has its own money', async () => {
  await bench.changeKey({ limit_reset: 'daily' });
  const clock = new ManualClock(Date.parse('2026-11-20T23:59:59.900Z'));
  await bench.startNodes(2, { clock });
  const principal = await bench.nodes[0]!.principal();
  const stopWatching = bench.watchLimit(() => LIMIT, '2026-11-20');
  const stopWatchingNext = bench.watchLimit(() => LIMIT, '2026-11-21');
  const before = await holdAll(10, principal);
  clock.set(Date.parse('2026-11-21T00:00:00.100Z'));
  const after = await holdAll(10, principal);
  for (const outcomes of [before, after]) {
    for (const [at, { held }] of outcomes.entries())
      for (const one of held) bench.nodes[at]!.settle(one, principal);
  }
  await Promise.all(bench.nodes.map((node) => node.flush()));
  expect([await bench.settledUnits('2026-11-20'), await bench.settledUnits('2026-11-21')]).toEqual([10, 10]);
  clock.set(Date.parse('2026-11-21T00:01:00Z'));
  await Promise.all(bench.nodes.map((node) => node.keeper.upkeep()));
  expect(await leases()).toEqual([]);
  await Promise.all([stopWatching(), stopWatchingNext()]);
});

test('idle leases are given back, and stopping leaves none', async () => {
  const clock = new ManualClock(Date.parse('2026-11-20T12:00:00Z'));
  const [node] = await bench.startNodes(1, { clock });
  await bench.changeKey({ limit_nano_usd: 100n * UNIT });
  const principal = await node!.principal();
  const held = await node!.hold(3, principal);
  clock.advance(10_000);
  await node!.keeper.upkeep();
  expect(await leases()).toMatchObject([{ units: 3 }]);
  node!.settle(held, principal);
  await node!.flush();
  clock.advance(10_000);
  await node!.keeper.upkeep();
  expect(await leases()).toEqual([]);
  node!.settle(await node!.hold(3, principal), principal);
  expect(await leases()).toHaveLength(1);
  await node!.stop();
  bench.nodes.splice(0);
  expect(await leases()).toEqual([]);
});

test('a lease that requests use is kept, however long ago it was granted', async () => {
  const clock = new ManualClock(Date.parse('2026-11-20T12:00:00Z'));
  const [node] = await bench.startNodes(1, { clock });
  await bench.changeKey({ limit_nano_usd: 1000n * UNIT });
  const principal = await node!.principal();
  node!.settle(await node!.hold(1, principal), principal, 0n);
  const [granted] = await leases();
  for (let uses = 0; uses < 3; uses++) {
    clock.advance(9000);
    node!.settle(await node!.hold(1, principal), principal, 0n);
    await node!.keeper.upkeep();
  }
  expect(await leases()).toEqual([granted!]);
});

test('a key that was forgotten while idle is leased for again when it is back', async () => {
  const clock = new ManualClock(Date.parse('2026-11-20T12:00:00Z'));
  const [node] = await bench.startNodes(1, { clock, wallets: { maxWallets: 1 } });
  const principal = await node!.principal();
  const { scopes } = await node!.wallets.walletOf(principal);
  node!.settle(await node!.hold(1, principal), principal, 0n);
  clock.advance(60_000);
  await node!.keeper.upkeep();
  await node!.wallets.walletOf({ ...principal, keyHash: 'of another' });
  expect(node!.wallets.scope('key', bench.hash)).toBeUndefined();
  await node!.hold(10, principal);
  expect(scopes).not.toContain(node!.wallets.scope('key', bench.hash));
});

test('a crowd that is refused asks the database once for all, and again only after a while', async () => {
  const [node, other] = await bench.startNodes(2);
  const principal = await node!.principal();
  const taken = await other!.hold(10, principal);
  let asked = Number.POSITIVE_INFINITY;
  // A machine that stands still for that while makes it ask again, and does not always stand still.
  for (let tries = 0; tries < 10 && asked > 0; tries++) {
    await refusalOf(node!.hold(1, principal));
    const { statements } = node!;
    expect((await holdMany(node!, 200, principal)).refused).toHaveLength(200);
    asked = node!.statements - statements;
  }
  expect(asked).toBe(0);
  other!.settle(taken, principal, 0n);
  await holdInTheEnd(node!, 1, principal);
});

test('a busy node far from its limit asks seldom', async () => {
  await bench.changeKey({ limit_nano_usd: 10_000_000n * UNIT });
  const [node] = await bench.startNodes(1);
  const principal = await node!.principal();
  await node!.hold(1, principal);
  const { statements } = node!;
  for (let sent = 0; sent < 2000; sent++) await node!.hold(1, principal);
  expect(node!.statements - statements).toBeLessThan(20);
});

test('the account’s credits are leased beside the key’s limit, and the tighter of both holds', async () => {
  await bench.opened.database.transaction((trx) =>
    appendTransaction(trx, {
      id: newId(),
      accountId: bench.accountId,
      against: 'granted',
      kind: 'grant',
      amountNanoUsd: 7n * UNIT,
      reason: 'a test',
      nowMs: 0,
    }),
  );
  await bench.startNodes(2, { billing: 'prepaid' });
  await holdAll(7, await bench.nodes[0]!.principal(), 50);
});
