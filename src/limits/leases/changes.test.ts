/** Leases while limits change, answers get lost or come late, and nodes stay away for long. */

import { describe, expect, test } from 'bun:test';
import { sql } from 'kysely';
import { rejectionOf } from '../../../test/databases.ts';
import { LeaseBench, PATIENCE_MS } from '../../../test/lease-bench.ts';
import { type Held, type LeaseNode, UNIT } from '../../../test/lease-node.ts';
import type { Principal } from '../../auth/principal.ts';
import { ManualClock } from '../../clock.ts';
import { takeOverJournal } from '../../storage/journal-position.ts';
import {
  acquireLease,
  deleteGrants,
  dropLease,
  forgetLeases,
  type Room,
  readGrants,
  shrinkLease,
} from './store.ts';

/** The key may spend this many units. */
const LIMIT_UNITS = 10;
const LIMIT = BigInt(LIMIT_UNITS) * UNIT;

const DAY = '2026-11-20';
const SHORT_LIVED = { ttlMs: 200, renewEveryMs: 60_000 };

const bench = LeaseBench.forEachTest({ limit_nano_usd: LIMIT });

async function leasesOf(node: LeaseNode) {
  return (await bench.leases()).filter((row) => row.node_id === node.id);
}

async function leasedUnits(node: LeaseNode): Promise<number> {
  const rows = await leasesOf(node);
  return Number(rows.reduce((sum, row) => sum + row.amount_nano_usd, 0n)) / Number(UNIT);
}

/** With what the nodes have still to flush. */
async function settledUnits(windowId: string): Promise<number> {
  for (const node of bench.nodes) await node.flush();
  return await bench.settledUnits(windowId);
}

/** As the change feed tells every node. */
function tellOfChange(): void {
  for (const node of bench.nodes) node.keeper.changed('key', bench.hash);
}

function tellOfAnyChange(): void {
  for (const node of bench.nodes) node.keeper.allChanged();
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const endsAtMs = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > endsAtMs) throw new Error('it did not come to that');
    await Bun.sleep(20);
  }
}

async function expire(node: LeaseNode): Promise<void> {
  await until(async () => {
    const { rows } = await sql<{ expired: boolean }>`
      SELECT expires_at_ms < EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS expired
      FROM scope_lease WHERE node_id = ${node.id}`.execute(bench.opened.database.db);
    return rows[0]?.expired === true;
  });
}

/** Null: refused. */
async function holdOrNull(node: LeaseNode, units: number, principal: Principal): Promise<Held | null> {
  return await node.hold(units, principal).catch(() => null);
}

describe('a limit that counts in other windows from now on', () => {
  test.each([
    ['days to all time', 'daily', null, 'all'],
    ['weeks to days', 'weekly', 'daily', DAY],
    ['all time to months', null, 'monthly', '2026-11'],
  ] as const)('%s: what another node holds in the old one counts', async (_, before, after, windowId) => {
    const clock = new ManualClock(Date.parse(`${DAY}T12:00:00Z`));
    await bench.changeKey({ limit_reset: before });
    const [one, other] = [await bench.startNode({ clock }), await bench.startNode({ clock })];
    const earlier = await one.principal();
    const running = await one.hold(6, earlier);
    await bench.changeKey({ limit_reset: after });
    const later = await one.principal();
    tellOfChange();
    await until(async () => (await leasedUnits(one)) === 6);
    expect(await holdOrNull(other, LIMIT_UNITS, later)).toBeNull();
    const rest = await other.hold(4, later);
    one.settle(running, earlier);
    other.settle(rest, later);
    expect(await settledUnits(windowId)).toBe(LIMIT_UNITS);
  });

  test('a grant in the old one that has not committed yet is waited for', async () => {
    const grant = async (
      nodeId: string,
      windowId: string,
      readLimit: () => Promise<null>,
      sizeOf: (room: Room) => bigint,
    ) =>
      acquireLease(bench.opened.database, await takeOverJournal(bench.opened.database.db, nodeId), {
        key: { scopeKind: 'key', scopeId: bench.hash, windowId, nodeId },
        ...{ grantId: nodeId, ttlMs: 60_000, commonWindowId: 'all', readLimit, sizeOf },
        countsLeasesOf: () => true,
      });
    const [locked, committing] = [Promise.withResolvers<void>(), Promise.withResolvers<null>()];
    const readSlowly = () => {
      locked.resolve();
      return committing.promise;
    };
    const earlier = grant('one', DAY, readSlowly, () => LIMIT);
    await locked.promise;
    const later = grant(
      'other',
      'all',
      async () => null,
      () => 0n,
    );
    // Long enough to have come through, were there nothing to wait for.
    await Bun.sleep(300);
    committing.resolve(null);
    await earlier;
    expect((await later).othersNanoUsd).toBe(LIMIT);
  });
});

