/**
 * `npm run prove:explain [-- --pairs 100000] [-- --seed 7]`: random policies and requests, of which `policy/explain` says what then
 * happens. In this process alone, without a door or a network. Ends with an error at the first pair on which they disagree.
 */
import { parseArgs } from 'node:util';
import { compared } from './pairs.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
  },
});
const pairs = Number(values.pairs);
if (!Number.isInteger(pairs) || pairs < 1) throw new Error('--pairs is not a number of pairs');

console.log(`seed ${values.seed}`);
const startedAt = performance.now();
const { pairs: agreed, outcomes, disagreement } = await compared(pairs, Number(values.seed));
const seconds = (performance.now() - startedAt) / 1000;
console.log(`${agreed.toLocaleString('en')} pairs agree, in ${seconds.toFixed(0)} s`);
for (const [code, count] of [...outcomes].sort((one, other) => other[1] - one[1]))
  console.log(`  ${count.toLocaleString('en').padStart(9)}  ${code}`);
if (disagreement !== null) console.error(JSON.stringify(disagreement, null, 1));
process.exit(disagreement === null ? 0 : 1);
