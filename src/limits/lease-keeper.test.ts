import { expect, test } from 'bun:test';
import { sql } from 'kysely';
import { rejectionOf } from '../../test/databases.ts';
import { LeaseBench } from '../../test/lease-bench.ts';
import { type Held, type LeaseNode, type NodeOptions, UNIT } from '../../test/lease-node.ts';
import type { Principal } from '../auth/principal.ts';
import { ManualClock } from '../clock.ts';
import { appendTransaction } from '../credits/store.ts';
import { TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';

/** The key may spend this many requests of one unit. */
const LIMIT = 10n * UNIT;
const bench = LeaseBench.forEachTest({ limit_nano_usd: LIMIT });
/** How long a busy machine may take for what must happen in the end. */
const PATIENCE_MS = 30_000;
/** After this long a node asks again for what it could not have. */
const DENIED_MS = 120;

async function startNodes(count: number, options: Partial<NodeOptions> = {}): Promise<LeaseNode[]> {
  for (let made = 0; made < count; made++) await bench.startNode(options);
  return bench.nodes;
}

async function leases(): Promise<{ node: string; windowId: string; units: number }[]> {
  return (await bench.leases()).map((row) => ({
    node: row.node_id,
    windowId: row.window_id,
    units: Number(row.amount_nano_usd) / Number(UNIT),
  }));
}

/** I1L in every committed state that it sees, until it is told to stop; returns how many it has seen. */
function watchLimit(limitOf: () => bigint, windowId = 'all') {
  let isWatching = true;
  const watched = (async () => {
    let samples = 0;
    while (isWatching) {
      const highest = limitOf();
      const { rows } = await readSpoken(windowId);
      const spoken = rows[0]?.spoken_nano_usd ?? 0n;
      if (spoken > (highest > limitOf() ? highest : limitOf())) throw new Error(`${spoken} is spoken for`);
      samples += 1;
    }
    return samples;
  })();
  watched.catch(() => {});
  return async () => {
    isWatching = false;
    return await watched;
  };
}

async function readSpoken(windowId: string) {
  return await sql<{ spoken_nano_usd: bigint }>`
    SELECT (SELECT COALESCE(SUM(cost_nano_usd), 0) FROM usage_window
            WHERE scope_kind = 'key' AND window_id = ${windowId})
         + (SELECT COALESCE(SUM(amount_nano_usd), 0) FROM scope_lease
            WHERE scope_kind = 'key' AND window_id = ${windowId}) AS spoken_nano_usd
  `.execute(bench.opened.database.db);
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

/** What is only refused because of others is asked for again, as the refusal tells a client to. */
async function holdInTheEnd(node: LeaseNode, tokens: number, principal: Principal): Promise<Held> {
  const endsAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await node.hold(tokens, principal);
    } catch (error) {
      if (performance.now() > endsAtMs || !(error instanceof TurnpikeError)) throw error;
      if (error.code !== 'in_flight_budget_exhausted') throw error;
    }
    await Bun.sleep(DENIED_MS);
  }
}

async function refusalOf(promise: Promise<unknown>): Promise<TurnpikeError> {
  const error = await rejectionOf(promise);
  if (error instanceof TurnpikeError) return error;
  throw error;
}

test('three nodes with 200 requests each serve exactly the ten that the limit pays for', async () => {
  const [first] = await startNodes(3);
  const principal = await first!.principal();
  const stopWatching = watchLimit(() => LIMIT);
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
  await startNodes(3);
  const principal = await bench.nodes[0]!.principal();
  const stopWatching = watchLimit(() => LIMIT);
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
  const [idle, short] = await startNodes(2);
  await bench.changeKey({ limit_nano_usd: 100n * UNIT });
  const principal = await idle!.principal();
  idle!.settle(await idle!.hold(1, principal), principal, 0n);
  const [lease] = await leases();
  expect(lease?.units).toBeGreaterThan(5);
  await holdInTheEnd(short!, 98, principal);
});

test('nodes that are short at once serve from what they have left together', async () => {
  await bench.changeKey({ limit_nano_usd: 2n * UNIT });
  await startNodes(2);
  const principal = await bench.nodes[0]!.principal();
  for (const node of bench.nodes) {
    node.settle(await node.hold(1, principal), principal, UNIT / 2n);
    await node.flush();
  }
  expect((await leases()).map(({ units }) => units)).toEqual([0.5, 0.5]);
  const stopWatching = watchLimit(() => 2n * UNIT);
  const outcomes = await Promise.all(bench.nodes.map((node) => holdMany(node, 1, principal)));
  expect(outcomes.map(({ held }) => held.length).sort()).toEqual([0, 1]);
  await stopWatching();
});

test('a client that named no cap gets what is left, and no other node can hold it too', async () => {
  await bench.changeKey({ limit_nano_usd: 300n * UNIT });
  const [one, other] = await startNodes(2);
  const principal = await one!.principal();
  expect(await one!.hold(null, principal)).toMatchObject({ maxTokens: 300 });
  const error = await refusalOf(other!.hold(null, principal));
  expect(error).toMatchObject({ code: 'in_flight_budget_exhausted', retryAfterSeconds: 2 });
});

