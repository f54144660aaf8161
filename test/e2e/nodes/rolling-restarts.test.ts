/** The short form of `npm run prove:spend -- --only rolling`. */
import { test } from 'bun:test';
import { expectProof, PROOF_TIMEOUT_MS } from '../../proof.ts';

test(
  'nodes restarted one after another fail no request that could not be tried again, and charge all once',
  () => expectProof('--only', 'rolling'),
  PROOF_TIMEOUT_MS,
);
