/**
 * Wherever a key is named: one that was rotated is found by the hash that is shown of it and by the one that it was made with, and is shown
 * by the hash of its present secret.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ManualClock } from '../../../src/clock.ts';
import { newId } from '../../../src/ids.ts';
import { keyNumber } from '../../../src/workspaces/workspace-json.ts';
import { signUpOwner, type Visitor } from '../../accounts.ts';
import { callerOf } from '../../call.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { createIssuer, type Issuer } from '../workload-identity/issuer.ts';
import { AUDIENCE, accessTokenFor } from '../workload-identity/trust.ts';

const DAY_MS = 86_400_000;
const TRUST = '/api/dashboard/workload-identity';

interface Rotated {
  readonly key: string;
  /** The hash that it was made with. */
  readonly inner: string;
  readonly shown: string;
}

/** What a key can be bound to by a name of it, and what comes of that. */
interface Binding {
  /** By this name, in the way in which the API names keys there; rejects where it is refused. */
  bind(name: string): Promise<void>;
  /** Whether what this key asks now is bound. */
  binds(key: string): Promise<boolean>;
  /** Every name that the API shows of what is bound. */
  shown(): Promise<readonly string[]>;
  /** Takes it away again, by this name where a name is asked for. */
  free(name: string): Promise<void>;
}

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let gateway: TestGateway;
  let owner: Visitor;
  let issuer: Issuer;
  let workspaceId: string;
  const clock = new ManualClock(Date.now());
  beforeAll(async () => {
    gateway = await startGateway({ engine, clock });
    owner = await signUpOwner(gateway);
    issuer = await createIssuer('RS256');
    workspaceId = (await must('GET', '/workspaces')).data[0].id;
  });
  afterAll(() => gateway?.stop());

  const call = callerOf(() => gateway);
  const must = async (method: string, path: string, body?: object) => {
    const answer = await call(method, path, body);
    if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
    return answer.json;
  };
  const page = async (method: string, path: string, body?: object) => {
    const answer = await owner.send(method, path, body);
    if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
    return JSON.parse(answer.text);
  };
  const chat = (key: string, model = 'acme/small') =>
    call('POST', '/chat/completions', { model, messages: [{ role: 'user', content: 'Hi' }] }, key);
  const rotate = async (hash: string): Promise<{ key: string; shown: string }> => {
    const { key, data } = await must('POST', `/keys/${hash}/rotate`, {});
    return { key, shown: data.hash };
  };
  const makeRotated = async (): Promise<Rotated> => {
    const { hash } = await makeKey(gateway);
    return { inner: hash, ...(await rotate((await rotate(hash)).shown)) };
  };

  const isKept = async (key: string) => {
    const { json } = await chat(key);
    return (await call('GET', `/generation/content?id=${json.id}`)).status === 200;
  };
  const stopKeeping = () => must('DELETE', '/content-logging').then(() => undefined);

  const bindings: Readonly<Record<string, () => Binding>> = {
    'a guardrail': () => {
      let id = '';
      return {
        bind: async (name) => {
          id = (await must('POST', '/guardrails', { name: 'Small', allowed_models: ['acme/small'] })).data.id;
          const bound = await must('POST', `/guardrails/${id}/assignments/keys`, { key_hashes: [name] });
          expect(bound).toEqual({ assigned_count: 1 });
        },
        binds: async (key) => {
          expect((await chat(key)).status).toBe(200);
          return (await chat(key, 'acme/twice')).status !== 200;
        },
        shown: async () => {
          const lists = [`/guardrails/${id}/assignments/keys`, '/guardrails/assignments/keys'];
          const rows = (await Promise.all(lists.map((path) => must('GET', path)))).flatMap(
            ({ data }) => data,
          );
          expect(rows).toHaveLength(2);
          return rows.map(({ key_hash }) => key_hash);
        },
        free: async (name) => {
          const path = `/guardrails/${id}/assignments/keys/remove`;
          expect(await must('POST', path, { key_hashes: [name] })).toEqual({ unassigned_count: 1 });
        },
      };
    },
    'an own key, when it is brought': () => {
      let made: { id: string; allowed_api_key_hashes: string[] };
      return {
        bind: async (name) => {
          const body = { provider: 'acme', key: 'sk-own-0123456789abcdef', allowed_api_key_hashes: [name] };
          made = (await must('POST', '/byok', body)).data;
        },
        binds: async (key) => (await chat(key)).json.usage.is_byok,
        shown: async () => {
          const { data } = await must('GET', `/byok/${made.id}`);
          const listed = (await must('GET', '/byok')).data.find(({ id }: { id: string }) => id === made.id);
          return [data, listed].flatMap((row) => row.allowed_api_key_hashes);
        },
        free: () => must('DELETE', `/byok/${made.id}`).then(() => undefined),
      };
    },
    'an own key, when it is changed': () => {
      let id = '';
      let answered: string[] = [];
      return {
        bind: async (name) => {
          id = (await must('POST', '/byok', { provider: 'acme', key: 'sk-own-0123456789abcdef' })).data.id;
          const { data } = await must('PATCH', `/byok/${id}`, { allowed_api_key_hashes: [name] });
          answered = data.allowed_api_key_hashes;
          expect(answered).toHaveLength(1);
        },
        binds: async (key) => (await chat(key)).json.usage.is_byok,
        shown: async () => (await must('GET', `/byok/${id}`)).data.allowed_api_key_hashes,
        free: () => must('DELETE', `/byok/${id}`).then(() => undefined),
      };
    },
    'what is kept of requests': () => ({
      bind: async (name) => {
        await must('PATCH', '/content-logging', { enabled: true, api_key_hashes: [name] });
      },
      binds: isKept,
      shown: async () => [
        ...(await must('GET', '/content-logging')).data.api_key_hashes,
        ...(await must('PATCH', '/content-logging', { sampling_rate: 1 })).data.api_key_hashes,
      ],
      free: stopKeeping,
    }),
    'what a workspace keeps, by the number of the key': () => ({
      bind: async (name) => {
        await must('PATCH', `/workspaces/${workspaceId}`, {
          ...{ is_observability_io_logging_enabled: true, io_logging_api_key_ids: [keyNumber(name)] },
        });
      },
      binds: isKept,
      shown: async () => {
        const { data } = await must('GET', `/workspaces/${workspaceId}`);
        const [listed] = (await must('GET', '/workspaces')).data;
        const changed = await must('PATCH', `/workspaces/${workspaceId}`, { description: 'kept' });
        const numbers = [data, listed, changed.data].flatMap((row) => row.io_logging_api_key_ids);
        const { data: keys } = await must('GET', '/keys');
        return numbers.map(
          (number) =>
            keys.find(({ hash }: { hash: string }) => keyNumber(hash) === number)?.hash ?? `no key ${number}`,
        );
      },
      free: stopKeeping,
    }),
    'the target of a workload’s policy': () => {
      let policy: { id: string };
      return {
        bind: async (name) => {
          const jwks = JSON.parse(issuer.jwks);
          const trusted = await page('POST', `${TRUST}/issuers`, {
            name: 'CI',
            issuer_url: issuer.url,
            jwks,
          });
          policy = (
            await page('POST', `${TRUST}/policies`, {
              ...{ name: 'Deployments', subject: 'ci', audience: AUDIENCE, target_key_hash: name },
              issuer_id: trusted.data.id,
            })
          ).data;
          await page('PATCH', `${TRUST}/policies/${policy.id}`, { target_key_hash: name });
        },
        // The workload acts as that key, whose usage it is.
        binds: async (key) => {
          const usage = async () => (await call('GET', '/key', undefined, key)).json.data.usage;
          const before = await usage();
          const token = await issuer.token({ sub: 'ci', aud: AUDIENCE, jti: crypto.randomUUID() });
          expect((await chat(await accessTokenFor(gateway, policy.id, token))).status).toBe(200);
          return (await usage()) > before;
        },
        shown: async () => {
          const { data } = await page('GET', `${TRUST}/policies`);
          const [{ target_key_hash: shown }] = data.filter(({ id }: { id: string }) => id === policy.id);
          const targets = (await page('GET', `${TRUST}/target-keys`)).data;
          return targets.some(({ hash }: { hash: string }) => hash === shown) ? [shown] : ['no target'];
        },
        free: () => page('DELETE', `${TRUST}/policies/${policy.id}`).then(() => undefined),
      };
    },
    'a rate': () => {
      let id = '';
      const path = () => `/workspaces/${workspaceId}/rate-limits`;
      return {
        bind: async (name) => {
          const rate = { subject: 'api_key', target: name, requests_per_minute: 1 };
          id = (await must('POST', path(), rate)).data.id;
        },
        binds: async (key) => {
          const statuses = [(await chat(key)).status, (await chat(key)).status];
          clock.advance(60_000);
          return statuses[1] === 429;
        },
        shown: async () => (await must('GET', path())).data.map(({ target }: { target: string }) => target),
        free: () => must('DELETE', `${path()}/${id}`).then(() => undefined),
      };
    },
  };

  test.each(
    Object.keys(bindings).flatMap((place) => (['shown', 'inner'] as const).map((by) => [place, by] as const)),
  )(
    '%s binds a rotated key that is named by its %s hash, and shows the hash of its present secret',
    async (place, by) => {
      const binding = bindings[place]?.() as Binding;
      const rotated = await makeRotated();
      const other = await makeKey(gateway);
      await binding.bind(rotated[by]);
      expect(await binding.binds(rotated.key)).toBe(true);
      expect(await binding.binds(other.key)).toBe(false);
      expect(new Set(await binding.shown())).toEqual(new Set([rotated.shown]));
      const next = await rotate(rotated.shown);
      expect(await binding.binds(next.key)).toBe(true);
      expect(new Set(await binding.shown())).toEqual(new Set([next.shown]));
      await binding.free(by === 'shown' ? next.shown : rotated.inner);
      if (place.includes('policy')) return;
      expect(await binding.binds(next.key)).toBe(false);
    },
    60_000,
  );

  /** A rotated key that is none of the account's any more. */
  const makeForeign = async (): Promise<Rotated> => {
    const { db } = gateway.database;
    const foreign = await makeRotated();
    const account = await db.selectFrom('account').selectAll().executeTakeFirstOrThrow();
    const accountId = newId();
    await db
      .insertInto('account')
      .values({ ...account, id: accountId })
      .execute();
    await db
      .updateTable('api_key')
      .set({ account_id: accountId })
      .where('hash', '=', foreign.inner)
      .execute();
    return foreign;
  };

  test('no place binds an unknown key, a deleted one or another account’s, by whichever name', async () => {
    const deleted = await makeRotated();
    const ended = await makeKey(gateway);
    const before = await rotate(ended.hash);
    await rotate(before.shown);
    await must('DELETE', `/keys/${deleted.shown}`);
    const foreign = await makeForeign();
    const names = [foreign.inner, foreign.shown, deleted.inner, deleted.shown, before.shown, 'f'.repeat(64)];
    const answers: unknown[] = [];
    for (const [place, make] of Object.entries(bindings)) {
      // Which keys it names is not looked at, so that it binds nobody.
      if (place === 'what is kept of requests') continue;
      for (const name of names)
        answers.push([
          place,
          await make()
            .bind(name)
            .then(
              () => 'bound',
              ({ message }) => message.slice(0, 3),
            ),
        ]);
    }
    expect(answers).toEqual(
      Object.keys(bindings)
        .filter((place) => place !== 'what is kept of requests')
        .flatMap((place) => names.map(() => [place, '400'])),
    );
    // And tells nothing of another account's key: not what it is called now.
    const { data } = await must('PATCH', '/content-logging', { api_key_hashes: names });
    expect(new Set(data.api_key_hashes)).toEqual(
      new Set(names.with(3, deleted.shown).with(2, deleted.shown)),
    );
    expect(data.api_key_hashes).toContain(foreign.inner);
    await stopKeeping();
  });

  test('every filter finds the rows of a rotated key by either hash, and none by the name of nobody', async () => {
    const rotated = await makeRotated();
    const foreign = await makeForeign();
    const other = await makeKey(gateway);
    for (const key of [rotated.key, rotated.key, other.key]) expect((await chat(key)).status).toBe(200);
    const { data } = await must('POST', '/guardrails', { name: 'None', allowed_models: ['acme/reason'] });
    for (const { inner } of [{ inner: rotated.inner }, { inner: other.hash }])
      await must('POST', `/guardrails/${data.id}/assignments/keys`, { key_hashes: [inner] });
    for (const key of [rotated.key, rotated.key, other.key]) expect((await chat(key)).status).not.toBe(200);
    const start = new Date(clock.nowMs() - DAY_MS).toISOString().slice(0, 10);
    clock.advance(DAY_MS);
    const dated = new Date(clock.nowMs() + DAY_MS).toISOString().slice(0, 10);
    const textOf = async (path: string) => {
      const headers = { authorization: `Bearer ${gateway.managementKey}` };
      return await (await fetch(`${gateway.baseUrl}${path}`, { headers })).text();
    };
    const lines = (text: string) => text.trim().split('\n').filter(Boolean).length;
    const whole = (rows: readonly { requests?: number; request_count?: number }[]) =>
      rows.reduce((sum, { requests, request_count }) => sum + Number(requests ?? request_count), 0);
    const figures = (name: string) => ({
      ...{ metrics: ['request_count'], filters: [{ field: 'api_key_id', operator: 'in', value: [name] }] },
      time_range: { start: `${start}T00:00:00Z`, end: `${dated}T00:00:00Z` },
    });
    const file = (name: string) => `exports/generations?format=jsonl&start=${start}&api_key_hash=${name}`;
    const filters: Readonly<Record<string, (name: string) => Promise<number>>> = {
      generations: async (name) => (await must('GET', `/generations?api_key_hash=${name}`)).data.length,
      'generations on the pages': async (name) =>
        (await page('GET', `/api/dashboard/generations?api_key_hash=${name}`)).data.length,
      refusals: async (name) => whole((await must('GET', `/refusals?api_key_hash=${name}`)).data),
      exports: async (name) => lines(await textOf(`/${file(name)}`)),
      'exports on the pages': async (name) => lines((await owner.get(`/api/dashboard/${file(name)}`)).text),
      activity: async (name) => whole((await must('GET', `/activity?api_key_hash=${name}`)).data),
      analytics: async (name) => whole((await must('POST', '/analytics/query', figures(name))).data.data),
      replays: async (name) => {
        const body = { guardrail: { allowed_models: ['acme/small'] }, key_hashes: [name] };
        return (await must('POST', '/policy/replay', body)).data.requests;
      },
      // It was rotated twice.
      'the audit log': async (name) =>
        (await must('GET', `/audit?action=key.rotated&target=${name}`)).data.length,
      'exports of the audit log': async (name) =>
        lines(await textOf(`/audit/export?format=jsonl&action=key.rotated&target=${name}`)),
    };
    const found: unknown[] = [];
    for (const [filter, count] of Object.entries(filters))
      for (const name of [rotated.shown, rotated.inner, foreign.shown, 'f'.repeat(64)])
        found.push([filter, await count(name)]);
    expect(found).toEqual(
      Object.keys(filters).flatMap((filter) => [2, 2, 0, 0].map((count) => [filter, count])),
    );
  }, 60_000);
});