test('a key without a limit asks the database for no lease', async () => {
  await bench.changeKey({ limit_nano_usd: null });
  const [node] = await startNodes(1);
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
  const [node] = await startNodes(1);
  const unlimited = await node!.principal();
  node!.settle(await node!.hold(4, unlimited), unlimited);
  const running = await node!.hold(3, unlimited);
  await bench.changeKey({ limit_nano_usd: LIMIT });
  const principal = await node!.principal();
  const stopWatching = watchLimit(() => LIMIT);
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
  const [idle, short] = await startNodes(2);
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
  const [node] = await startNodes(1);
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
  await startNodes(2);
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
  await startNodes(3);
  let highest = 40n * UNIT;
  await bench.changeKey({ limit_nano_usd: highest });
  const stopWatching = watchLimit(() => highest);
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
  await startNodes(2, { clock });
  const principal = await bench.nodes[0]!.principal();
  const stopWatching = watchLimit(() => LIMIT, '2026-11-20');
  const stopWatchingNext = watchLimit(() => LIMIT, '2026-11-21');
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

test('a node cut off past its time admits nothing, its money stays its own, and what it owes lands once', async () => {
  const clock = new ManualClock(Date.parse('2026-11-20T12:00:00Z'));
  const keeper = { ttlMs: 300_000, renewEveryMs: 600_000 };
  const [cut, other] = await startNodes(2, { keeper, clock });
  await bench.changeKey({ limit_nano_usd: 80n * UNIT });
  const principal = await cut!.principal();
  const owed = await cut!.hold(2, principal);
  const leased = (await leases())[0]?.units ?? 0;
  expect(leased).toBe(10);
  cut!.isCut = true;
  // Within its lease, and within its time, it goes on.
  clock.advance(269_000);
  cut!.settle(await cut!.hold(1, principal), principal);
  // A tenth before its end: two clocks need not run at the same speed.
  clock.advance(1000);
  const fenced = await refusalOf(cut!.hold(1, principal));
  expect(fenced).toMatchObject({ code: 'unavailable', status: 503, retryAfterSeconds: 1 });

  const stopWatching = watchLimit(() => 80n * UNIT);
  const [held, refused] = await Promise.allSettled([
    other!.hold(80 - leased, principal),
    other!.hold(1, principal),
  ]);
  expect([held.status, refused.status]).toEqual(['fulfilled', 'rejected']);

  cut!.settle(owed, principal);
  cut!.isCut = false;
  await cut!.keeper.upkeep();
  await cut!.flush();
  await cut!.flush();
  expect(await bench.settledUnits()).toBe(3);
  // It has kept what it owed alone: the rest is anybody's again.
  await holdInTheEnd(other!, leased - 3, principal);
  await stopWatching();
});

test('while the database is gone, a client that named no cap gets what its lease has', async () => {
  await bench.changeKey({ limit_nano_usd: 300n * UNIT });
  const [node] = await startNodes(1);
  const principal = await node!.principal();
  node!.settle(await node!.hold(300, principal), principal, 0n);
  node!.isCut = true;
  expect(await node!.hold(null, principal)).toMatchObject({ maxTokens: 300 });
});

test('a lease counts from when its renewal was sent, however late the answer', async () => {
  const clock = new ManualClock(Date.parse('2026-11-20T12:00:00Z'));
  const keeper = { ttlMs: 300_000, renewEveryMs: 600_000, idleMs: 600_000 };
  const [node] = await startNodes(1, { clock, keeper });
  await bench.changeKey({ limit_nano_usd: 80n * UNIT });
  const principal = await node!.principal();
  await node!.hold(1, principal);
  node!.beforeStatement = () => clock.set(Date.parse('2026-11-20T12:05:00Z'));
  await node!.keeper.upkeep();
  node!.isCut = true;
  expect(await refusalOf(node!.hold(1, principal))).toMatchObject({ code: 'unavailable' });
});

test('while the database is gone, requests do not each ask for it', async () => {
  const clock = new ManualClock(Date.parse('2026-11-20T12:00:00Z'));
  const [node] = await startNodes(1, { clock });
  const principal = await node!.principal();
  await node!.hold(1, principal);
  node!.isCut = true;
  clock.advance(30_000);
  await refusalOf(node!.hold(1, principal));
  const { statements } = node!;
  for (let sent = 0; sent < 50; sent++) await refusalOf(node!.hold(1, principal));
  expect(node!.statements - statements).toBeLessThan(50);
  node!.isCut = false;
  await Bun.sleep(220);
  await node!.hold(1, principal);
});

test('a database that is gone refuses only what the leases do not cover, with 503', async () => {
  const [node] = await startNodes(1);
  await bench.changeKey({ limit_nano_usd: 100n * UNIT });
  const principal = await node!.principal();
  await node!.hold(1, principal);
  node!.isCut = true;
  await node!.hold(1, principal);
  expect(await refusalOf(node!.hold(90, principal))).toMatchObject({ code: 'unavailable', status: 503 });
  const unseen = { ...principal, keyHash: 'never seen' };
  expect(await refusalOf(node!.hold(1, unseen))).toMatchObject({ code: 'unavailable', status: 503 });
  node!.isCut = false;
  await node!.hold(90, principal);
});

test('idle leases are given back, and stopping leaves none', async () => {
  const clock = new ManualClock(Date.parse('2026-11-20T12:00:00Z'));
  const [node] = await startNodes(1, { clock });
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
  const [node] = await startNodes(1, { clock });
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
  const [node] = await startNodes(1, { clock, book: { maxWallets: 1 } });
  const principal = await node!.principal();
  const { scopes } = await node!.book.walletOf(principal);
  node!.settle(await node!.hold(1, principal), principal, 0n);
  clock.advance(60_000);
  await node!.keeper.upkeep();
  await node!.book.walletOf({ ...principal, keyHash: 'of another' });
  expect(node!.book.scope('key', bench.hash)).toBeUndefined();
  await node!.hold(10, principal);
  expect(scopes).not.toContain(node!.book.scope('key', bench.hash));
});

test('a crowd that is refused asks the database once for all, and again only after a while', async () => {
  const [node, other] = await startNodes(2);
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
  const [node] = await startNodes(1);
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
  await startNodes(2, { billing: 'prepaid' });
  await holdAll(7, await bench.nodes[0]!.principal(), 50);
});
