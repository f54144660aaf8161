/**
 * `npm run prove:soak [-- --requests 5000000] [-- --restarts 10] [-- --seed 7]`: a day's traffic at a real gateway, as fast as
 * it goes. Watches memory, descriptors and files all along, holds every request against provider and ledger at the end, and ends with
 * an error unless everything is as it must be. Needs Linux.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MOST_REQUESTS } from './orders.ts';
import { criteriaOf, renderSoak } from './report.ts';
import { soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '5000000' },
    restarts: { type: 'string', default: '10' },
    clients: { type: 'string', default: '48' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    /** The directory of the data; it takes some 700 bytes a request. */
    in: { type: 'string', default: tmpdir() },
    /** a file for what memory was measured, a line every three seconds: process, requests, bytes. */
    samples: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const requests = Number(values.requests);
if (!(requests >= 1 && requests < MOST_REQUESTS)) throw new Error(`--requests is not below ${MOST_REQUESTS}`);

const directory = mkdtempSync(join(values.in, 'turnpike-soak-'));
process.on('exit', () => {
  if (!values.keep) rmSync(directory, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    console.error(`ended by ${signal}`);
    process.exit(1);
  });
}

console.log(`seed ${values.seed}${values.keep ? `, files in ${directory}` : ''}`);
const result = await soak({
  ...{ directory, requests, seed: Number(values.seed) },
  ...{ clients: Number(values.clients), restarts: Number(values.restarts) },
  say: (line) => console.error(line),
});
console.log(renderSoak(result));
if (values.samples !== undefined) {
  const lines = result.watch.lives.flatMap(({ number, samples }) =>
    samples.map(({ requests: at, residentBytes }) => `${number},${at},${residentBytes}\n`),
  );
  await Bun.write(values.samples, ['process,requests,resident_bytes\n', ...lines].join(''));
}
process.exit(criteriaOf(result).every(({ holds }) => holds) ? 0 : 1);
