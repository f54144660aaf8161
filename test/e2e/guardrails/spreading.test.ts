/** How a change of a guardrail comes to keys that other processes hold in memory: by the log of changes, within two seconds. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { KeyCache } from '../../../src/auth/key-cache.ts';
import { hashOf } from '../../../src/auth/key-secret.ts';
import { becomesTrueWithin, systemClock } from '../../../src/clock.ts';
import { principalReader } from '../../../src/keys/principal-reader.ts';
import { touchedBy } from '../../../src/policy/guardrail-change.ts';
import { ChangeFeed } from '../../../src/storage/changes.ts';
import { engines } from '../../databases.ts';
import { makeKey } from '../../harness.ts';
import { GuardrailRig } from './rig.ts';

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let rig: GuardrailRig;
  let feed: ChangeFeed;
  let reads = 0;
  let elsewhere: KeyCache;
  beforeAll(async () => {
    rig = await GuardrailRig.start({ engine });
    const { database } = rig.gateway;
    feed = new ChangeFeed({ database });
    const read = principalReader(database.db);
    elsewhere = new KeyCache({
      read: (hash) => {
        reads += 1;
        return read(hash);
      },
      ...{ clock: systemClock, feedReadAtMs: () => feed.lastReadAtMs },
    });
    feed.subscribe('guardrail', (subjectId) => elsewhere.invalidateWhere(touchedBy(subjectId)));
    await feed.start();
  });
  afterAll(async () => {
    await feed?.stop();
    await rig?.[Symbol.asyncDispose]();
  });

  const held = async (hash: string) => elsewhere.get(hash) ?? (await elsewhere.load(hash));
  const forgets = (hash: string) => becomesTrueWithin(() => elsewhere.get(hash) === undefined, 2000);

  test('each kind of change is heard of within two seconds, and by the keys that it touches alone', async () => {
    const user = await rig.member();
    const theirs = await makeKey(rig.gateway, { creator_user_id: user });
    const other = await makeKey(rig.gateway);
    const id = await rig.guardrail({ allowed_models: ['acme/small'] });
    const everybody = (await rig.call('GET', '/guardrails')).json.data[0].id;
    const members = { member_user_ids: [user] };
    for (const [change, isOther] of [
      [() => rig.must('POST', `/guardrails/${id}/assignments/members`, members), false],
      [() => rig.must('PATCH', `/guardrails/${id}`, { allowed_models: ['acme/twice'] }), false],
      [() => rig.must('POST', `/guardrails/${id}/assignments/members/remove`, members), false],
      [() => rig.must('POST', `/guardrails/${id}/assignments/keys`, { key_hashes: [theirs.hash] }), false],
      [() => rig.must('DELETE', `/guardrails/${id}`), false],
      [() => rig.must('PATCH', `/guardrails/${everybody}`, { ignored_models: ['acme/small'] }), true],
      [() => rig.must('DELETE', `/guardrails/${everybody}`), true],
    ] as const) {
      await Promise.all([held(theirs.hash), held(other.hash)]);
      await change();
      expect(await forgets(theirs.hash)).toBe(true);
      expect(elsewhere.get(other.hash) === undefined).toBe(isOther);
    }
    expect((await held(theirs.hash))?.policy).toBeNull();
  });

  test('a key that is being read while a guardrail changes is read again', async () => {
    const { key } = await makeKey(rig.gateway);
    const hash = hashOf(key);
    const before = reads;
    const coming = elsewhere.load(hash);
    elsewhere.invalidateWhere(() => false);
    expect((await coming)?.keyHash).toBe(hash);
    expect(reads - before).toBe(2);
  });

  test('whatever a hundred changes in turn come to, what is served in the end is what stands in the database', async () => {
    const { key, hash } = await rig.boundKey({ allowed_models: ['acme/small'] });
    const id = (await rig.call('GET', '/guardrails/assignments/keys')).json.data.find(
      ({ key_hash }: { key_hash: string }) => key_hash === hash,
    ).guardrail_id;
    for (let at = 0; at < 50; at += 1) {
      const slug = at % 2 === 0 ? 'acme/twice' : 'acme/small';
      const [, policy] = await Promise.all([
        rig.must('PATCH', `/guardrails/${id}`, { allowed_models: [slug] }),
        held(hash),
      ]);
      expect(policy).not.toBeNull();
    }
    expect(await becomesTrueWithin(() => elsewhere.get(hash) === undefined, 2000)).toBe(true);
    expect((await held(hash))?.policy?.models.allowed).toEqual(new Set(['acme/small']));
    expect((await rig.ask(key)).status).toBe(200);
    expect((await rig.ask(key, { model: 'acme/twice' })).status).toBe(403);
  });
});
