/** Scopes that begin while several nodes serve, on PostgreSQL. */
import { afterEach, expect, test } from 'bun:test';
import { sql } from 'kysely';
import { type Budgets, budgetOf, guardrails, workspaceBudgets } from '../../../test/budgets.ts';
import { LeaseBench, refusalOf } from '../../../test/lease-bench.ts';
import { type LeaseNode, UNIT } from '../../../test/lease-node.ts';
import type { Principal } from '../../auth/principal.ts';

const bench = LeaseBench.forEachTest({ limit_nano_usd: null });
const budgets: Budgets = new Map();
const kinds = [workspaceBudgets(budgets), guardrails(budgets)];
afterEach(() => budgets.clear());

/** Keys of one workspace, of two members. */
async function principals(node: LeaseNode, version: number): Promise<Principal[]> {
  const principal = await node.principal();
  return ['a', 'b', 'c'].map((keyHash, at) => ({
    ...principal,
    ...{ keyHash, version, workspaceId: 'w', creatorUserId: at < 2 ? 'ann' : 'bob' },
  }));
}

async function spokenUnits(id: string): Promise<number> {
  const { rows } = await sql<{ spoken: bigint }>`
    SELECT (SELECT COALESCE(SUM(cost_nano_usd), 0) FROM usage_window
            WHERE scope_kind = 'budget' AND scope_id = ${id} AND window_id = 'all')
         + (SELECT COALESCE(SUM(amount_nano_usd), 0) FROM scope_lease
            WHERE scope_kind = 'budget' AND scope_id = ${id} AND window_id = 'all') AS spoken
  `.execute(bench.opened.database.db);
  return Number(rows[0]?.spoken ?? 0n) / Number(UNIT);
}

test('a workspace’s budget and a member’s that begin while nodes serve bind all keys on all nodes, to the unit', async () => {
  const nodes = await bench.startNodes(2, { kinds });
  const before = await principals(nodes[0]!, 1);
  const early = await Promise.all(before.map((principal, at) => nodes[at % 2]!.hold(5, principal)));
  budgets.set('w all', budgetOf(20n * UNIT));
  budgets.set('w member ann', budgetOf(8n * UNIT));
  const after = await principals(nodes[0]!, 2);
  const served = { ann: 0, bob: 0 };
  const serve = async (node: LeaseNode, at: number) => {
    for (let n = 0; n < 30; n++) {
      const principal = after[(n + at) % 3]!;
      const held = await node.hold(1, principal).catch(() => null);
      expect(await spokenUnits('w all')).toBeLessThanOrEqual(20);
      expect(await spokenUnits('w member ann')).toBeLessThanOrEqual(8);
      if (held === null) continue;
      served[principal.creatorUserId === 'ann' ? 'ann' : 'bob'] += 1;
      node.settle(held, principal);
      if (n % 3 === 0) await node.flush();
    }
  };
  await Promise.all(nodes.map(serve));
  // Those that were held before end outside of the budgets, as they began.
  for (const [at, held] of early.entries()) nodes[at % 2]!.settle(held, before[at]!);
  for (const node of nodes) await node.flush();
  expect(served).toEqual({ ann: 8, bob: 12 });
  const { rows } = await sql<{ id: string; units: number }>`
    SELECT scope_id AS id, (cost_nano_usd / ${UNIT})::int AS units FROM usage_window
    WHERE scope_kind = 'budget' AND window_id = 'all' ORDER BY scope_id
  `.execute(bench.opened.database.db);
  expect(rows.map(({ id, units }) => [id, units])).toEqual([
    ['w all', 20],
    ['w member ann', 8],
  ]);
});

test('a budget that one node has spent is known to a node where it begins later, and its refusal names it', async () => {
  const [one, other] = await bench.startNodes(2, { kinds });
  const [first] = await principals(one!, 1);
  await other!.hold(1, first!);
  budgets.set('guard a', budgetOf(10n * UNIT));
  const [limited] = await principals(one!, 2);
  one!.settle(await one!.hold(10, limited!), limited!);
  await one!.flush();
  const refusal = await refusalOf(other!.hold(1, limited!));
  expect(refusal.metadata).toMatchObject({ limit_source: 'test_guardrail', remaining: 0 });
});

test('a node that dies with holds under a budget leaves what it leased in it frozen, until it has replayed', async () => {
  const [dead, other] = await bench.startNodes(2, { kinds, keeper: { renewEveryMs: 60_000 } });
  budgets.set('w all', budgetOf(10n * UNIT));
  const [principal] = await principals(dead!, 1);
  await dead!.hold(6, principal!);
  dead!.isCut = true;
  await refusalOf(other!.hold(10, principal!));
  dead!.isCut = false;
  await dead!.stop();
  const again = await bench.startNode({ kinds, id: dead!.id });
  await again.hold(10, principal!);
});
