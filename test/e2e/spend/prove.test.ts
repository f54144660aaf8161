/** The short form of `npm run prove:spend`: real processes, killed at every named point, and three records that must agree. */
import { test } from 'bun:test';
import { expectProof, PROOF_TIMEOUT_MS } from '../../proof.ts';

test(
  'no overspend, phantom, lost row or double charge under contention, kills and changing limits',
  () => expectProof(),
  PROOF_TIMEOUT_MS,
);
