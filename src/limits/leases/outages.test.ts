/** Leases while the database is away from one node: what it may still do, and until when. */
import { expect, test } from 'bun:test';
import { rejectionOf } from '../../../test/databases.ts';
import { holdInTheEnd, LeaseBench, refusalOf } from '../../../test/lease-bench.ts';
import { UNIT } from '../../../test/lease-node.ts';
import { ManualClock } from '../../clock.ts';
import { newId } from '../../ids.ts';
import { JournalTakenOver } from '../../storage/journal-position.ts';

const bench = LeaseBench.forEachTest({ limit_nano_usd: 10n * UNIT });

test('a node cut off past its time admits nothing, its money stays its own, and what it owes lands once', async () => {
  const clock = new ManualClock(Date.parse('2026-11-20T12:00:00Z'));
  const keeper = { ttlMs: 300_000, renewEveryMs: 600_000 };
  const [cut, other] = await bench.startNodes(2, { keeper, clock });
  await bench.changeKey({ limit_nano_usd: 80n * UNIT });
  const principal = await cut!.principal();
  const owed = await cut!.hold(2, principal);
  const leased = Number((await bench.leases())[0]?.amount_nano_usd ?? 0n) / Number(UNIT);
  expect(leased).toBe(10);
  cut!.isCut = true;
  // Within its lease, and within its time, it goes on.
  clock.advance(269_000);
  cut!.settle(await cut!.hold(1, principal), principal);
  // A tenth before its end: two clocks need not run at the same speed.
  clock.advance(1000);
  const fenced = await refusalOf(cut!.hold(1, principal));
  expect(fenced).toMatchObject({ code: 'unavailable', status: 503, retryAfterSeconds: 1 });

  const stopWatching = bench.watchLimit(() => 80n * UNIT);
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
  const [node] = await bench.startNodes(1);
  const principal = await node!.principal();
  node!.settle(await node!.hold(300, principal), principal, 0n);
  node!.isCut = true;
  expect(await node!.hold(null, principal)).toMatchObject({ maxTokens: 300 });
});

test('a lease counts from when its renewal was sent, however late the answer', async () => {
  const clock = new ManualClock(Date.parse('2026-11-20T12:00:00Z'));
  const keeper = { ttlMs: 300_000, renewEveryMs: 600_000, idleMs: 600_000 };
  const [node] = await bench.startNodes(1, { clock, keeper });
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
  const [node] = await bench.startNodes(1, { clock });
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
  const [node] = await bench.startNodes(1);
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

test('a process whose node has been started again leases nothing more, neither anew nor of what it owed', async () => {
  const clock = new ManualClock(Date.parse('2026-11-20T12:00:00Z'));
  const keeper = { ttlMs: 300_000, renewEveryMs: 600_000 };
  const id = newId();
  await bench.changeKey({ limit_nano_usd: 80n * UNIT });
  const asleep = await bench.startNode({ id, clock, keeper });
  const principal = await asleep.principal();
  await asleep.hold(8, principal);
  const next = await bench.startNode({ id, clock, keeper });
  expect(await bench.leases()).toEqual([]);
  expect(await rejectionOf(asleep.keeper.upkeep())).toBeInstanceOf(JournalTakenOver);
  expect(await refusalOf(asleep.hold(60, principal))).toMatchObject({ status: 503 });
  expect(await bench.leases()).toEqual([]);
  await next.hold(80, principal);
});
