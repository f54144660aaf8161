import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { signUpMember, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import {
  approve,
  type Bench,
  CALLBACK,
  codeOf,
  consentPage,
  INVALID,
  keyRow,
  MINUTE_MS,
  postJson,
  refusal,
  S256,
  sendConsent,
  startBench,
  statusWith,
  type Texts,
  VERIFIER,
} from './bench.ts';

const HEADLESS = S256;
const BACK = { callback_url: CALLBACK, ...S256 };

for (const engine of engines) {
  describe(`consent on ${engine.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await startBench({ engine: engine.name });
    });
    afterAll(() => bench?.[Symbol.asyncDispose]());

    const exchange = (body: unknown) => postJson(bench.gateway, '/auth/keys', body);
    const codeCount = async () =>
      (await bench.gateway.database.db.selectFrom('oauth_code').select('code_hash').execute()).length;

    test("a user's yes makes a code for a key of that user, as the form has it", async () => {
      const expires_at = new Date(bench.clock.nowMs() + 60 * MINUTE_MS).toISOString();
      const asked = { ...BACK, key_label: 'Asked', limit: '5', usage_limit_type: 'daily', state: 'a b&c' };
      const back = await approve(bench, bench.owner, asked, {
        ...{ key_label: 'Chosen', limit: '2.5', usage_limit_type: 'monthly', expires_at },
      });
      expect(back.href).toStartWith(`${CALLBACK}?code=auth_code_`);
      expect(back.searchParams.get('state')).toBe('a b&c');
      expect(back.searchParams.has('iss')).toBe(false);

      const code = back.searchParams.get('code');
      const answer = await exchange({ code, code_verifier: VERIFIER, code_challenge_method: 'S256' });
      expect(answer.status).toBe(200);
      const { id } = (await bench.owner.session())?.user ?? {};
      expect(answer.json).toEqual({ key: expect.stringMatching(/^sk-or-v1-/), user_id: id });
      expect(await keyRow(bench.gateway, answer.json.key)).toMatchObject({
        name: 'Chosen',
        limit_nano_usd: 2_500_000_000n,
        limit_reset: 'monthly',
        expires_at_ms: Date.parse(expires_at),
        creator_user_id: id,
        kind: 'api',
      });
      expect(await statusWith(bench.gateway, answer.json.key)).toBe(200);
    });

    test('whoever looks at a key reads which host it was made for, whatever the app called it', async () => {
      const asked = { callback_url: 'https://notebook.example.com:8443/cb', key_label: 'Turnpike official' };
      const { key } = (await exchange({ code: await codeOf(bench, bench.owner, asked) })).json;
      const { hash } = await keyRow(bench.gateway, key);
      const path = `/keys/${hash}`;
      const told = { name: 'Turnpike official', made_for: 'notebook.example.com:8443' };
      expect((await bench.owner.get(`/api/dashboard${path}`)).body).toMatchObject(told);
      expect((await bench.owner.get('/api/dashboard/keys')).body['list']).toContainEqual(
        expect.objectContaining(told),
      );
      const renamed = await bench.owner.send('PATCH', `/api/dashboard${path}`, { name: 'Mine' });
      expect(renamed.body).toMatchObject({ name: 'Mine', made_for: told.made_for });
      const own = await bench.owner.post('/api/dashboard/keys', { name: 'By hand' });
      expect(own.body).toMatchObject({ name: 'By hand', made_for: null });

      const headers = { authorization: `Bearer ${bench.gateway.managementKey}` };
      const { data } = (await (await fetch(`${bench.gateway.baseUrl}${path}`, { headers })).json()) as {
        data: object;
      };
      expect(data).toMatchObject({ name: 'Mine' });
      expect(data).not.toHaveProperty('made_for');
    });

    test('the page is told who asks, what for, and what may be chosen', async () => {
      const { json, headers } = await consentPage(bench.owner, {
        callback_url: 'https://аpple.com:8443/cb?a=1',
        key_label: 'Label',
        limit: '5',
      });
      const workspace = { id: expect.any(String), name: expect.any(String) };
      expect(json.data).toEqual({
        app: {
          name: 'xn--pple-43d.com:8443',
          host: 'xn--pple-43d.com:8443',
          origin: 'https://xn--pple-43d.com:8443',
          is_local: false,
          client_name: null,
          is_dynamic: false,
          callback_url: 'https://xn--pple-43d.com:8443/cb?a=1',
        },
        headless: false,
        challenge_method: null,
        key: {
          label: 'Label',
          limit: 5,
          usage_limit_type: null,
          expires_at: null,
          workspace_id: expect.any(String),
        },
        workspaces: [workspace],
        account: { id: expect.any(String), name: expect.any(String) },
        consent_id: expect.any(String),
        expires_in: 600,
      });
      expect(json.data.key.workspace_id).toBe(json.data.workspaces[0].id);
      expect(headers.get('cache-control')).toBe('no-store');
      const local = await consentPage(bench.owner, { callback_url: CALLBACK });
      expect(local.json.data.app).toMatchObject({ name: 'localhost:3000', is_local: true });
      expect(local.json.data.key.label).toBe('localhost:3000');
    });

    test('an emptied field of the form is none, whatever the app asked for', async () => {
      const asked = { callback_url: CALLBACK, key_label: 'Asked', limit: '5', usage_limit_type: 'daily' };
      const code = await codeOf(bench, bench.owner, asked, {
        key_label: '',
        limit: '',
        usage_limit_type: '',
      });
      const { key } = (await exchange({ code })).json;
      expect(await keyRow(bench.gateway, key)).toMatchObject({
        name: 'localhost:3000',
        limit_nano_usd: null,
        limit_reset: null,
      });
    });

    test('a no comes back as access_denied, and makes no code', async () => {
      const before = await codeCount();
      const form = { ...BACK, state: 's', decision: 'deny' };
      const answer = await sendConsent(bench, bench.owner, form);
      expect(answer.status).toBe(303);
      expect(answer.headers.get('location')).toBe(`${CALLBACK}?error=access_denied&state=s`);
      const headless = await sendConsent(bench, bench.owner, { ...HEADLESS, decision: 'deny' });
      expect(headless.status).toBe(303);
      expect(headless.headers.get('location')).toBe('/');
      expect(await codeCount()).toBe(before);
    });

    test('the redirect is a 303 that nobody keeps and that tells no page where it came from', async () => {
      const page = await consentPage(bench.owner, BACK);
      const answer = await sendConsent(bench, bench.owner, {
        ...BACK,
        consent_id: page.json.data.consent_id,
        decision: 'approve',
      });
      expect(answer.status).toBe(303);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    });

    test('a callback keeps its own query but for an old code, and is written by us', async () => {
      const back = await approve(bench, bench.owner, {
        callback_url: 'HTTPS://App.example.com:443/a/../cb?code=x&state=y',
      });
      expect(back.href).toMatch(/^https:\/\/app\.example\.com\/cb\?state=y&code=auth_code_[0-9a-f]{64}$/);
      const own = await approve(bench, bench.owner, {
        callback_url: 'https://app.example.com/cb?state=y&a=1',
        state: 'z',
      });
      expect(own.search).toMatch(/^\?a=1&code=auth_code_[0-9a-f]{64}&state=z$/);
    });

    test.each([
      ['nothing to send the code to', {}, 'callback_url'],
      ['a headless request without a challenge', { key_label: 'CLI' }, 'code_challenge'],
      ['plain http', { callback_url: 'http://evil' }, 'callback_url'],
      ['a script', { callback_url: 'javascript:alert(1)' }, 'callback_url'],
      ['a script behind a tab', { callback_url: '\tjavascript:alert(1)' }, 'callback_url'],
      ['a user', { callback_url: 'https://a@b' }, 'callback_url'],
      ['a backslash', { callback_url: 'https://x\\@y' }, 'callback_url'],
      ['a line end', { callback_url: 'https://x/%0d%0aSet-Cookie:a' }, 'callback_url'],
      ['a document', { callback_url: 'data:text/html,x' }, 'callback_url'],
      ['a hidden way up', { callback_url: 'https://x/app/..;/y' }, 'callback_url'],
      ['a fragment', { callback_url: 'https://x/cb#f' }, 'callback_url'],
      ['a look-alike', { callback_url: 'http://127.0.0.1.nip.io' }, 'callback_url'],
      ['a user like a host', { callback_url: 'http://localhost:3000@evil.com' }, 'callback_url'],
      ['a host that is part of a policy', { callback_url: 'https://a;script-src/' }, 'callback_url'],
      ['two different callbacks', { callback_url: CALLBACK, redirect_uri: 'https://x/' }, 'callback_url'],
      ['a method alone', { callback_url: CALLBACK, code_challenge_method: 'S256' }, 'code_challenge'],
      ['a wrong method', { ...BACK, code_challenge_method: 's256' }, 'code_challenge_method'],
      ['a long label', { ...BACK, key_label: 'x'.repeat(101) }, 'key_label'],
      ['a negative limit', { ...BACK, limit: '-1' }, 'limit'],
      ['no number', { ...BACK, limit: '1e3' }, 'limit'],
      ['another interval', { ...BACK, usage_limit_type: 'yearly' }, 'usage_limit_type'],
      ['a past expiry', { ...BACK, expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
      ['no workspace', { ...BACK, workspace_id: 'default' }, 'workspace_id'],
      ['an unknown app', { ...BACK, client_id: 'app_unknown' }, 'client_id'],
      ['another response', { ...BACK, response_type: 'token' }, 'response_type'],
      ['a NUL', { ...BACK, state: 'a\0b' }, 'state'],
    ] satisfies [string, Texts, string][])(
      '%s is a 400 on the page, in its data and in its form',
      async (_, query, field) => {
        const page = await fetch(`${bench.gateway.url}/auth?${new URLSearchParams(query)}`);
        expect(page.status).toBe(400);
        expect(page.headers.get('location')).toBeNull();
        expect(await page.text()).toContain(field);
        expect((await consentPage(bench.owner, query)).status).toBe(400);
        const before = await codeCount();
        expect((await sendConsent(bench, bench.owner, { ...query, decision: 'approve' })).status).toBe(400);
        expect(await codeCount()).toBe(before);
      },
    );

    test.each([
      ['http://127.0.0.1:51423/cb'],
      ['http://[::1]:3000/cb'],
      ['http://localhost/cb'],
      ['https://myapp.com:8443/cb'],
    ])('%s is a callback, and the form may lead there', async (callback_url) => {
      const page = await fetch(`${bench.gateway.url}/auth?${new URLSearchParams({ callback_url })}`);
      expect(page.status).toBe(200);
      expect(page.headers.get('content-security-policy')).not.toContain('form-action');
      const back = await approve(bench, bench.owner, { callback_url });
      expect(back.href).toStartWith(`${callback_url}?code=auth_code_`);
    });

    test('a parameter of ours comes once; others are none of our business', async () => {
      const open = (query: string) => fetch(`${bench.gateway.url}/auth?${query}`);
      const callback = `callback_url=${encodeURIComponent(CALLBACK)}`;
      expect((await open(`${callback}&${callback}`)).status).toBe(400);
      expect((await open(`${callback}&state=a&state=a`)).status).toBe(400);
      expect((await open(`${callback}&utm=a&utm=b&limit=`)).status).toBe(200);
    });

    test('without a callback the code is shown, to the session that made it alone', async () => {
      const back = await approve(bench, bench.owner, { ...HEADLESS, key_label: 'My CLI' });
      expect(back.href).toBe(`${bench.gateway.url}/auth/code`);
      const shown = await bench.owner.get('/api/dashboard/consent/code');
      expect(shown.status).toBe(200);
      expect(shown.headers.get('cache-control')).toBe('no-store');
      expect(shown.headers.get('referrer-policy')).toBe('no-referrer');
      expect(shown.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(shown.body).toEqual({
        code: expect.stringMatching(/^auth_code_[0-9a-f]{64}$/),
        expires_at: new Date(bench.clock.nowMs() + 10 * MINUTE_MS).toISOString(),
        key_label: 'My CLI',
      });
      const sealed = bench.owner.cookies.get('turnpike_code') ?? '';
      expect(sealed).not.toContain(String(shown.body['code']));

      const thief = await signUpMember(bench.gateway, bench.owner, {
        email: `thief-${engine.name}@example.com`,
        password: 'correct horse battery',
      });
      thief.cookies.set('turnpike_code', sealed);
      expect((await thief.get('/api/dashboard/consent/code')).status).toBe(404);

      const answer = await exchange({ code: shown.body['code'], code_verifier: VERIFIER });
      expect(answer.status).toBe(200);
      expect((await keyRow(bench.gateway, answer.json.key)).name).toBe('My CLI');
    });

    test('a shown code is gone from the page when it works no more', async () => {
      await approve(bench, bench.owner, HEADLESS);
      bench.clock.advance(10 * MINUTE_MS);
      expect((await bench.owner.get('/api/dashboard/consent/code')).status).toBe(404);
    });

    test('a form sent twice, even at once, makes one code and leads to the same place', async () => {
      const page = await consentPage(bench.owner, BACK);
      const form = { ...BACK, consent_id: page.json.data.consent_id, decision: 'approve' };
      const before = await codeCount();
      const answers = await Promise.all([1, 2, 3, 4].map(() => sendConsent(bench, bench.owner, form)));
      expect(answers.map(({ status }) => status)).toEqual([303, 303, 303, 303]);
      expect(new Set(answers.map(({ headers }) => headers.get('location'))).size).toBe(1);
      expect(await codeCount()).toBe(before + 1);

      const code = new URL(answers[0]?.headers.get('location') ?? '').searchParams.get('code');
      expect((await exchange({ code, code_verifier: VERIFIER })).status).toBe(200);
      expect((await sendConsent(bench, bench.owner, form)).status).toBe(409);
      expect(await codeCount()).toBe(before + 1);
    });

    test('who goes back and chooses otherwise gives the key that they chose last', async () => {
      const page = await consentPage(bench.owner, BACK);
      const form = { ...BACK, consent_id: page.json.data.consent_id, decision: 'approve' };
      const expires_at = new Date(bench.clock.nowMs() + 60 * MINUTE_MS).toISOString();
      const first = { ...form, limit: '100', usage_limit_type: 'daily', key_label: 'First', expires_at };
      const locations = [
        (await sendConsent(bench, bench.owner, first)).headers.get('location') ?? '',
        (await sendConsent(bench, bench.owner, { ...form, limit: '5' })).headers.get('location') ?? '',
      ];
      expect(locations[1]).toBe(locations[0] ?? '');
      const code = new URL(locations[0] ?? '').searchParams.get('code');
      const answer = await exchange({ code, code_verifier: VERIFIER });
      expect(await keyRow(bench.gateway, answer.json.key)).toMatchObject({
        ...{ name: 'localhost:3000', limit_nano_usd: 5_000_000_000n, limit_reset: null, expires_at_ms: null },
      });
      expect((await sendConsent(bench, bench.owner, { ...form, limit: '7' })).status).toBe(409);
      expect((await keyRow(bench.gateway, answer.json.key)).limit_nano_usd).toBe(5_000_000_000n);
    });

    test('no key is given by a choice that was changed while the app exchanged the code', async () => {
      for (let round = 0; round < 10; round++) {
        const page = await consentPage(bench.owner, { callback_url: CALLBACK });
        const { consent_id } = page.json.data;
        const form = { callback_url: CALLBACK, consent_id, decision: 'approve' };
        const given = await sendConsent(bench, bench.owner, { ...form, limit: '100' });
        const code = new URL(given.headers.get('location') ?? '').searchParams.get('code');
        const [changed, exchanged] = await Promise.all([
          sendConsent(bench, bench.owner, { ...form, limit: '5' }),
          exchange({ code }),
        ]);
        expect([303, 409]).toContain(changed.status);
        if (exchanged.status !== 200) continue;
        const { limit_nano_usd } = await keyRow(bench.gateway, exchanged.json.key);
        expect(limit_nano_usd).toBe(changed.status === 303 ? 5_000_000_000n : 100_000_000_000n);
      }
    });

    test('who goes back and says no takes the code back, and does not get it again', async () => {
      const page = await consentPage(bench.owner, BACK);
      const form = { ...BACK, consent_id: page.json.data.consent_id };
      const approved = await sendConsent(bench, bench.owner, { ...form, decision: 'approve' });
      const code = new URL(approved.headers.get('location') ?? '').searchParams.get('code');
      const denied = await sendConsent(bench, bench.owner, { ...form, decision: 'deny' });
      expect(denied.headers.get('location')).toBe(`${CALLBACK}?error=access_denied`);
      expect(await exchange({ code, code_verifier: VERIFIER })).toMatchObject(refusal(403, INVALID));
      expect((await sendConsent(bench, bench.owner, { ...form, decision: 'approve' })).status).toBe(409);
    });

    test('each showing of the page makes a code of its own', async () => {
      const codes = [await codeOf(bench, bench.owner, BACK), await codeOf(bench, bench.owner, BACK)];
      expect(new Set(codes).size).toBe(2);
    });

    test('a form of another page, another session or an hour ago makes no code', async () => {
      const page = await consentPage(bench.owner, BACK);
      const { consent_id } = page.json.data;
      const form = { ...BACK, consent_id, decision: 'approve' };
      const before = await codeCount();
      const changed = [
        { ...form, callback_url: 'https://evil.example/cb' },
        { ...form, code_challenge: 'x'.repeat(43) },
        { ...form, state: 'other' },
        { ...form, consent_id: '' },
        { ...form, consent_id: `${consent_id.slice(0, -1)}${consent_id.endsWith('0') ? '1' : '0'}` },
      ];
      for (const fields of changed) {
        expect((await sendConsent(bench, bench.owner, fields)).status).toBe(400);
      }
      const other = await signUpMember(bench.gateway, bench.owner, {
        email: `other-${engine.name}@example.com`,
        password: 'correct horse battery',
      });
      expect((await sendConsent(bench, other, form)).status).toBe(400);
      bench.clock.advance(60 * MINUTE_MS + 1);
      expect((await sendConsent(bench, bench.owner, form)).status).toBe(400);
      expect(await codeCount()).toBe(before);
    });

    test('without its CSRF token, from a foreign origin or from none, the form is a 403', async () => {
      const page = await consentPage(bench.owner, BACK);
      const form = { ...BACK, consent_id: page.json.data.consent_id, decision: 'approve' };
      const before = await codeCount();
      for (const options of [
        { csrfToken: null },
        { csrfToken: '0'.repeat(64) },
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: null },
      ]) {
        const answer = await sendConsent(bench, bench.owner, form, options);
        expect(answer.status).toBe(403);
        expect(answer.headers.get('location')).toBeNull();
      }
      expect(await codeCount()).toBe(before);
    });

    test('a GET of the form is a 405, and nobody signed in is a 401', async () => {
      const got = await fetch(`${bench.gateway.url}/auth/consent?${new URLSearchParams(BACK)}`);
      expect(got.status).toBe(405);
      expect(got.headers.get('allow')).toContain('POST');

      const stranger = new Visitor(bench.gateway.url);
      expect((await consentPage(stranger, BACK)).status).toBe(401);
      const sent = await sendConsent(bench, stranger, { ...BACK, decision: 'approve' }, { csrfToken: 'x' });
      expect(sent.status).toBe(401);
      expect(sent.headers.get('location')).toBeNull();
    });

    test('who signed out between the page and the form is a 401', async () => {
      const member = await signUpMember(bench.gateway, bench.owner, {
        email: `leaver-${engine.name}@example.com`,
        password: 'correct horse battery',
      });
      const page = await consentPage(member, BACK);
      const form = { ...BACK, consent_id: page.json.data.consent_id, decision: 'approve' };
      const csrfToken = (await member.session())?.csrf_token ?? '';
      const cookies = new Map(member.cookies);
      expect((await member.post('/api/auth/sign-out')).status).toBe(200);
      for (const [name, value] of cookies) member.cookies.set(name, value);
      expect((await sendConsent(bench, member, form, { csrfToken })).status).toBe(401);
    });

    test('no other site may frame the page, and it loads nothing that is not ours', async () => {
      const page = await fetch(`${bench.gateway.url}/auth?${new URLSearchParams(BACK)}`);
      expect(page.status).toBe(200);
      expect(page.headers.get('x-frame-options')).toBe('DENY');
      const policy = page.headers.get('content-security-policy');
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toStartWith("default-src 'none'; script-src 'self'; ");
      expect(page.headers.get('referrer-policy')).toBe('no-referrer');
      expect(page.headers.get('cache-control')).toBe('no-store');
    });

    test('who left the organisation before the exchange gives no key, and the code is burned', async () => {
      const member = await signUpMember(bench.gateway, bench.owner, {
        email: `gone-${engine.name}@example.com`,
        password: 'correct horse battery',
      });
      const code = await codeOf(bench, member, { callback_url: CALLBACK });
      const { id } = (await member.session())?.user ?? { id: '' };
      const { account } = (await bench.owner.session()) ?? {};
      expect((await bench.owner.send('DELETE', `/api/dashboard/members/${id}`)).status).toBe(200);
      expect(await exchange({ code })).toMatchObject(refusal(403, INVALID));

      // Back again, which does not make an old consent good.
      await bench.gateway.database.db
        .insertInto('member')
        .values({ account_id: account?.id ?? '', user_id: id, role: 'member', created_at_ms: 0 })
        .execute();
      expect(await exchange({ code })).toMatchObject(refusal(403, INVALID));
    });

    test('a workspace deleted before the exchange gives no key, and the code is burned', async () => {
      const { db } = bench.gateway.database;
      const { account } = (await bench.owner.session()) ?? {};
      const row = {
        ...{ id: crypto.randomUUID(), account_id: account?.id ?? '', name: 'Short', slug: 'short' },
        ...{ is_default: 0 as const, created_at_ms: bench.clock.nowMs() },
      };
      await db.insertInto('workspace').values(row).execute();
      const page = await consentPage(bench.owner, { callback_url: CALLBACK, workspace_id: row.id });
      expect(page.json.data.key.workspace_id).toBe(row.id);
      expect(page.json.data.workspaces).toHaveLength(2);
      const asked = { callback_url: CALLBACK, workspace_id: row.id };
      const [kept, lost] = [await codeOf(bench, bench.owner, asked), await codeOf(bench, bench.owner, asked)];
      const { key } = (await exchange({ code: kept })).json;
      expect((await keyRow(bench.gateway, key)).workspace_id).toBe(row.id);

      await db.deleteFrom('api_key').where('workspace_id', '=', row.id).execute();
      await db.deleteFrom('workspace').where('id', '=', row.id).execute();
      expect(await exchange({ code: lost })).toMatchObject(refusal(403, INVALID));
      await db.insertInto('workspace').values(row).execute();
      expect(await exchange({ code: lost })).toMatchObject(refusal(403, INVALID));
    });

    test('a workspace of another account is a 403 like one that does not exist', async () => {
      const { db } = bench.gateway.database;
      const foreign = {
        id: `other-${engine.name}`,
        kind: 'personal',
        name: 'Other',
        created_at_ms: 0,
      } as const;
      await db.insertInto('account').values(foreign).execute();
      const workspace_id = crypto.randomUUID();
      await db
        .insertInto('workspace')
        .values({
          id: workspace_id,
          account_id: foreign.id,
          name: 'W',
          slug: 'w',
          is_default: 1,
          created_at_ms: 0,
        })
        .execute();
      const [real, none] = await Promise.all(
        [workspace_id, crypto.randomUUID()].map((id) =>
          consentPage(bench.owner, { ...BACK, workspace_id: id }),
        ),
      );
      expect(real?.status).toBe(403);
      expect(real?.text).toBe(none?.text ?? '');
      const page = await consentPage(bench.owner, BACK);
      const form = { ...BACK, workspace_id, consent_id: page.json.data.consent_id, decision: 'approve' };
      expect((await sendConsent(bench, bench.owner, form)).status).toBe(403);
    });
  });
}
