/** Secrets that GitHub finds in public, reported as its partner programme does: what becomes of their keys, and what of anything else. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hashOf, newKeySecret } from '../../../src/auth/key-secret.ts';
import { signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { callerOf } from '../../call.ts';
import { engines } from '../../databases.ts';
import { type GithubStandIn, type SignedReport, startGithub } from '../../github-reports.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

const PATH = '/webhooks/github-secret-scanning';
const URL_OF_LEAK = 'https://github.com/octocat/Hello-World/blob/master/foo/bar.txt';

describe.each(engines)('on $name', ({ name: engine }) => {
  let github: GithubStandIn;
  let gateway: TestGateway;
  let owner: Visitor;
  const call = callerOf(() => gateway);

  beforeAll(async () => {
    github = startGithub();
    gateway = await startGateway({ engine, secretScanningKeysUrl: github.keysUrl });
    owner = await signUpOwner(gateway);
  });
  afterAll(async () => {
    await gateway.stop();
    github[Symbol.dispose]();
  });

  const send = async ({ body, headers }: SignedReport) => {
    const answer = await fetch(`${gateway.url}${PATH}`, { method: 'POST', headers, body });
    const text = await answer.text();
    return { status: answer.status, text, json: text.startsWith('[') ? JSON.parse(text) : null };
  };
  const match = (token: string, changes: object = {}) => ({
    ...{ token, type: 'turnpike_api_key', url: URL_OF_LEAK, source: 'commit', ...changes },
  });
  const works = async (key: string) => {
    const body = { model: 'turnpike/echo', messages: [{ role: 'user', content: 'Hi' }] };
    return (await call('POST', '/chat/completions', body, key)).status === 200;
  };
  const news = async (kind: string) =>
    (
      await gateway.database.db
        .selectFrom('notification')
        .select(['data', 'user_id'])
        .where('kind', '=', kind)
        .orderBy('id')
        .execute()
    ).map((row) => ({ ...row, data: JSON.parse(row.data) }));
  const events = (hash: string) =>
    gateway.database.db
      .selectFrom('audit_event')
      .select(['action', 'after_json'])
      .where('target', '=', hash)
      .orderBy('id')
      .execute();

  test('a key in a signed report is dead at once with its children, and told of once', async () => {
    const { key, hash } = await makeKey(gateway, { name: 'Leaky' });
    const child = (await call('POST', '/key/children', { name: 'child' }, key)).json.key as string;
    const other = await makeKey(gateway);
    expect(await Promise.all([key, child, other.key].map(works))).toEqual([true, true, true]);
    const report = github.report([match(key), match(key, { source: 'gist_content' })]);
    const answer = await send(report);
    expect(answer).toMatchObject({
      status: 200,
      json: Array.from({ length: 2 }, () => ({
        ...{ token_hash: hashOf(key), token_type: 'turnpike_api_key', label: 'true_positive' },
      })),
    });
    expect(answer.text).not.toContain(key);
    expect(await Promise.all([key, child, other.key].map(works))).toEqual([false, false, true]);
    // Sent once more, it is the same report.
    expect((await send(report)).status).toBe(200);
    const told = (await news('key.leaked')).filter(({ data }) => data.key_hash === hash);
    expect(told).toHaveLength(1);
    expect(told[0]?.data).toEqual({
      ...{ key_hash: hash, key_name: 'Leaky', key_label: expect.stringMatching(/^sk-or-v1-...\.\.\....$/) },
      ...{ source: 'github', place: 'commit', url: URL_OF_LEAK, action: 'quarantined' },
    });
    expect((await events(hash)).filter(({ action }) => action === 'key.leaked')).toHaveLength(1);
    expect(gateway.logLines.join('\n')).not.toContain(key);
  });

  test('an admin restores a key, which an old report does not undo', async () => {
    const { key, hash } = await makeKey(gateway);
    const report = github.report([match(key)]);
    await send(report);
    const shown = await owner.get(`/api/dashboard/keys/${hash}`);
    expect(shown.body).toMatchObject({
      disabled: true,
      leak: { is_quarantined: true, source: 'github', url: URL_OF_LEAK },
    });
    const restored = await owner.send('PATCH', `/api/dashboard/keys/${hash}`, { disabled: false });
    expect(restored.body).toMatchObject({ disabled: false, leak: null, bounded_by_admin: false });
    await send(report);
    expect(await works(key)).toBe(true);
    expect((await owner.get(`/api/dashboard/keys/${hash}`)).body['leak']).toBeNull();
  });

  test('the owner of a quarantined key replaces its secret in one call, and cannot bring the old one back', async () => {
    const email = `${crypto.randomUUID()}@example.com`;
    const member = await signUpMember(gateway, owner, { email, password: 'a long enough password' });
    const made = await member.post('/api/dashboard/keys', { name: 'mine', limit: 5 });
    const [key, hash] = [String(made.body['key']), String(made.body['hash'])];
    const child = (await call('POST', '/key/children', { name: 'of whoever found it' }, key)).json
      .key as string;
    await send(github.report([match(key)]));
    const path = `/api/dashboard/keys/${hash}`;
    expect((await member.send('PATCH', path, { disabled: false })).status).toBe(403);
    expect((await member.post(`${path}/rotate`, { old_valid_for_seconds: 60 })).status).toBe(400);
    expect(await works(key)).toBe(false);
    const replaced = await member.post(`${path}/rotate`, {});
    expect(replaced.status).toBe(201);
    expect(replaced.body).toMatchObject({ disabled: false, leak: null, limit: 5, bounded_by_admin: false });
    expect(await works(String(replaced.body['key']))).toBe(true);
    expect(await Promise.all([key, child].map(works))).toEqual([false, false]);
    // The old secret is found somewhere else: it is dead, and the key is not touched.
    const again = await send(github.report([match(key, { url: 'https://github.com/else' })]));
    expect(again.json[0].label).toBe('true_positive');
    expect(await works(String(replaced.body['key']))).toBe(true);
  });

  test('a key that was disabled before stays so when its secret is replaced', async () => {
    const { key, hash } = await makeKey(gateway);
    await call('PATCH', `/keys/${hash}`, { disabled: true });
    await send(github.report([match(key)]));
    const replaced = await call('POST', `/keys/${hash}/rotate`, {});
    expect(replaced.json.data.disabled).toBe(true);
  });

  describe('what is settled while a key is quarantined holds when its secret is replaced', () => {
    const email = () => `${crypto.randomUUID()}@example.com`;
    /** A key has the name of its present secret. */
    const pathOf = ({ body }: { body: Record<string, unknown> }) => `/api/dashboard/keys/${body['hash']}`;
    /** Of somebody who may replace it, with the ways of the owner and of its maker to it. */
    const leaked = async (limit: number | null = null) => {
      const mail = email();
      const member = await signUpMember(gateway, owner, { email: mail, password: 'a long enough password' });
      const made = await member.post('/api/dashboard/keys', { name: 'mine', limit });
      const [key, hash] = [String(made.body['key']), String(made.body['hash'])];
      await send(github.report([match(key)]));
      return { member, mail, hash, path: `/api/dashboard/keys/${hash}` };
    };

    test('an admin disables it', async () => {
      const { member, path } = await leaked();
      expect((await owner.send('PATCH', path, { disabled: true })).status).toBe(200);
      const replaced = await member.post(`${path}/rotate`, {});
      expect(replaced.body).toMatchObject({ disabled: true, bounded_by_admin: true, leak: null });
      expect(await works(String(replaced.body['key']))).toBe(false);
      expect((await member.send('PATCH', pathOf(replaced), { disabled: false })).status).toBe(403);
      expect((await owner.send('PATCH', pathOf(replaced), { disabled: false })).status).toBe(200);
      expect(await works(String(replaced.body['key']))).toBe(true);
    });

    test('its maker disables it, and may enable it again', async () => {
      const { member, path } = await leaked();
      expect((await member.send('PATCH', path, { disabled: true })).status).toBe(200);
      const replaced = await member.post(`${path}/rotate`, {});
      expect(replaced.body).toMatchObject({ disabled: true, bounded_by_admin: false });
      expect((await member.send('PATCH', pathOf(replaced), { disabled: false })).status).toBe(200);
      expect(await works(String(replaced.body['key']))).toBe(true);
    });

    test('an admin sets its limit, which its maker does not raise', async () => {
      const { member, path } = await leaked(5);
      await owner.send('PATCH', path, { limit: 1 });
      const replaced = await member.post(`${path}/rotate`, {});
      expect(replaced.body).toMatchObject({ disabled: false, limit: 1, bounded_by_admin: true });
      expect((await member.send('PATCH', pathOf(replaced), { limit: 100 })).status).toBe(403);
    });

    test('its maker leaves', async () => {
      const { path, mail } = await leaked();
      const people = (await owner.get('/api/dashboard/members')).body['list'] as {
        user_id: string;
        email: string;
      }[];
      const gone = people.find((one) => one.email === mail);
      expect((await owner.send('DELETE', `/api/dashboard/members/${gone?.user_id}`)).status).toBe(200);
      const replaced = await owner.post(`${path}/rotate`, {});
      expect(replaced.body).toMatchObject({ disabled: true });
      expect(await works(String(replaced.body['key']))).toBe(false);
    });

    test('its workspace is deleted', async () => {
      const workspace = (await call('POST', '/workspaces', { name: 'Short', slug: 'short' })).json.data;
      const { key, hash } = await makeKey(gateway, { name: 'there', workspace_id: workspace.id });
      await send(github.report([match(key)]));
      expect((await call('DELETE', `/workspaces/${workspace.id}`)).status).toBe(200);
      const replaced = await call('POST', `/keys/${hash}/rotate`, {});
      expect(replaced.json.data.disabled).toBe(true);
      expect(await works(replaced.json.key)).toBe(false);
    });

    test('a key that was made by another one, whose secret is replaced', async () => {
      const parent = await makeKey(gateway);
      const child = (await call('POST', '/key/children', { name: 'child' }, parent.key)).json;
      await send(github.report([match(child.key), match(parent.key)]));
      await call('POST', `/keys/${parent.hash}/rotate`, {});
      const replaced = await call('POST', `/keys/${child.data.hash}/rotate`, {});
      expect(replaced.json.data.disabled).toBe(true);
    });
  });

  test('of a rotated key an earlier secret in its overlap ends, and the present one works on', async () => {
    const { key, hash } = await makeKey(gateway);
    const fresh = (await call('POST', `/keys/${hash}/rotate`, { old_valid_for_seconds: 3600 })).json.key;
    expect(await Promise.all([key, fresh].map(works))).toEqual([true, true]);
    await send(github.report([match(key)]));
    expect(await Promise.all([key, fresh].map(works))).toEqual([false, true]);
  });

  test('a management key is quarantined like any other, and replaced by an admin', async () => {
    const made = await owner.post('/api/dashboard/management-keys', { name: 'pipeline' });
    const [key, hash] = [String(made.body['key']), String(made.body['hash'])];
    const mayManage = async (secret: string) =>
      (await call('GET', '/keys', undefined, secret)).status === 200;
    expect(await mayManage(key)).toBe(true);
    await send(github.report([match(key)]));
    expect(await mayManage(key)).toBe(false);
    const replaced = await owner.post(`/api/dashboard/management-keys/${hash}/rotate`, {});
    expect(await mayManage(String(replaced.body['key']))).toBe(true);
    expect(await mayManage(key)).toBe(false);
  });

  test('what was never a key of ours is a false positive, and changes nothing', async () => {
    const before = (await news('key.leaked')).length;
    const tokens = [newKeySecret().key, `sk-or-v1-${'a'.repeat(64)}`, '', 'ghp_0123456789', '💥'];
    const answer = await send(github.report(tokens.map((token) => match(token))));
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual(
      tokens.map((token) => ({
        ...{ token_hash: hashOf(token), token_type: 'turnpike_api_key', label: 'false_positive' },
      })),
    );
    expect((await news('key.leaked')).length).toBe(before);
  });

  test('ten thousand matches, a few of them ours, are answered within five seconds', async () => {
    const keys = [await makeKey(gateway), await makeKey(gateway)];
    const matches = Array.from({ length: 10_000 }, (_, at) =>
      match(at % 5000 === 17 ? (keys[Math.floor(at / 5000)]?.key ?? '') : newKeySecret().key),
    );
    const startedAt = performance.now();
    const answer = await send(github.report(matches));
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(answer.json.filter(({ label }: { label: string }) => label === 'true_positive')).toHaveLength(2);
    expect(await Promise.all(keys.map(({ key }) => works(key)))).toEqual([false, false]);
  });

  describe('whatever GitHub has not signed as it stands is refused with 401, and changes nothing', () => {
    let key: string;
    beforeAll(async () => {
      ({ key } = await makeKey(gateway));
    });
    const forged: Readonly<Record<string, (report: SignedReport) => SignedReport>> = {
      'a byte of the body differs': ({ body, headers }) => ({
        body: body.replace('commit', 'Commit'),
        headers,
      }),
      'the body was parsed and written anew': ({ body, headers }) => ({
        body: JSON.stringify(JSON.parse(body), null, 1),
        headers,
      }),
      'without its signature': ({ body, headers }) => {
        const { 'github-public-key-signature': _, ...rest } = headers;
        return { body, headers: rest };
      },
      'without the name of a key': ({ body, headers }) => {
        const { 'github-public-key-identifier': _, ...rest } = headers;
        return { body, headers: rest };
      },
      'a key that GitHub does not have': ({ body, headers }) => ({
        body,
        headers: { ...headers, 'github-public-key-identifier': 'ab'.repeat(32) },
      }),
      'the signature of another report': ({ body }) => ({
        body,
        headers: github.report([match('another')]).headers,
      }),
      'no signature at all, in its place': ({ body, headers }) => ({
        body,
        headers: { ...headers, 'github-public-key-signature': '' },
      }),
      'the headers of the years before, by another key': ({ body }) => {
        using other = startGithub();
        return other.signed(body);
      },
    };
    test.each(Object.entries(forged))('%s', async (_, forge) => {
      const answer = await send(forge(github.report([match(key)])));
      expect(answer.status).toBe(401);
      expect(await works(key)).toBe(true);
    });

    test.each([
      ['no JSON', 'not json'],
      ['an object', '{}'],
      ['no match', '[]'],
      ['a match without a token', '[{"type":"x"}]'],
      ['a token that is no text', '[{"token":1,"type":"x"}]'],
    ])('%s, signed: 400', async (_, body) => {
      expect((await send(github.signed(body))).status).toBe(400);
    });

    test('a body beyond eight megabytes is not read to its end: 413', async () => {
      const answer = await send(github.report([match('x'.repeat(9_000_000))]));
      expect(answer.status).toBe(413);
    });

    test('another type than JSON: 415', async () => {
      const { body, headers } = github.report([match(key)]);
      expect((await send({ body, headers: { ...headers, 'content-type': 'text/plain' } })).status).toBe(415);
    });
  });
});

