/** A fee for what goes through own keys: what is free of it each month, what is held and charged, and where that stands. On both databases. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { appendTransaction } from '../../../src/credits/store.ts';
import { newId } from '../../../src/ids.ts';
import { verifyLedger } from '../../../src/metering/verify.ts';
import { recordChange } from '../../../src/storage/changes.ts';
import { engines } from '../../databases.ts';
import { makeKey } from '../../harness.ts';
import { ByokRig } from './rig.ts';

const OWN = 'sk-own-fee-0123456789abcdef';
const NANO = 1e9;
/** Of the whole, in a month; the price of some ten requests. */
const FREE_USD = 0.001;

/** The gateway knows of it when a key that was made afterwards has been used. */
async function grant(rig: ByokRig, amountNanoUsd: bigint): Promise<void> {
  const { db } = rig.gateway.database;
  const { account_id: accountId } = await db
    .selectFrom('instance')
    .select('account_id')
    .executeTakeFirstOrThrow();
  const nowMs = Date.now();
  await rig.gateway.database.transaction(async (trx) => {
    await appendTransaction(trx, {
      ...{ id: newId(), accountId, against: 'operator_grants', kind: 'adjustment', reason: 'a test' },
      ...{ amountNanoUsd, nowMs },
    });
    await recordChange(trx, 'account', accountId, nowMs);
  });
  await makeKey(rig.gateway);
  await rig.ask({ max_tokens: 3 }, (await makeKey(rig.gateway)).key);
}

/** Every row is in the database. */
async function flushed(rig: ByokRig, count: number): Promise<void> {
  const until = Date.now() + 10_000;
  for (;;) {
    const rows = await rig.gateway.database.db.selectFrom('generations').select('id').execute();
    if (rows.length >= count) return;
    if (Date.now() > until) throw new Error(`${rows.length} of ${count} rows are there`);
    await Bun.sleep(50);
  }
}

