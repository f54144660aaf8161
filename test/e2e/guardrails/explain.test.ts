/** `POST /policy/explain`: what guardrails make of a request, told without sending it, and the same as what becomes of it. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { makeKey } from '../../harness.ts';
import { GuardrailRig } from './rig.ts';

let rig: GuardrailRig;
beforeAll(async () => {
  rig = await GuardrailRig.start();
});
afterAll(() => rig?.[Symbol.asyncDispose]());

const messages = [{ role: 'user', content: 'one two three' }];
const explain = async (key: string, body: object) => {
  const answer = await rig.call('POST', '/policy/explain', { messages, ...body }, key);
  expect(answer.status).toBe(200);
  return answer.json.data;
};

test('it tells the layers, and for each endpoint which rules of which guardrail leave it out', async () => {
  const user = await rig.member();
  const { key } = await rig.boundKey(
    { name: 'Of the key', ignored_providers: ['keeper'] },
    { creator_user_id: user },
  );
  const ofMember = await rig.guardrail({ name: 'Of the member', enforce_zdr_anthropic: true });
  await rig.must('POST', `/guardrails/${ofMember}/assignments/members`, { member_user_ids: [user] });
  const told = await explain(key, { model: 'anthropic/kept', models: ['acme/small'] });
  expect(told.policy.layers.map(({ scope, name }: Record<string, string>) => [scope, name])).toEqual([
    ['member', 'Of the member'],
    ['key', 'Of the key'],
  ]);
  expect(told.endpoints).toMatchObject([{ model: 'acme/small', provider: 'acme' }]);
  expect(told.excluded).toMatchObject([
    {
      ...{ model: 'anthropic/kept', provider: 'keeper', reason: 'guardrail:providers' },
      guardrails: [
        { scope: 'member', guardrail_id: ofMember, rule: 'enforce_zdr_anthropic' },
        { scope: 'key', name: 'Of the key', rule: 'ignored_providers' },
      ],
    },
  ]);
  expect(told.error).toBeNull();
});

test('a key that nothing binds has no policy, and nothing is sent, held or recorded for any', async () => {
  const { key } = await makeKey(rig.gateway);
  const before = rig.gateway.provider.requests.length;
  const told = await explain(key, { model: 'acme/small' });
  expect([told.policy, told.error]).toEqual([null, null]);
  expect(rig.gateway.provider.requests).toHaveLength(before);
  const usage = (await rig.call('GET', '/key', undefined, key)).json.data.usage;
  expect(usage).toBe(0);
});

test('of a router it tells which models guardrails leave out', async () => {
  const { key } = await rig.boundKey({ allowed_models: ['acme/reason'] });
  const told = await explain(key, { model: 'openrouter/auto' });
  expect(told.choices[0]).toMatchObject({ models: ['acme/reason'] });
  expect(told.choices[0].left_out_by_guardrails).toContain('acme/small');
});

/** Mulberry32: the same draws for the same seed. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const MODEL_IDS = [
  ...['acme/small', 'acme/reason', 'acme/twice', 'acme/free:free'],
  ...['anthropic/kept', 'openai/kept', 'acme/learnt', 'acme/learnt:free'],
];
const PROVIDERS = ['acme', 'backup', 'keeper', 'learner'];
const ROUTED = ['openrouter/auto', 'openrouter/free'];
const POLICIES = process.env['TURNPIKE_TEST_LONG'] === '1' ? 300 : 40;
const REQUESTS = 6;

test('on random policies and requests, it says what then happens', async () => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
  console.log(`seed ${seed} (TEST_SEED)`);
  const random = draws(seed);
  const chance = (p: number) => random() < p;
  const some = (list: readonly string[]) => {
    const chosen = list.filter(() => chance(0.5));
    return chosen.length === 0 ? null : chosen;
  };
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const flag = () => one([null, true, false]);
  const rules = () => ({
    allowed_models: chance(0.5) ? some(MODEL_IDS) : null,
    ignored_models: chance(0.3) ? some(MODEL_IDS) : null,
    allowed_providers: chance(0.4) ? some(PROVIDERS) : null,
    ignored_providers: chance(0.3) ? some(PROVIDERS) : null,
    ...{ enforce_zdr_anthropic: flag(), enforce_zdr_other: flag(), enable_free_model_training: flag() },
    ...{ enable_paid_model_training: flag() },
    allowed_data_regions: chance(0.1) ? one([['europe'], ['global', 'us']]) : null,
  });
  const written = (id: string) => (chance(0.3) ? `${id.toUpperCase()}${one(['', ':nitro', ':floor'])}` : id);
  const request = () => ({
    model: written(one(chance(0.2) ? ROUTED : MODEL_IDS)),
    ...(chance(0.3) ? { models: [written(one(MODEL_IDS)), written(one(MODEL_IDS))] } : {}),
    ...(chance(0.4)
      ? {
          provider: {
            ...(chance(0.3) ? { only: some(PROVIDERS) ?? [] } : {}),
            ...(chance(0.3) ? { ignore: some(PROVIDERS) ?? [] } : {}),
            ...(chance(0.3) ? { zdr: chance(0.5) } : {}),
            ...(chance(0.2) ? { data_collection: one(['allow', 'deny']) } : {}),
            ...(chance(0.2) ? { allow_fallbacks: false } : {}),
          },
        }
      : {}),
  });
  const verdicts = new Map<number, number>();
  for (let at = 0; at < POLICIES; at += 1) {
    const user = await rig.member();
    const { key } = await rig.boundKey(rules(), { creator_user_id: user });
    if (chance(0.5)) {
      const id = await rig.guardrail(rules());
      await rig.must('POST', `/guardrails/${id}/assignments/members`, { member_user_ids: [user] });
    }
    for (let asked = 0; asked < REQUESTS; asked += 1) {
      const body = request();
      const told = await explain(key, body);
      const answer = await rig.ask(key, body);
      const facts = { seed, body, policy: told.policy, error: told.error, answer: answer.text };
      const status = told.error?.status ?? 200;
      if (answer.status !== status) throw new Error(JSON.stringify(facts, null, 1));
      const served = answer.json.provider?.toLowerCase();
      const expected = told.endpoints.map(({ provider }: { provider: string }) => provider);
      if (status === 200 && !expected.includes(served)) throw new Error(JSON.stringify(facts, null, 1));
      if (status !== 200 && answer.json.error.message !== told.error.error.message)
        throw new Error(JSON.stringify(facts, null, 1));
      verdicts.set(status, (verdicts.get(status) ?? 0) + 1);
    }
  }
  // Each verdict is among what was drawn.
  for (const status of [200, 403, 404]) expect(verdicts.get(status) ?? 0).toBeGreaterThan(0);
}, 120_000);