describe('the keys that reports are signed with', () => {
  test('a new key is asked for when it is first seen, and unknown ones make nobody ask more than once a minute', async () => {
    using github = startGithub();
    await using gateway = await startGateway({ secretScanningKeysUrl: github.keysUrl });
    const send = async ({ body, headers }: SignedReport) =>
      (await fetch(`${gateway.url}${PATH}`, { method: 'POST', headers, body })).status;
    const report = () => github.report([{ token: 'x', type: 'y', url: null, source: 'npm' }]);
    expect(await send(report())).toBe(200);
    expect(github.asked).toBe(1);
    const unknown = { ...report().headers, 'github-public-key-identifier': 'cd'.repeat(32) };
    for (let time = 0; time < 20; time += 1)
      expect(await send({ body: report().body, headers: unknown })).toBe(401);
    expect(github.asked).toBe(1);
    github.rotate();
    gateway.anHourLater();
    expect(await send(report())).toBe(200);
    expect(github.asked).toBe(2);
  });

  test('while they cannot be had at all, a report is to be sent again later', async () => {
    using github = startGithub();
    github.failWith = 500;
    await using gateway = await startGateway({ secretScanningKeysUrl: github.keysUrl });
    const { body, headers } = github.report([{ token: 'x', type: 'y' }]);
    const answer = await fetch(`${gateway.url}${PATH}`, { method: 'POST', headers, body });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('60');
  });

  test('without secret scanning there is no such path', async () => {
    await using gateway = await startGateway();
    expect((await fetch(`${gateway.url}${PATH}`, { method: 'POST', body: '[]' })).status).toBe(404);
  });

  test('where nothing is quarantined the owner is told, and the key works on', async () => {
    using github = startGithub();
    await using gateway = await startGateway({
      ...{ secretScanningKeysUrl: github.keysUrl, config: { leaked_keys: { quarantine: false } } },
    });
    const { key, hash } = await makeKey(gateway);
    const { body, headers } = github.report([{ token: key, type: 'y' }]);
    await fetch(`${gateway.url}${PATH}`, { method: 'POST', headers, body });
    const call = callerOf(() => gateway);
    expect((await call('GET', '/key', undefined, key)).status).toBe(200);
    const report = (await call('GET', '/key-report')).json.data;
    expect(report.keys[0]).toMatchObject({ hash, reasons: ['leaked', 'no_limit_and_no_expiry'] });
  });
});
