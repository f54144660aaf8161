/** A journal that cannot be written any more: nobody is told a cost that is not on record, and the process ends to recover. */
import { expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { closeSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeProvider } from '../../fake-provider/server.ts';
import { spawnGateway } from '../../harness.ts';
import { benchConfig, chat, eventsOf, getJson, type Json, startBench, until } from '../faults/bench.ts';

/** Takes the journal's descriptor away behind its back, as a vanished disk would. */
function breakJournal(dataDir: string): void {
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      const target = readlinkSync(`/proc/self/fd/${name}`);
      if (target.startsWith(join(dataDir, 'journal'))) closeSync(Number(name));
    } catch {
      // It was the descriptor of this very listing.
    }
  }
}

test('no answer is completed without its record, and what comes after is refused with 503', async () => {
  await using bench = await startBench();
  const { promise: isBroken, resolve } = Promise.withResolvers<void>();
  const hold = (behaviour: Json, contains: string) =>
    bench.one.script({ match: { contains }, behaviour: { ...behaviour, holdUntil: isBroken } });
  hold({ chunks: 6, holdAfterChunks: 2 }, 'as a stream');
  hold({}, 'as a whole');
  const whole = chat(bench, { text: 'as a whole' });
  // It has begun: its headers are out.
  const begun = await chat(bench, { stream: true, text: 'as a stream' });
  expect(await until(() => bench.one.requests.length === 2)).toBe(true);
  breakJournal(bench.dataDir);
  resolve();
  const streamed = eventsOf(await begun.text());
  expect(streamed.at(-1).error.code).toBe(503);
  expect(streamed.some((event) => event.usage !== undefined)).toBe(false);
  expect((await whole).status).toBe(503);
  expect(bench.journalFailures.length).toBe(1);
  const refused = await chat(bench, {});
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await fetch(`${bench.url}/health/ready`)).status).toBe(503);
  expect((await fetch(`${bench.url}/health/live`)).status).toBe(200);
});

test('the process ends with 1, or dies, and the next one has every answer that was completed', async () => {
  const one = startFakeProvider();
  const two = startFakeProvider();
  await using gateway = await spawnGateway({ config: benchConfig(one, two, { drain_timeout_ms: 500 }) });
  const told: { id: string; cost: number }[] = [];
  const ask = async () => {
    const response = await chat(gateway, {}).catch(() => null);
    if (response?.status !== 200) return false;
    const body: Json = await response.json();
    told.push({ id: body.id, cost: body.usage.cost });
    return true;
  };
  for (let n = 0; n < 5; n += 1) expect(await ask()).toBe(true);
  // The kernel now refuses to let any file of the process grow: a full disk, as far as a write can tell.
  const limited = spawnSync('prlimit', ['--pid', String(gateway.pid), '--fsize=1000']);
  expect(limited.status).toBe(0);
  const first = await chat(gateway, {});
  expect([first.status, first.headers.get('retry-after')]).toEqual([503, '1']);
  let refused = 0;
  for (let n = 0; n < 20 && refused < 3; n += 1) if (!(await ask())) refused += 1;
  expect(refused).toBe(3);
  const code = await gateway.kill('SIGTERM');
  expect(code).not.toBe(0);
  await gateway.restart();
  for (const { id, cost } of told) {
    expect((await getJson(gateway, `/generation?id=${id}`)).data?.total_cost).toBe(cost);
  }
  one.stop();
  two.stop();
});
