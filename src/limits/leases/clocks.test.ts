import { expect, test } from 'bun:test';
import { sql } from 'kysely';
import { rejectionOf } from '../../../test/databases.ts';
import { LeaseBench } from '../../../test/lease-bench.ts';
import { type Held, type LeaseNode, type NodeOptions, UNIT } from '../../../test/lease-node.ts';
import type { Principal } from '../../auth/principal.ts';
import { ManualClock } from '../../clock.ts';
import type { TurnpikeError } from '../../errors.ts';
import { forgetLeases } from './store.ts';

/** The key may spend this many requests of one unit a day. */
const PAID_REQUESTS = 10;
const PATIENCE_MS = 60_000;
/** What the database refused a moment ago is not asked for again so soon. */
const DENIED_MS = 120;
const SUNDAY = '2026-05-31';
const MONDAY = '2026-06-01';

const bench = LeaseBench.forEachTest({ limit_nano_usd: BigInt(PAID_REQUESTS) * UNIT, limit_reset: 'daily' });

const startNode = (clock: ManualClock, keeper: NonNullable<NodeOptions['keeper']> = {}): Promise<LeaseNode> =>
  bench.startNode({ clock, keeper });

/** As many as it is given, which is asked for until the limit must be spent, and once more. */
async function holdAll(node: LeaseNode, principal: Principal): Promise<Held[]> {
  const held: Held[] = [];
  const endsAtMs = performance.now() + PATIENCE_MS;
  let isFull = false;
  for (;;) {
    const asking = Array.from({ length: 2 * PAID_REQUESTS }, () => node.hold(1, principal));
    for (const asked of await Promise.allSettled(asking))
      if (asked.status === 'fulfilled') held.push(asked.value);
    if (isFull || performance.now() > endsAtMs) return held;
    isFull = held.length >= PAID_REQUESTS;
    await Bun.sleep(DENIED_MS);
  }
}

async function refusalOf(node: LeaseNode, principal: Principal): Promise<TurnpikeError> {
  await Bun.sleep(DENIED_MS);
  return (await rejectionOf(node.hold(1, principal))) as TurnpikeError;
}

async function hasExpired(nodeId: string): Promise<boolean> {
  const { rows } = await sql<{ expired: boolean }>`
    SELECT expires_at_ms + 10 < EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS expired FROM scope_lease
    WHERE scope_kind = 'key' AND node_id = ${nodeId}
  `.execute(bench.opened.database.db);
  return rows.every(({ expired }) => expired);
}

/** A busy machine may answer late, and what was refused late is asked for again. */
async function holdInTheEnd(node: LeaseNode, tokens: number, principal: Principal): Promise<Held> {
  const endsAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const held = await node.hold(tokens, principal).catch((error: TurnpikeError) => error);
    if ('hold' in held) return held;
    if (performance.now() > endsAtMs) throw held;
    await Bun.sleep(DENIED_MS);
  }
}

test('nodes whose clocks are three seconds apart, and set back by five, pay each day once, charged where it was admitted', async () => {
  const [slow, fast] = [
    new ManualClock(Date.parse(`${SUNDAY}T23:59:58Z`)),
    new ManualClock(Date.parse(`${MONDAY}T00:00:01Z`)),
  ];
  const [behind, ahead] = [await startNode(slow), await startNode(fast)];
  const principal = await behind.principal();
  const ofSunday = await holdAll(behind, principal);
  const ofMonday = await holdAll(ahead, principal);
  expect([ofSunday.length, ofMonday.length]).toEqual([PAID_REQUESTS, PAID_REQUESTS]);

  // Each comes to the day that the other has spent, while all of it is held.
  slow.advance(3000);
  fast.advance(-5000);
  for (const node of bench.nodes) expect((await refusalOf(node, principal)).status).toBe(402);
  for (const held of ofSunday) behind.settle(held, principal);
  for (const held of ofMonday) ahead.settle(held, principal);
  for (const node of bench.nodes) await node.flush();
  expect([await bench.settledUnits(SUNDAY), await bench.settledUnits(MONDAY)]).toEqual([
    PAID_REQUESTS,
    PAID_REQUESTS,
  ]);

  // And when all of it is settled, by either clock in either day.
  for (const stepMs of [0, -5000, 10_000]) {
    slow.advance(stepMs);
    fast.advance(stepMs);
    for (const node of bench.nodes)
      expect(await refusalOf(node, principal)).toMatchObject({ code: 'key_limit_exceeded', status: 402 });
  }
  expect([await bench.settledUnits(SUNDAY), await bench.settledUnits(MONDAY)]).toEqual([
    PAID_REQUESTS,
    PAID_REQUESTS,
  ]);
});

test('a node whose clock goes back while it is cut off admits nothing by the time its lease may be another’s', async () => {
  await bench.changeKey({ limit_nano_usd: 100n * UNIT });
  const back = new ManualClock(Date.parse(`${SUNDAY}T12:00:00Z`));
  const cut = await startNode(back, { ttlMs: 2000, renewEveryMs: 600_000 });
  const principal = await cut.principal();
  await cut.hold(1, principal);
  cut.isCut = true;
  back.advance(-5000);
  // It could go on for some time.
  const [lease] = await bench.leases();
  expect(lease?.amount_nano_usd).toBeGreaterThanOrEqual(5n * UNIT);
  const other = await startNode(new ManualClock(Date.parse(`${SUNDAY}T12:00:03Z`)));
  const endsAtMs = performance.now() + PATIENCE_MS;
  // By the database's clock; asked for sooner, the node would be called to give it back.
  while (!(await hasExpired(cut.id)) && performance.now() < endsAtMs) await Bun.sleep(20);
  await forgetLeases(bench.opened.database.db, cut.id);
  await holdInTheEnd(other, 98, principal);
  expect(await refusalOf(cut, principal)).toMatchObject({ code: 'unavailable', status: 503 });
});

test('clocks ahead of and behind the database’s neither shorten nor stretch a lease', async () => {
  const hourMs = 60 * 60_000;
  await bench.changeKey({ limit_nano_usd: 1000n * UNIT, limit_reset: null });
  for (const skewMs of [-hourMs, 0, hourMs]) {
    const node = await startNode(new ManualClock(Date.now() + skewMs), { ttlMs: 30_000 });
    await node.hold(1, await node.principal());
  }
  const rows = await bench.leases();
  expect(rows).toHaveLength(3);
  for (const row of rows) expect(Math.abs(Number(row.expires_at_ms) - Date.now())).toBeLessThan(hourMs / 2);
});