test('whichever window a limit counts in, its leases are granted one after the other', async () => {
  await bench.changeKey({ limit_reset: 'daily' });
  const node = await bench.startNode();
  const principal = await node.principal();
  node.settle(await node.hold(1, principal), principal);
  await settledUnits('all');
  const [locked, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const locking = bench.opened.database.transaction(async (trx) => {
    await trx
      .selectFrom('usage_window')
      .select('window_id')
      .where('window_id', '=', 'all')
      .forUpdate()
      .execute();
    locked.resolve();
    await over.promise;
  });
  await locked.promise;
  let isHeld = false;
  const holding = node.hold(LIMIT_UNITS - 1, principal).then(() => {
    isHeld = true;
  });
  // Long enough to have come through, were there nothing to wait for.
  await Bun.sleep(300);
  const wasHeld = isHeld;
  over.resolve();
  await Promise.all([locking, holding]);
  expect(wasHeld).toBe(false);
});

test.each([
  ['and they are told so', () => tellOfChange()],
  ['and something they were not told of has changed', () => tellOfAnyChange()],
])('a limit that is set while another node runs requests without one counts them, %s', async (_, tell) => {
  await bench.changeKey({ limit_nano_usd: null });
  const [one, other] = [await bench.startNode(), await bench.startNode()];
  const unlimited = await one.principal();
  const running = await one.hold(6, unlimited);
  await bench.changeKey({ limit_nano_usd: LIMIT });
  const limited = await one.principal();
  tell();
  await until(async () => (await leasedUnits(one)) === 6);
  expect(await holdOrNull(other, LIMIT_UNITS, limited)).toBeNull();
  const rest = await other.hold(4, limited);
  one.settle(running, unlimited);
  other.settle(rest, limited);
  expect(await settledUnits('all')).toBe(LIMIT_UNITS);
  // Nothing is left of the lease but its row.
  expect(await leasedUnits(one)).toBe(0);
});

test('an answer that comes late brings back no limit that has changed since', async () => {
  const node = await bench.startNode();
  const principal = await node.principal();
  await node.wallets.walletOf(principal);
  await bench.changeKey({ limit_nano_usd: null });
  const answering = Promise.withResolvers<void>();
  node.answering = answering.promise;
  const before = node.statements;
  const asking = node.hold(1, principal);
  await until(async () => node.statements > before);
  // The grant has read the limit that is no more by the time its transaction has committed.
  await until(
    async () =>
      (await bench.opened.database.db.selectFrom('usage_window').select('window_id').execute()).length > 0,
  );
  await bench.changeKey({ limit_nano_usd: 5n * UNIT });
  const now = await node.principal();
  await node.wallets.walletOf(now);
  answering.resolve();
  node.settle(await asking, principal);
  await node.flush();
  expect(await holdOrNull(node, 1000, now)).toBeNull();
});

test('a grant whose answer was lost is found again by the next request', async () => {
  const node = await bench.startNode();
  const principal = await node.principal();
  await node.wallets.walletOf(principal);
  node.losesAnswer = true;
  await rejectionOf(node.hold(LIMIT_UNITS, principal));
  expect(await leasedUnits(node)).toBe(LIMIT_UNITS);
  node.settle(await node.hold(LIMIT_UNITS, principal), principal);
  expect(await settledUnits('all')).toBe(LIMIT_UNITS);
});

test('what was flushed counts once, however late the node hears that it was', async () => {
  const node = await bench.startNode();
  const principal = await node.principal();
  node.settle(await node.hold(4, principal), principal);
  const hearing = Promise.withResolvers<void>();
  node.answering = hearing.promise;
  const flushing = node.flush();
  await until(async () => (await bench.settledUnits()) === 4);
  node.answering = Promise.resolve();
  const rest = await holdOrNull(node, LIMIT_UNITS - 4, principal);
  hearing.resolve();
  await flushing;
  expect(rest).not.toBeNull();
});

describe('a node that stays away', () => {
  test('keeps what it has leased, however long, and settles it when it is back', async () => {
    const away = await bench.startNode({ keeper: SHORT_LIVED });
    const other = await bench.startNode();
    const principal = await away.principal();
    away.settle(await away.hold(LIMIT_UNITS, principal), principal);
    away.isCut = true;
    await expire(away);
    expect(await holdOrNull(other, 1, principal)).toBeNull();
    away.isCut = false;
    expect(await settledUnits('all')).toBe(LIMIT_UNITS);
  });

  test('loses it when the operator says that it never comes back, and one that does come back states what it owes', async () => {
    const away = await bench.startNode({ keeper: SHORT_LIVED });
    const other = await bench.startNode();
    const principal = await away.principal();
    const running = await away.hold(LIMIT_UNITS, principal);
    away.isCut = true;
    await expire(away);
    expect(await forgetLeases(bench.opened.database.db, away.id)).toBe(LIMIT);
    other.settle(await other.hold(1, principal), principal, 0n);
    tellOfChange();
    await until(async () => (await leasedUnits(other)) === 0);

    away.isCut = false;
    const writing = Promise.withResolvers<void>();
    away.recorded = writing.promise;
    const renewing = away.keeper.upkeep();
    // Long enough for the renewal to have found nothing.
    await Bun.sleep(500);
    // Ends while the statement of what is owed waits for the journal.
    away.settle(running, principal, 0n);
    writing.resolve();
    await renewing;
    const [row] = await leasesOf(away);
    expect(row?.amount_nano_usd ?? 0n).toBeGreaterThanOrEqual(away.keeper.grantedNanoUsd);
  });

  test('is not taken for one that never comes back while its leases are good', async () => {
    const node = await bench.startNode();
    const principal = await node.principal();
    const running = await node.hold(LIMIT_UNITS, principal);
    expect(await forgetLeases(bench.opened.database.db, node.id)).toBe(0n);
    expect(await leasedUnits(node)).toBe(LIMIT_UNITS);
    node.settle(running, principal);
  });

  test('has, when it is back, exactly what it owes, for another while; the rest is everybody’s', async () => {
    await bench.changeKey({ limit_nano_usd: 100n * UNIT });
    const away = await bench.startNode({ keeper: SHORT_LIVED });
    const principal = await away.principal();
    const running = await away.hold(3, principal);
    expect(await leasedUnits(away)).toBeGreaterThan(3);
    away.isCut = true;
    await expire(away);
    away.isCut = false;
    // Nothing is given back before the end of what freed it is written.
    const writing = Promise.withResolvers<void>();
    away.recorded = writing.promise;
    const renewing = away.keeper.upkeep();
    await Bun.sleep(300);
    expect(await leasedUnits(away)).toBeGreaterThan(3);
    writing.resolve();
    await renewing;
    const [row] = await leasesOf(away);
    expect([row?.amount_nano_usd, away.keeper.grantedNanoUsd]).toEqual([3n * UNIT, 3n * UNIT]);
    expect(Number(row?.expires_at_ms)).toBeGreaterThan(Date.now() - SHORT_LIVED.ttlMs);
    away.settle(running, principal);
  });
});

test('the last statement of an earlier process, arriving late, takes nothing from the one that came after', async () => {
  const [one, other] = [await bench.startNode(), await bench.startNode()];
  const principal = await one.principal();
  one.settle(await one.hold(5, principal), principal);
  const grants = await readGrants(bench.opened.database.db, one.id);
  const running = await one.hold(5, principal);
  await deleteGrants(bench.opened.database.db, one.id, grants);
  expect(await holdOrNull(other, 5, principal)).toBeNull();
  one.settle(running, principal);
  expect(await settledUnits('all')).toBe(LIMIT_UNITS);
});

test('a statement that shrinks or drops a grant, arriving after the next grant, changes nothing', async () => {
  const node = await bench.startNode();
  const principal = await node.principal();
  node.settle(await node.hold(5, principal), principal);
  const key = { scopeKind: 'key', scopeId: bench.hash, windowId: 'all', nodeId: node.id };
  const [before] = await leasesOf(node);
  const running = await node.hold(5, principal);
  const [after] = await leasesOf(node);
  await shrinkLease(bench.opened.database.db, key, before?.grant_id ?? '', 5n * UNIT);
  await dropLease(bench.opened.database.db, key, before?.grant_id ?? '');
  expect(after?.grant_id).not.toBe(before?.grant_id);
  expect(await leasesOf(node)).toEqual(after === undefined ? [] : [after]);
  node.settle(running, principal);
});

test('a grant that nobody ever heard of is given back', async () => {
  const node = await bench.startNode({ keeper: { idleMs: 0, renewEveryMs: 60_000 } });
  const principal = await node.principal();
  await node.wallets.walletOf(principal);
  node.losesAnswer = true;
  await rejectionOf(node.hold(LIMIT_UNITS, principal));
  expect(await leasedUnits(node)).toBe(LIMIT_UNITS);
  await until(async () => {
    await node.keeper.upkeep();
    return (await leasesOf(node)).length === 0;
  });
});

test('a grant that nobody ever heard of is given back also when it expired before its node could say so', async () => {
  const node = await bench.startNode({ keeper: { ...SHORT_LIVED, idleMs: 0 } });
  const principal = await node.principal();
  await node.wallets.walletOf(principal);
  node.losesAnswer = true;
  await rejectionOf(node.hold(LIMIT_UNITS, principal));
  await expire(node);
  await until(async () => {
    await node.keeper.upkeep();
    return (await leasesOf(node)).length === 0;
  });
});

test('whoever stops leaves what is still owed leased, and the next process of the node begins with nothing', async () => {
  const node = await bench.startNode({ keeper: SHORT_LIVED });
  const principal = await node.principal();
  await node.hold(6, principal);
  await node.keeper.stop();
  expect(await leasedUnits(node)).toBe(6);
  await expire(node);
  // As when its journal is replayed: what was open there is charged or over.
  const next = await bench.startNode({ id: node.id });
  expect(await leasesOf(next)).toEqual([]);
  bench.nodes.splice(bench.nodes.indexOf(node), 1);
});

test('a database whose transactions are stricter by default lets no two nodes have the same money', async () => {
  const { rows } = await sql<{ name: string }>`SELECT current_database() AS name`.execute(
    bench.opened.database.db,
  );
  await sql
    .raw(`ALTER DATABASE ${rows[0]?.name} SET default_transaction_isolation = 'repeatable read'`)
    .execute(bench.opened.database.db);
  const [one, other] = [await bench.startNode(), await bench.startNode()];
  const principal = await one.principal();
  for (const node of bench.nodes) await node.wallets.walletOf(principal);
  for (let round = 0; round < 10; round++) {
    const asked = await Promise.all(
      [one, other].map(async (node) => [node, await holdOrNull(node, LIMIT_UNITS, principal)] as const),
    );
    const held = asked.filter(([, hold]) => hold !== null);
    expect(held.length).toBeLessThanOrEqual(1);
    for (const [node, hold] of held) if (hold !== null) node.settle(hold, principal, 0n);
    tellOfChange();
    await until(async () => (await leasedUnits(one)) + (await leasedUnits(other)) === 0);
  }
});
