/** What goes through own keys costs no credits, and counts against those limits alone that want it counted. On both databases. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { verifyLedger } from '../../../src/metering/verify.ts';
import { engines } from '../../databases.ts';
import { makeKey } from '../../harness.ts';
import { ByokRig } from './rig.ts';

const OWN = 'sk-own-money-0123456789abcdef';

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let rig: ByokRig;
  beforeAll(async () => {
    rig = await ByokRig.start({ engine, config: { billing: { mode: 'prepaid' } } });
  });
  afterAll(() => rig?.[Symbol.asyncDispose]());

  test('an account without credits is served by its own key, and by nothing else', async () => {
    expect((await rig.ask()).status).toBe(402);
    const id = await rig.bring('acme', OWN);
    for (let time = 0; time < 5; time += 1) {
      const answer = await rig.ask();
      expect([answer.status, answer.json.usage.is_byok, answer.json.usage.cost]).toEqual([200, true, 0]);
    }
    rig.seen();
    // Its own key fails: what would cost credits is not tried.
    rig.gateway.provider.script({ behaviour: { status: 500 } });
    expect((await rig.ask()).status).toBe(502);
    expect(rig.seen()).toEqual([`small-2026 ${OWN}`]);
    await rig.call('DELETE', `/byok/${id}`);
    expect((await rig.ask()).status).toBe(402);
  });

  test('a limit that counts own keys is kept exactly, by many requests at once; one that does not is not touched', async () => {
    const id = await rig.bring('acme', OWN);
    const price = (await rig.ask({ max_tokens: 3 })).json.usage.cost_details.upstream_inference_cost;
    expect(price).toBeGreaterThan(0);
    const limit = price * 4.5;
    const counting = await makeKey(rig.gateway, { limit, include_byok_in_limit: true });
    const answers: Awaited<ReturnType<ByokRig['ask']>>[] = [];
    for (let round = 0; round < 3; round += 1)
      answers.push(
        ...(await Promise.all(Array.from({ length: 6 }, () => rig.ask({ max_tokens: 3 }, counting.key)))),
      );
    const served = answers.filter(({ status }) => status === 200).length;
    expect(served).toBeGreaterThan(0);
    expect(served).toBeLessThanOrEqual(4);
    expect(answers.filter(({ status }) => status !== 200).every(({ status }) => status === 402)).toBe(true);
    const free = await makeKey(rig.gateway, { limit: price / 2 });
    for (let time = 0; time < 3; time += 1)
      expect((await rig.ask({ max_tokens: 3 }, free.key)).status).toBe(200);
    const { json } = await rig.call('GET', '/key', undefined, counting.key);
    expect(json.data.byok_usage).toBeCloseTo(price * served, 9);
    expect(json.data.usage).toBe(0);
    expect(json.data.limit_remaining).toBeCloseTo(limit - price * served, 9);
    await rig.call('DELETE', `/byok/${id}`);
  });

  test('the ledger, the counters and the generations agree with each other afterwards', async () => {
    const { json } = await rig.call('GET', '/credits');
    expect(json.data.total_usage).toBe(0);
    const flushed = Date.now() + 10_000;
    while ((await rig.gateway.database.db.selectFrom('generations').select('id').execute()).length < 10) {
      if (Date.now() > flushed) throw new Error('nothing is flushed');
      await Bun.sleep(50);
    }
    expect((await rig.gateway.database.snapshot(verifyLedger)).fault).toBeNull();
  });
});
