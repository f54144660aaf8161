/** The database is lost for a while under load, at one node or at all, for longer than a lease lasts; then it comes back. */
import { withFaults } from '../compare.ts';
import { DatabaseProxy } from '../database-proxy.ts';
import { newSecrets } from '../gateway.ts';
import { Postgres } from '../postgres.ts';
import type { Sent } from '../records.ts';
import {
  type Context,
  EQUAL_ORDER,
  equalCostNanoUsd,
  judge,
  keepSending,
  type Outcome,
  type Scenario,
  startedGateway,
} from '../scenario.ts';

export const databaseCut: Scenario = { name: 'database cut, one node of two', run };

async function run(context: Context): Promise<Outcome> {
  await using postgres = await Postgres.start();
  const databaseUrl = await postgres.newDatabase();
  await using proxy = await DatabaseProxy.start(databaseUrl);
  const secrets = newSecrets();
  await using near = await startedGateway(context, 'near', { databaseUrl, secrets });
  await using far = await startedGateway(context, 'far', { databaseUrl: proxy.databaseUrl, secrets });
  const costNanoUsd = equalCostNanoUsd(context.prices);
  const tight = await near.makeKey({ limitNanoUsd: costNanoUsd * 40n, windowKind: 'all' });
  const ample = await near.makeKey({ limitNanoUsd: costNanoUsd * 1_000_000n, windowKind: 'all' });
  const unlimited = await near.makeKey(null);
  const keys = [tight, ample, unlimited];

  let isOver = false;
  const sending = keepSending(context, () => context.random.pick([near, far]).baseUrl, {
    clients: 12,
    keys,
    isOver: () => isOver,
    orders: () => EQUAL_ORDER,
  });
  await Bun.sleep(1500);
  proxy.cut('closed');
  await Bun.sleep(context.isQuick ? 5000 : 60_000);
  proxy.heal();
  await Bun.sleep(4000);
  proxy.cut('silent');
  await Bun.sleep(context.isQuick ? 3000 : 20_000);
  proxy.heal();
  await Bun.sleep(8000);
  isOver = true;
  const sent: Sent[] = await sending;
  const verdict = await judge(context, [near, far], {
    sent,
    keys,
    allowances: [
      { keys: [tight.key], windowKind: 'all', limitNanoUsd: costNanoUsd * 40n },
      { keys: [ample.key], windowKind: 'all', limitNanoUsd: costNanoUsd * 1_000_000n },
    ],
  });
  const wrongly = sent.filter(({ key, ending }) => key !== tight.key && ending === 'refused');
  const served = sent.filter(({ key, ending }) => key === tight.key && ending === 'complete').length;
  const faults = wrongly.slice(0, 3).map(({ message }) => `refused for money that was there: ${message}`);
  if (served !== 40) faults.push(`${served} of 40 paid requests were served in the end`);
  return { verdict: withFaults(verdict, faults), kills: 0 };
}
