/** What guardrails leave of models and providers: one verdict at every door, however a request is written. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { makeKey } from '../../harness.ts';
import { CHAT_DOORS, VECTOR_DOORS } from './doors.ts';
import { GuardrailRig } from './rig.ts';

let rig: GuardrailRig;
beforeAll(async () => {
  rig = await GuardrailRig.start();
});
afterAll(() => rig?.[Symbol.asyncDispose]());
afterEach(() => {
  rig.gateway.provider.clearScripts();
  rig.gateway.provider.clearRequests();
});

const asked = () => rig.gateway.provider.requests.map(({ model }) => model);
const defaultId = async () => (await rig.call('GET', '/guardrails')).json.data[0].id as string;

describe('models', () => {
  test('a guardrail that is assigned to nobody stops nothing', async () => {
    const { key } = await makeKey(rig.gateway);
    await rig.guardrail({ allowed_models: ['acme/twice'] });
    expect((await rig.ask(key)).status).toBe(200);
  });

  test('every door refuses with 403 what is not allowed and asks no provider, and serves what is', async () => {
    const { key } = await rig.boundKey({ allowed_models: ['acme/twice', 'acme/vector'] });
    for (const [door, ask] of Object.entries(CHAT_DOORS)) {
      const { status } = await ask(rig, key, 'acme/small');
      expect([door, status]).toEqual([door, 403]);
    }
    expect(asked()).toEqual([]);
    for (const [door, ask] of Object.entries(CHAT_DOORS)) {
      const { status } = await ask(rig, key, 'acme/twice');
      expect([door, status]).toEqual([door, 200]);
    }
    for (const [door, ask] of Object.entries(VECTOR_DOORS))
      expect([door, (await ask(rig, key, 'acme/vector')).status]).toEqual([door, 200]);
    const other = await rig.boundKey({ allowed_models: ['acme/twice'] });
    for (const [door, ask] of Object.entries(VECTOR_DOORS))
      expect([door, (await ask(rig, other.key, 'acme/vector')).status]).toEqual([door, 403]);
  });

  test('the refusal names the guardrail and its rule, in the words of its door', async () => {
    const { key } = await rig.boundKey({ name: 'For interns', allowed_models: ['acme/twice'] });
    const chat = await rig.ask(key, { stream: true });
    expect(chat.headers).toContainEqual(['content-type', 'application/json']);
    expect(chat.json.error).toMatchObject({
      code: 403,
      message: 'acme/small may not be used here: allowed_models of the guardrail "For interns"',
      metadata: {
        error_type: 'permission_denied',
        error_code: 'model_not_allowed',
        excluded_by: ['allowed_models'],
        guardrail_ids: [expect.any(String)],
      },
    });
    const messages = await CHAT_DOORS['messages']?.(rig, key, 'acme/small');
    expect(messages?.body).toMatchObject({ type: 'error', error: { type: 'permission_error' } });
  });

  const SPELLINGS = ['', ':nitro', ':floor', ':exacto', ':nitro:floor'];

  test('however a model is written, the verdict is that on the model', async () => {
    const forbidden = await rig.boundKey({ allowed_models: ['acme/twice'] });
    const ignoring = await rig.boundKey({ ignored_models: ['acme/small'] });
    const allowed = await rig.boundKey({ allowed_models: ['acme/small'] });
    for (const suffix of SPELLINGS)
      for (const written of ['acme/small', 'ACME/Small', 'aCmE/sMaLl']) {
        const model = `${written}${suffix}`;
        expect([model, (await rig.ask(forbidden.key, { model })).status]).toEqual([model, 403]);
        expect([model, (await rig.ask(ignoring.key, { model })).status]).toEqual([model, 403]);
        expect([model, (await rig.ask(allowed.key, { model })).status]).toEqual([model, 200]);
      }
    for (const model of [
      'acme/small ',
      'acme/small\u200b',
      'acmе/small',
      'acme%2Fsmall',
      'acme/small:extended',
    ])
      for (const { key } of [forbidden, ignoring, allowed])
        expect([400, 404]).toContain((await rig.ask(key, { model })).status);
  });

  test('a variant that is an entry of its own is not allowed by its model’s name, and ignored by it', async () => {
    const allowed = await rig.boundKey({ allowed_models: ['acme/learnt'] });
    expect((await rig.ask(allowed.key, { model: 'acme/learnt:free' })).status).toBe(403);
    const ignored = await rig.boundKey({ ignored_models: ['acme/learnt'] });
    expect((await rig.ask(ignored.key, { model: 'acme/learnt:free' })).status).toBe(403);
  });

  test('of a list of fallbacks, those that are not allowed are never asked', async () => {
    const { key } = await rig.boundKey({ allowed_models: ['acme/small'] });
    rig.gateway.provider.script({ behaviour: { status: 500, body: { error: { message: 'down' } } } });
    const answer = await rig.ask(key, { models: ['acme/reason', 'acme/twice'] });
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(new Set(asked())).toEqual(new Set(['small-2026']));
    rig.gateway.anHourLater();
    const other = await rig.ask(key, { model: 'acme/reason', models: ['acme/small'] });
    expect([other.status, other.json.model]).toEqual([200, 'acme/small']);
  });

  test('routers choose among what is allowed, and are refused with 403 where that is nothing', async () => {
    const { key } = await rig.boundKey({ allowed_models: ['acme/reason'] });
    const chosen = await rig.ask(key, { model: 'openrouter/auto' });
    expect([chosen.status, chosen.json.model]).toEqual([200, 'acme/reason']);
    expect((await rig.ask(key, { model: 'openrouter/free' })).status).toBe(403);
    const free = await rig.boundKey({ allowed_models: ['acme/free:free'] });
    expect((await rig.ask(free.key, { model: 'openrouter/free' })).status).toBe(200);
    const nothing = await rig.boundKey({ allowed_models: ['acme/vector'] });
    expect((await rig.ask(nothing.key, { model: 'openrouter/auto' })).status).toBe(403);
  });
});

describe('layers', () => {
  test('allowlists intersect: two that have one model in common leave that one, and two that have none leave nothing', async () => {
    const user = await rig.member();
    const { key } = await rig.boundKey(
      { allowed_models: ['acme/small', 'acme/twice'] },
      { creator_user_id: user },
    );
    const ofMember = await rig.guardrail({ allowed_models: ['acme/twice', 'acme/reason'] });
    await rig.must('POST', `/guardrails/${ofMember}/assignments/members`, { member_user_ids: [user] });
    const statuses = async () => [
      (await rig.ask(key, { model: 'acme/small' })).status,
      (await rig.ask(key, { model: 'acme/twice' })).status,
      (await rig.ask(key, { model: 'acme/reason' })).status,
    ];
    expect(await statuses()).toEqual([403, 200, 403]);
    await rig.must('PATCH', `/guardrails/${ofMember}`, { allowed_models: ['acme/reason'] });
    expect(await statuses()).toEqual([403, 403, 403]);
    await rig.must('PATCH', `/guardrails/${ofMember}`, { allowed_models: null });
    expect(await statuses()).toEqual([200, 200, 403]);
  });

  test('a member’s guardrail binds the keys that the member made, and no other', async () => {
    const user = await rig.member();
    const [theirs, ours] = [
      await makeKey(rig.gateway, { creator_user_id: user }),
      await makeKey(rig.gateway),
    ];
    const id = await rig.guardrail({ allowed_models: ['acme/twice'] });
    expect((await rig.ask(theirs.key)).status).toBe(200);
    await rig.must('POST', `/guardrails/${id}/assignments/members`, { member_user_ids: [user] });
    expect((await rig.ask(theirs.key)).status).toBe(403);
    expect((await rig.ask(ours.key)).status).toBe(200);
    await rig.must('POST', `/guardrails/${id}/assignments/members/remove`, { member_user_ids: [user] });
    expect((await rig.ask(theirs.key)).status).toBe(200);
  });

  test('the default guardrail binds every key of its workspace from the first change until it is reset', async () => {
    const { key } = await makeKey(rig.gateway);
    expect((await rig.ask(key)).status).toBe(200);
    const id = await defaultId();
    await rig.must('PATCH', `/guardrails/${id}`, { ignored_models: ['acme/small'] });
    expect((await rig.ask(key)).status).toBe(403);
    expect((await rig.ask(rig.gateway.apiKey)).status).toBe(403);
    await rig.must('DELETE', `/guardrails/${id}`);
    expect((await rig.ask(key)).status).toBe(200);
  });

  test('a key holds one guardrail: the next takes its place, and a deleted one lets go', async () => {
    const { key, hash } = await rig.boundKey({ allowed_models: ['acme/twice'] });
    const second = await rig.guardrail({ allowed_models: ['acme/small'] });
    await rig.must('POST', `/guardrails/${second}/assignments/keys`, { key_hashes: [hash] });
    expect((await rig.ask(key)).status).toBe(200);
    expect((await rig.ask(key, { model: 'acme/twice' })).status).toBe(403);
    await rig.must('DELETE', `/guardrails/${second}`);
    expect((await rig.ask(key, { model: 'acme/twice' })).status).toBe(200);
  });
});

describe('providers and data policies', () => {
  test('a provider that is not allowed, or ignored, is never asked, and its model is refused where nobody else serves it', async () => {
    const allowed = await rig.boundKey({ allowed_providers: ['backup'] });
    expect((await rig.ask(allowed.key, { model: 'acme/twice' })).status).toBe(200);
    expect(asked()).toEqual(['twice-backup']);
    expect((await rig.ask(allowed.key)).status).toBe(403);
    const both = await rig.boundKey({ allowed_providers: ['acme'], ignored_providers: ['acme'] });
    expect((await rig.ask(both.key)).status).toBe(403);
  });

  test('what the request itself prefers cannot widen it', async () => {
    const { key } = await rig.boundKey({ allowed_providers: ['backup'], enforce_zdr: true });
    for (const provider of [
      { only: ['acme'] },
      { order: ['acme'], allow_fallbacks: false },
      { only: ['acme'], zdr: false, data_collection: 'allow' },
    ])
      expect((await rig.ask(key, { model: 'acme/twice', provider })).status).not.toBe(200);
    expect(asked()).toEqual([]);
    const own = { only: ['keeper'], zdr: false, data_collection: 'allow' };
    const zdr = await rig.boundKey({ enforce_zdr: true });
    expect((await rig.ask(zdr.key, { model: 'anthropic/kept', provider: own })).status).toBe(404);
  });

  test('zero retention is asked of a group of models by itself, and what is left out by it alone is a 404', async () => {
    const { key } = await rig.boundKey({ enforce_zdr_anthropic: true });
    const refused = await rig.ask(key, { model: 'anthropic/kept' });
    expect(refused.status).toBe(404);
    expect(refused.json.error.availability).toMatchObject({
      code: 'privacy_restricted',
      excluded_by: ['data_policy:zdr'],
    });
    expect(await explained(key, 'openai/kept')).toEqual(['keeper']);
    expect(await explained(key, 'anthropic/kept')).toEqual([]);
  });

  test('providers that learn from prompts are left out for what costs something, or for what does not', async () => {
    const paid = await rig.boundKey({ enable_paid_model_training: false });
    expect(await explained(paid.key, 'acme/learnt')).toEqual([]);
    expect(await explained(paid.key, 'acme/learnt:free')).toEqual(['learner']);
    for (const field of ['enable_free_model_training', 'enable_free_model_publication']) {
      const free = await rig.boundKey({ [field]: false });
      expect(await explained(free.key, 'acme/learnt')).toEqual(['learner']);
      expect(await explained(free.key, 'acme/learnt:free')).toEqual([]);
    }
    expect((await rig.ask(paid.key, { model: 'acme/learnt' })).json.error.availability).toMatchObject({
      code: 'privacy_restricted',
      excluded_by: ['data_policy:training'],
    });
  });

  test('a key that somebody brought serves where its owner says that nothing is kept, and nowhere that a list forbids', async () => {
    const brought = await rig.must('POST', '/byok', {
      ...{ provider: 'keeper', key: 'sk-own-keeper-0123456789abcdef', declared_zdr: true },
    });
    const zdr = await rig.boundKey({ enforce_zdr: true });
    expect(await explained(zdr.key, 'anthropic/kept')).toEqual(['keeper']);
    const listed = await rig.boundKey({ enforce_zdr: true, ignored_providers: ['keeper'] });
    expect(await explained(listed.key, 'anthropic/kept')).toEqual([]);
    expect((await rig.ask(listed.key, { model: 'anthropic/kept' })).status).toBe(403);
    const byModel = await rig.boundKey({ allowed_models: ['acme/small'] });
    expect((await rig.ask(byModel.key, { model: 'anthropic/kept' })).status).toBe(403);
    await rig.must('DELETE', `/byok/${brought.json.data.id}`);
    expect(await explained(zdr.key, 'anthropic/kept')).toEqual([]);
  });

  const explained = async (key: string, model: string): Promise<string[]> => {
    const body = { model, messages: [{ role: 'user', content: 'Hi' }] };
    const { json } = await rig.call('POST', '/routing/explain', body, key);
    return json.data.endpoints.map(({ provider }: { provider: string }) => provider);
  };
});

describe('regions', () => {
  test('a key whose guardrails leave out the region of this gateway is refused at every door, and told so', async () => {
    const { key } = await rig.boundKey({ allowed_data_regions: ['europe'] });
    for (const [door, ask] of Object.entries(CHAT_DOORS)) {
      const { status } = await ask(rig, key, 'acme/small');
      expect([door, status]).toEqual([door, 403]);
    }
    expect((await rig.ask(key)).json.error.metadata).toMatchObject({ error_code: 'region_not_allowed' });
    expect((await rig.call('GET', '/key', undefined, key)).json.data.allowed_data_regions).toEqual([]);
    const global = await rig.boundKey({ allowed_data_regions: ['global', 'us'] });
    expect((await rig.ask(global.key)).status).toBe(200);
    const regions = (await rig.call('GET', '/key', undefined, global.key)).json.data.allowed_data_regions;
    expect(regions).toEqual(['global']);
  });
});

describe('listings', () => {
  test('the models of a key are those that it may use, routers included', async () => {
    const idsOf = async (path: string, key: string) =>
      (await rig.call('GET', path, undefined, key)).json.data.map(({ id }: { id: string }) => id) as string[];
    const { key } = await rig.boundKey({ allowed_models: ['acme/small', 'acme/vector'] });
    const all = await idsOf('/models/user', (await makeKey(rig.gateway)).key);
    expect(all).toContain('acme/twice');
    expect(await idsOf('/models/user', key)).toEqual([
      ...['acme/small', 'openrouter/auto', 'openrouter/auto-beta'],
    ]);
    expect(await idsOf('/embeddings/models', key)).toEqual(['acme/vector']);
    const other = await rig.boundKey({ ignored_models: ['acme/vector'] });
    expect(await idsOf('/embeddings/models', other.key)).toEqual([]);
    const zdr = await rig.boundKey({ enforce_zdr: true });
    expect(await idsOf('/models/user', zdr.key)).not.toContain('anthropic/kept');
    expect(await idsOf('/models/user', zdr.key)).toContain('acme/small');
  });
});