async function feesOf(rig: ByokRig): Promise<bigint> {
  const rows = await rig.gateway.database.db
    .selectFrom('ledger_entry')
    .select(['amount_nano_usd', 'reason'])
    .where('book', '=', 'own_key_fees')
    .execute();
  expect(rows.every(({ reason }) => reason === 'fee for own provider keys')).toBe(true);
  return rows.reduce((sum, { amount_nano_usd }) => sum + amount_nano_usd, 0n);
}

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  describe('a fee of 5 percent after an allowance', () => {
    let rig: ByokRig;
    beforeAll(async () => {
      rig = await ByokRig.start({
        engine,
        config: {
          billing: { mode: 'prepaid' },
          byok: { fee_percent: 5, free_usd_per_month: FREE_USD },
        },
      });
      await rig.bring('acme', OWN);
    });
    afterAll(() => rig?.[Symbol.asyncDispose]());

    let served = 0;
    let listed = 0n;
    let charged = 0n;
    const count = ({ json }: Awaited<ReturnType<ByokRig['ask']>>) => {
      served += 1;
      listed += BigInt(Math.round(json.usage.cost_details.upstream_inference_cost * NANO));
      charged += BigInt(Math.round(json.usage.cost * NANO));
    };

    test('an account without credits is served until the allowance is used, and then refused with what it would take', async () => {
      let refused: Awaited<ReturnType<ByokRig['ask']>> | null = null;
      for (let time = 0; time < 200 && refused === null; time += 1) {
        const answer = await rig.ask({ max_tokens: 3 });
        if (answer.status !== 200) refused = answer;
        else {
          count(answer);
          expect([answer.json.usage.is_byok, answer.json.usage.cost]).toEqual([true, 0]);
        }
      }
      expect(served).toBeGreaterThan(2);
      expect(refused?.status).toBe(402);
      expect(refused?.json.error.metadata).toMatchObject({ limit_source: 'openrouter_credits' });
      // Below the allowance by less than one request may cost.
      expect(Number(listed)).toBeLessThanOrEqual(FREE_USD * NANO);
    });

    test('with credits each pays its fee beyond the allowance to the nano-USD, however many run at once', async () => {
      await grant(rig, 1_000_000_000n);
      served += 1;
      const { json } = await rig.call('GET', '/credits');
      const before = BigInt(Math.round(json.data.total_usage * NANO));
      const answers = await Promise.all(Array.from({ length: 12 }, () => rig.ask({ max_tokens: 3 })));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      answers.forEach(count);
      for (const { json: body } of answers.slice(1)) {
        const list = BigInt(Math.round(body.usage.cost_details.upstream_inference_cost * NANO));
        expect(body.usage.is_byok).toBe(true);
        expect(BigInt(Math.round(body.usage.cost * NANO))).toBeLessThanOrEqual((list * 5n + 99n) / 100n);
      }
      const after = await rig.call('GET', '/credits');
      expect(BigInt(Math.round(after.json.data.total_usage * NANO)) - before).toBe(charged);
    });

    test('all answers together are charged the fee on what is beyond the allowance, rounded up once each', async () => {
      await flushed(rig, served);
      const rows = await rig.gateway.database.db
        .selectFrom('generations')
        .select(['is_byok', 'cost_nano_usd', 'byok_fee_nano_usd'])
        .execute();
      const list = rows.reduce((sum, { cost_nano_usd }) => sum + cost_nano_usd, 0n);
      const fees = rows.reduce((sum, { byok_fee_nano_usd }) => sum + byok_fee_nano_usd, 0n);
      expect(rows.every(({ is_byok }) => is_byok === 1)).toBe(true);
      const exact = Number(list - BigInt(FREE_USD * NANO)) * 0.05;
      expect(Number(fees)).toBeGreaterThanOrEqual(exact);
      expect(Number(fees)).toBeLessThan(exact + rows.length);
      expect(await feesOf(rig)).toBe(fees);
      expect((await rig.gateway.database.snapshot(verifyLedger)).fault).toBeNull();
    });

    test('a record, its key and the activity say the fee as usage and the list price beside it', async () => {
      const made = await makeKey(rig.gateway);
      const answer = await rig.ask({ max_tokens: 3 }, made.key);
      served += 1;
      const { cost, cost_details } = answer.json.usage;
      expect(cost).toBeGreaterThan(0);
      const { json: generation } = await rig.call('GET', `/generation?id=${answer.json.id}`);
      expect(generation.data).toMatchObject({
        ...{ is_byok: true, total_cost: cost, usage: cost },
        upstream_inference_cost: cost_details.upstream_inference_cost,
      });
      const { json: key } = await rig.call('GET', '/key', undefined, made.key);
      expect(key.data).toMatchObject({ usage: cost, byok_usage: cost_details.upstream_inference_cost });
      await flushed(rig, served);
      const { json: activity } = await rig.call('GET', `/activity?api_key_hash=${made.hash}`);
      const rows: { usage: number; byok_usage_inference: number }[] = activity.data;
      // Today's rows are not in it before the day is over.
      const today = await rig.gateway.database.db
        .selectFrom('usage_hour')
        .innerJoin('usage_series', 'usage_series.id', 'usage_hour.series_id')
        .select(['cost_nano_usd', 'byok_nano_usd'])
        .where('key_hash', '=', made.hash)
        .execute();
      expect(rows).toEqual([]);
      expect(
        today.map((row) => [Number(row.cost_nano_usd) / NANO, Number(row.byok_nano_usd) / NANO]),
      ).toEqual([[cost, cost_details.upstream_inference_cost]]);
    });

    test('a limit that counts own keys holds fee and list price; one that does not holds the fee alone', async () => {
      const price = (await rig.ask({ max_tokens: 3 })).json.usage;
      const one = price.cost_details.upstream_inference_cost + price.cost;
      const asked = async (body: Record<string, unknown>) => {
        const { key } = await makeKey(rig.gateway, body);
        const statuses: number[] = [];
        for (let time = 0; time < 6; time += 1) statuses.push((await rig.ask({ max_tokens: 3 }, key)).status);
        const { json } = await rig.call('GET', '/key', undefined, key);
        return { ok: statuses.filter((status) => status === 200).length, statuses, data: json.data };
      };
      const counting = await asked({ limit: one * 3.5, include_byok_in_limit: true });
      expect(counting.ok).toBeGreaterThan(0);
      expect(counting.ok).toBeLessThanOrEqual(3);
      expect(counting.data.limit_remaining).toBeGreaterThanOrEqual(0);
      // Enough for the fees of all, and for the list price of none.
      const without = await asked({ limit: price.cost * 40 });
      expect([without.ok, without.data.byok_usage > without.data.limit / 40]).toEqual([6, true]);
      // What a request may cost is held before: a fee that is more than what is left is refused before anybody is asked.
      const short = await asked({ limit: price.cost / 2 });
      expect(short.statuses).toEqual([402, 402, 402, 402, 402, 402]);
    });
  });

  test('an allowance of requests frees so many, all doors and streams alike, and charges the next', async () => {
    await using rig = await ByokRig.start({
      engine,
      config: { byok: { fee_percent: 12.5, free_requests_per_month: 3 } },
    });
    await rig.bring('acme', OWN);
    const bodies = [
      await rig.ask(),
      await rig.call('POST', '/messages', message(), rig.gateway.apiKey),
      await rig.call('POST', '/responses', { model: 'acme/small', input: 'one two' }, rig.gateway.apiKey),
      await rig.ask(),
      await rig.call('POST', '/messages', message(), rig.gateway.apiKey),
      await rig.call('POST', '/responses', { model: 'acme/small', input: 'one two' }, rig.gateway.apiKey),
    ];
    const fees = bodies.map(({ json }) => Math.round(json.usage.cost * NANO));
    const lists = bodies.map(({ json }) =>
      Math.round(json.usage.cost_details.upstream_inference_cost * NANO),
    );
    expect(fees.slice(0, 3)).toEqual([0, 0, 0]);
    expect(fees.slice(3)).toEqual(lists.slice(3).map((list) => Math.ceil(list / 8)));
    const streamed = await fetch(`${rig.gateway.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rig.gateway.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'acme/small', stream: true, messages: message().messages }),
    });
    const last = (await streamed.text()).split('\n').findLast((line) => line.includes('"usage"')) ?? '';
    const { usage } = JSON.parse(last.slice('data: '.length));
    expect([usage.is_byok, Math.round(usage.cost * NANO)]).toEqual([
      true,
      Math.ceil(Math.round(usage.cost_details.upstream_inference_cost * NANO) / 8),
    ]);
    await flushed(rig, 7);
    expect((await rig.gateway.database.snapshot(verifyLedger)).fault).toBeNull();
  });
});

function message() {
  return { model: 'acme/small', max_tokens: 20, messages: [{ role: 'user', content: 'one two three' }] };
}
