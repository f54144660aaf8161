/** What a draft of a guardrail would have done to the last days: the same as it then does, and nothing while it is only a draft. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { engines } from '../../databases.ts';
import { makeKey } from '../../harness.ts';
import { GuardrailRig } from './rig.ts';

describe.each(engines)('on $name', ({ name: engine }) => {
  let rig: GuardrailRig;
  beforeAll(async () => {
    rig = await GuardrailRig.start({ engine });
  });
  afterAll(() => rig?.[Symbol.asyncDispose]());

  const replay = async (body: object) => (await rig.must('POST', '/policy/replay', body)).json.data;
  const spent = async (hash: string) => (await rig.must('GET', `/keys/${hash}`)).json.data.usage as number;

  test('the requests that it says it would refuse are those that are refused once it is real', async () => {
    const { key, hash } = await makeKey(rig.gateway, { name: 'Replayed' });
    const models = ['acme/small', 'acme/twice', 'acme/small', 'acme/twice', 'acme/twice'];
    for (const model of models) expect((await rig.ask(key, { model })).status).toBe(200);
    const rules = { allowed_models: ['acme/small'] };
    const told = await replay({ guardrail: rules, key_hashes: [hash] });
    expect(told).toMatchObject({
      ...{ requests: 5, truncated: false, cost_usd: await spent(hash) },
      ...{
        unchanged: { requests: 2 },
        refused: { requests: 3 },
        rerouted: { requests: 0 },
        not_replayed: [],
      },
      by_rule: [{ rule: 'allowed_models', requests: 3 }],
      by_key: [{ key_hash: hash, key_name: 'Replayed', requests: 5, refused: { requests: 3 } }],
    });
    expect((await rig.ask(key, { model: 'acme/twice' })).status).toBe(200);

    const id = await rig.guardrail(rules);
    await rig.must('POST', `/guardrails/${id}/assignments/keys`, { key_hashes: [hash] });
    const statuses: number[] = [];
    for (const model of models) statuses.push((await rig.ask(key, { model })).status);
    expect(statuses).toEqual([200, 403, 200, 403, 403]);
    expect(await replay({ guardrail_id: id, key_hashes: [hash] })).toMatchObject({
      refused: { requests: 4 },
    });
    // The stored one with a change.
    expect(
      await replay({ guardrail_id: id, guardrail: { allowed_models: null }, key_hashes: [hash] }),
    ).toMatchObject({ refused: { requests: 0 } });
  });

  test('a budget tells who would have reached it, when, and after how much', async () => {
    const { key, hash } = await makeKey(rig.gateway, { name: 'Spender' });
    expect((await rig.ask(key)).status).toBe(200);
    const each = await spent(hash);
    for (let at = 1; at < 6; at++) expect((await rig.ask(key)).status).toBe(200);
    const draft = { limit_usd: each * 2.5, reset_interval: 'daily' };
    const told = await replay({ guardrail: draft, key_hashes: [hash], days: 1 });
    expect(told).toMatchObject({
      requests: 6,
      refused: { requests: 3 },
      by_rule: [{ rule: 'limit_usd', requests: 3 }],
    });
    expect(told.budgets).toMatchObject([
      { holder: 'key', holder_id: hash, holder_name: 'Spender', refused: { requests: 3 } },
    ]);
    expect(told.budgets[0].spent_usd).toBeCloseTo(each * 3, 9);
    const lifetime = await replay({ guardrail: { limit_usd: each }, key_hashes: [hash] });
    expect(lifetime.not_replayed).toMatchObject([{ what: 'limit_usd' }]);
  });

  test('what cannot be replayed is said', async () => {
    const guardrail = {
      content_filter_builtins: [{ slug: 'email', action: 'block' }],
      allowed_data_regions: ['europe'],
    };
    const { not_replayed } = await replay({ guardrail });
    expect(not_replayed.map(({ what }: { what: string }) => what)).toEqual([
      'content_filters',
      'allowed_data_regions',
    ]);
  });

  test('bad bodies are told by their member, and foreign ids look like unknown ones', async () => {
    const unknown = crypto.randomUUID();
    for (const [body, status, message] of [
      [{ days: 31 }, 400, 'days: must be a whole number from 1 to 30'],
      [{ guardrail: { allowed_models: [] } }, 400, 'guardrail.allowed_models: must not be empty'],
      [{ guardrail: { allowed_models: ['no/such'] } }, 400, '"no/such" is not a model'],
      [
        { guardrail: { content_filters: [{ pattern: '(?=a)', action: 'block' }] } },
        400,
        'content_filters.0.pattern',
      ],
      [{ key_hashes: ['x'] }, 400, 'key_hashes'],
      [{ workspace_id: unknown }, 400, 'workspace_id: names no workspace'],
      [{ guardrail_id: unknown }, 404, 'not found'],
      [[], 400, 'must be a JSON object'],
    ] as const) {
      const answer = await rig.call('POST', '/policy/replay', body);
      expect([body, answer.status]).toEqual([body, status]);
      expect(answer.json.error.message).toContain(message);
    }
    const { key } = await makeKey(rig.gateway);
    expect((await rig.call('POST', '/policy/replay', {}, key)).status).toBe(403);
  });
});
