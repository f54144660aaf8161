/** Runs a world step by step and holds it to the invariants after each; a failure names its seed and the last steps. */
import { Random } from '../../prove/random.ts';
import { windowId } from '../../src/window.ts';
import { World } from './world.ts';

/** A world lives so long; then another begins, with other nodes and limits. */
const STEPS_A_WORLD = 5000;

export interface Simulated {
  readonly served: number;
  readonly refused: number;
  readonly crashes: number;
}

export async function simulate(seed: number, steps: number): Promise<Simulated> {
  const total = { served: 0, refused: 0, crashes: 0 };
  for (let done = 0; done < steps; done += STEPS_A_WORLD) {
    const worldSeed = seed + done / STEPS_A_WORLD;
    const random = new Random(worldSeed);
    const world = new World({ random, nodes: random.whole(1, 4), keys: random.whole(1, 8) });
    let step = 0;
    try {
      for (; step < Math.min(STEPS_A_WORLD, steps - done); step += 1) {
        await world.step();
        checkRunning(world);
      }
      await world.comeToRest();
      checkRunning(world);
      checkAtRest(world);
    } catch (cause) {
      const last = world.log.slice(-25).join('\n');
      throw new Error(`simulate(${worldSeed}, ${STEPS_A_WORLD}) failed in step ${step}: ${cause}\n${last}`, {
        cause,
      });
    }
    total.served += world.served;
    total.refused += world.refused;
    total.crashes += world.crashes;
  }
  return total;
}

function checkRunning(world: World): void {
  if (world.failure !== undefined) throw world.failure;
  const { database, nodes } = world;
  for (const { kind, id, windowKind } of world.limited) {
    const most = database.mostLimits.get(id);
    if (most === undefined) continue;
    // Nodes whose clocks differ may be in two of them.
    for (const window of new Set(nodes.map((node) => windowId(windowKind, world.nowMs(node))))) {
      const name = `${kind} ${id} ${window}`;
      const spent = world.spent.get(name) ?? 0n;
      const open = world.open.get(name) ?? 0n;
      const settled = database.settledIn(kind, id, window);
      const leased = database.leasedIn(kind, id, window);
      if (spent + open > most) throw new Error(`I1: ${name}: ${spent} spent, ${open} held, limit ${most}`);
      if (settled + leased > most)
        throw new Error(`I1L: ${name}: ${settled} settled, ${leased} leased, limit ${most}`);
      if (settled > spent) throw new Error(`I7, I10: ${name}: ${settled} stored, ${spent} spent`);
    }
    for (const node of nodes) {
      const scope = node.ready?.wallets.scope(kind, id);
      if (scope === undefined || node.ready === null) continue;
      const nowMs = world.nowMs(node);
      const window = windowId(windowKind, nowMs);
      const name = `${kind} ${id} ${window}`;
      const free = scope.freeOfLeaseNanoUsd(window);
      if (free < 0n) throw new Error(`I1L: node ${node.id} owes ${-free} more than it leased of ${name}`);
      const settledNanoUsd = scope.settledNanoUsd(nowMs);
      if (settledNanoUsd > (world.spent.get(name) ?? 0n))
        throw new Error(
          `I10: node ${node.id} counts ${settledNanoUsd} of ${world.spent.get(name)} in ${name}`,
        );
      const last = node.ready.lastSettled.get(name);
      if (last?.scope === scope && settledNanoUsd < last.settledNanoUsd)
        throw new Error(`I7: node ${node.id} forgets ${last.settledNanoUsd - settledNanoUsd} of ${name}`);
      node.ready.lastSettled.set(name, { scope, settledNanoUsd });
    }
  }
}

function checkAtRest({ database, nodes, spent, open, truths, unsent }: World): void {
  for (const [id, { endings, costNanoUsd }] of truths) {
    if (endings !== 1) throw new Error(`I3: request ${id} ended ${endings} times`);
    if (!unsent.has(id) && database.generations.get(id) !== costNanoUsd)
      throw new Error(`I6: request ${id} is not stored at its cost`);
  }
  for (const [name, amount] of spent)
    if ((database.settled.get(name) ?? 0n) !== amount)
      throw new Error(`I6: ${name} differs from its charges`);
  for (const [name, amount] of open) if (amount !== 0n) throw new Error(`I8: ${amount} are held in ${name}`);
  if (database.leases.size > 0) throw new Error(`I8: leases are stranded: ${[...database.leases.keys()]}`);
  for (const { id, life } of nodes)
    for (const scope of life?.wallets.scopes ?? [])
      if (scope.hasHolds() || scope.openHolds !== 0) throw new Error(`I8: node ${id} holds ${scope.id}`);
}
