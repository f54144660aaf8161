/** What becomes of an account's keys when its credits change: those in use, and those that nobody has used yet. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { appendTransaction } from '../../../src/credits/store.ts';
import { newId } from '../../../src/ids.ts';
import { recordChange } from '../../../src/storage/changes.ts';
import { type MadeKey, makeKey } from '../../harness.ts';
import { type Bench, chat, startBench } from '../faults/bench.ts';

const USD = 1_000_000_000n;

let bench: Bench;
beforeAll(async () => {
  bench = await startBench({ config: { billing: { mode: 'prepaid' } } });
});
afterAll(() => bench.stop());

/** As `turnpike credits adjust` does, in another process. */
async function adjust(amountNanoUsd: bigint): Promise<void> {
  const { account_id: accountId } = await bench.database.db
    .selectFrom('instance')
    .select('account_id')
    .executeTakeFirstOrThrow();
  const nowMs = Date.now();
  await bench.database.transaction(async (trx) => {
    await appendTransaction(trx, {
      ...{ id: newId(), accountId, against: 'operator_grants', kind: 'adjustment', reason: 'a test' },
      ...{ amountNanoUsd, nowMs },
    });
    await recordChange(trx, 'account', accountId, nowMs);
  });
}

/** The gateway reads the changes before it has made a key, and the credits before it has made another. */
async function keyMadeAfterTheChange(): Promise<MadeKey> {
  await makeKey(bench);
  return await makeKey(bench);
}

async function statusFor({ key }: MadeKey): Promise<number> {
  return (await chat(bench, { key, body: { max_tokens: 1000 } })).status;
}

test('credits that were taken back serve no key that is used for the first time', async () => {
  await adjust(10n * USD);
  const used = await keyMadeAfterTheChange();
  expect(await statusFor(used)).toBe(200);
  await adjust(-10n * USD + 500_000n);
  const unused = await keyMadeAfterTheChange();
  expect([await statusFor(unused), await statusFor(unused), await statusFor(used)]).toEqual([402, 402, 402]);
});

test('credits that were granted serve a key that is used for the first time', async () => {
  const used = await keyMadeAfterTheChange();
  expect(await statusFor(used)).toBe(402);
  await adjust(10n * USD);
  const unused = await keyMadeAfterTheChange();
  expect([await statusFor(unused), await statusFor(unused), await statusFor(used)]).toEqual([200, 200, 200]);
});
