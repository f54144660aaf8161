/**
 * `npm run prove:spend [-- --quick] [-- --rounds 1000] [-- --seed 7] [-- --only kill]`: tortures real gateways and compares
 * what clients received, what the provider did and what the ledger says. Ends with an error unless all three agree.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isClean } from './compare.ts';
import { makePrices } from './prices.ts';
import { ProviderProcess } from './provider.ts';
import { Random } from './random.ts';
import type { Context, Scenario } from './scenario.ts';
import { budgets } from './scenarios/budgets.ts';
import { clocks } from './scenarios/clocks.ts';
import { contention } from './scenarios/contention.ts';
import { databaseCut } from './scenarios/database-cut.ts';
import { elsewhere } from './scenarios/elsewhere.ts';
import { kills } from './scenarios/kills.ts';
import { limitChanges } from './scenarios/limit-changes.ts';
import { nodes } from './scenarios/nodes.ts';
import { restarts } from './scenarios/restarts.ts';
import { simulation } from './scenarios/simulation.ts';
import { windows } from './scenarios/windows.ts';
import { type Result, renderResults } from './table.ts';

const FAULTS_SHOWN = 10;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    only: { type: 'string', default: '' },
    url: { type: 'string' },
    'key-command': { type: 'string' },
    'provider-port': { type: 'string', default: '0' },
    keep: { type: 'boolean', default: false },
  },
});

/** On SQLite alone, and in seconds. */
const QUICK: readonly Scenario[] = [contention, windows, limitChanges, kills];
const FULL: readonly Scenario[] = [...QUICK, nodes, budgets, restarts, clocks, databaseCut, simulation];

const directory = mkdtempSync(join(tmpdir(), 'turnpike-prove-'));
process.on('exit', () => {
  if (!values.keep) rmSync(directory, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));

process.exit((await main()) ? 0 : 1);

async function main(): Promise<boolean> {
  const random = new Random(Number(values.seed));
  const prices = makePrices(random);
  await using provider = await ProviderProcess.start({
    directory,
    prices,
    port: Number(values['provider-port']),
  });
  const context: Context = {
    ...{ directory, random, prices, provider },
    isQuick: values.quick,
    rounds: Number(values.rounds),
    isAlone: values.only !== '',
    say: (line) => console.error(line),
  };
  console.log(`seed ${values.seed}${values.keep ? `, files in ${directory}` : ''}`);
  const results: Result[] = [];
  for (const scenario of chosen()) {
    context.say(scenario.name);
    const startedAt = performance.now();
    const { verdict, kills } = await scenario.run(context);
    for (const fault of verdict.faults.slice(0, FAULTS_SHOWN)) context.say(`  ${fault}`);
    results.push({
      scenario: scenario.name,
      kills,
      seconds: (performance.now() - startedAt) / 1000,
      verdict,
    });
  }
  console.log(renderResults(results));
  return results.length > 0 && results.every(({ verdict }) => isClean(verdict));
}

/** `--url` and `--key-command` name another gateway, which sends to our provider at `--provider-port`. */
function chosen(): readonly Scenario[] {
  const { url, only } = values;
  if (url !== undefined) return [elsewhere(url, values['key-command'] ?? '')];
  if (only !== '') return FULL.filter(({ name }) => name.includes(only));
  return values.quick ? QUICK : FULL;
}
