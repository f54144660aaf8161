import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hashOf, newKeySecret } from '../../../src/auth/key-secret.ts';
import { isoFromMs, ManualClock } from '../../../src/clock.ts';
import { forgetOldCodes } from '../../../src/oauth/authorization/codes.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import {
  CHALLENGE,
  codeByKey,
  INVALID,
  keyRow,
  MINUTE_MS,
  postJson,
  refusal,
  S256,
  statusWith,
  VERIFIER,
} from './bench.ts';

const START_MS = Date.parse('2026-11-20T12:00:00.000Z');

for (const engine of engines) {
  describe(`the exchange of codes on ${engine.name}`, () => {
    const clock = new ManualClock(START_MS);
    let gateway: TestGateway;
    beforeAll(async () => {
      gateway = await startGateway({ engine: engine.name, clock });
    });
    afterAll(() => gateway?.stop());

    const codeOf = (body: object = S256, key?: string) => codeByKey(gateway, body, key);
    const exchange = (body: unknown, key?: string) => postJson(gateway, '/auth/keys', body, key);
    const keyCount = async () =>
      (await gateway.database.db.selectFrom('api_key').select('hash').execute()).length;

    test('a challenge without a method is plain, and the method may be left out or null', async () => {
      const plain = await codeOf({ code_challenge: 'short' });
      expect(await exchange({ code: plain, code_verifier: 'short' })).toMatchObject({ status: 200 });
      const nulled = { code: await codeOf(), code_verifier: VERIFIER, code_challenge_method: null };
      expect(await exchange(nulled)).toMatchObject({ status: 200 });
    });

    test('whatever Authorization header comes along is ignored', async () => {
      const strangers = [gateway.managementKey, newKeySecret().key, 'nonsense', 'a,b'];
      for (const key of strangers) {
        const answer = await exchange({ code: await codeOf({}) }, key);
        expect(answer).toMatchObject({ status: 200 });
        expect((await keyRow(gateway, answer.json.key)).kind).toBe('api');
      }
    });

    test('a browser of another origin may exchange, and GET is told to POST', async () => {
      const preflight = await fetch(`${gateway.baseUrl}/auth/keys`, {
        method: 'OPTIONS',
        headers: { origin: 'https://myapp.com', 'access-control-request-method': 'POST' },
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
      expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
      const got = await fetch(`${gateway.baseUrl}/auth/keys`);
      expect(got.status).toBe(405);
      expect(got.headers.get('allow')).toContain('POST');
      expect(got.headers.get('allow')).not.toContain('GET');
      expect(await got.json()).toMatchObject({ error: { code: 405, message: 'Method not allowed' } });
    });

    test.each([
      ['{"code_verifier": "x"}', 'Invalid request parameters: code: must be a string'],
      ['{"code": ""}', 'Invalid request parameters: code: must not be empty'],
      ['{"code": null}', 'Invalid request parameters: code: must be a string'],
      ['{"code": "x", "code_verifier": 5}', 'Invalid request parameters: code_verifier: must be a string'],
      ['[]', 'Invalid request parameters: The request body must be a JSON object'],
      ['{"code": "x", "code_challenge_method": "s256"}', 'Invalid code_challenge_method'],
      ['{"code": "x", "code_challenge_method": 5}', 'Invalid code_challenge_method'],
    ])('the exchange %s is a 400', async (body, message) => {
      expect(await exchange(body)).toMatchObject(refusal(400, message));
    });

    test('a body that is no JSON is a 400', async () => {
      expect(await exchange('{"code":')).toMatchObject({ status: 400 });
    });

    test('an unknown code is a 403', async () => {
      for (const code of ['x', `auth_code_${'0'.repeat(64)}`]) {
        expect(await exchange({ code })).toMatchObject(refusal(403, INVALID));
      }
    });

    test('another method than that of the challenge is a 400, and uses nothing up', async () => {
      const code = await codeOf();
      for (let times = 0; times < 6; times++) {
        const wrong = { code, code_verifier: CHALLENGE, code_challenge_method: 'plain' };
        expect(await exchange(wrong)).toMatchObject(refusal(400, 'Invalid code_challenge_method'));
      }
      // Left out, the stored method counts: the challenge does not prove itself.
      expect(await exchange({ code, code_verifier: CHALLENGE })).toMatchObject(refusal(403, INVALID));
      expect(await exchange({ code, code_verifier: VERIFIER })).toMatchObject({ status: 200 });
      const plain = await codeOf({ code_challenge: 'x', code_challenge_method: 'plain' });
      expect(
        await exchange({ code: plain, code_verifier: 'x', code_challenge_method: 'S256' }),
      ).toMatchObject(refusal(400, 'Invalid code_challenge_method'));
    });

    test('a challenge cannot be passed by leaving the verifier out', async () => {
      const code = await codeOf();
      expect(await exchange({ code })).toMatchObject(refusal(403, INVALID));
      expect(await exchange({ code, code_challenge_method: 'S256' })).toMatchObject(refusal(403, INVALID));
    });

    test('a verifier for a code without a challenge is a 403, for its challenge was taken away', async () => {
      const code = await codeOf({});
      const withVerifier = { code, code_verifier: VERIFIER };
      expect(await exchange(withVerifier)).toMatchObject(refusal(403, INVALID));
      expect(await exchange({ ...withVerifier, code_challenge_method: 'S256' })).toMatchObject(
        refusal(403, INVALID),
      );
      expect(await exchange({ code, code_challenge_method: 'S256' })).toMatchObject(
        refusal(400, 'Invalid code_challenge_method'),
      );
      expect(await exchange({ code })).toMatchObject({ status: 200 });
    });

    test('four wrong verifiers leave a code usable, five burn it', async () => {
      for (const [wrong, status] of [
        [4, 200],
        [5, 403],
      ] as const) {
        const code = await codeOf();
        const before = await keyCount();
        for (let times = 0; times < wrong; times++) {
          expect(await exchange({ code, code_verifier: `${VERIFIER}x` })).toMatchObject(
            refusal(403, INVALID),
          );
        }
        expect((await exchange({ code, code_verifier: VERIFIER })).status).toBe(status);
        expect(await keyCount()).toBe(before + (status === 200 ? 1 : 0));
      }
    });

    test("the code of one app is nothing to another without that app's verifier", async () => {
      const code = await codeOf({ ...S256, callback_url: 'https://a.example/cb' });
      expect(await exchange({ code, code_verifier: 'verifier-of-app-b' })).toMatchObject(
        refusal(403, INVALID),
      );
      expect(await exchange({ code, code_verifier: VERIFIER })).toMatchObject({ status: 200 });
    });

    test('a replay with a wrong verifier is only refused, with the right one it revokes the key', async () => {
      const code = await codeOf();
      const { key } = (await exchange({ code, code_verifier: VERIFIER })).json;
      expect(await exchange({ code, code_verifier: 'guess' })).toMatchObject(refusal(403, INVALID));
      expect(await exchange({ code })).toMatchObject(refusal(403, INVALID));
      expect(await statusWith(gateway, key)).toBe(200);
      clock.advance(MINUTE_MS);
      expect(await exchange({ code, code_verifier: VERIFIER })).toMatchObject(refusal(403, INVALID));
      expect(await statusWith(gateway, key)).toBe(401);
      expect(gateway.logLines.some((line) => line.includes('oauth_code_replayed'))).toBe(true);
      expect(await exchange({ code, code_verifier: VERIFIER })).toMatchObject(refusal(403, INVALID));
    });

    test('a replay without any challenge is refused and takes no key away', async () => {
      const code = await codeOf({});
      const { key } = (await exchange({ code })).json;
      expect(await exchange({ code })).toMatchObject(refusal(403, INVALID));
      expect(await statusWith(gateway, key)).toBe(200);
    });

    test('a code lives ten minutes to the millisecond', async () => {
      const last = await codeOf();
      const late = await codeOf();
      clock.advance(10 * MINUTE_MS - 1);
      expect(await exchange({ code: last, code_verifier: VERIFIER })).toMatchObject({ status: 200 });
      clock.advance(2);
      expect(await exchange({ code: late, code_verifier: VERIFIER })).toMatchObject(
        refusal(403, 'Authorization code expired'),
      );
    });

    test('what the key lost before the exchange is not passed on any more', async () => {
      const change = (hash: string, method: string, body?: object) =>
        fetch(`${gateway.baseUrl}/keys/${hash}`, {
          method,
          headers: { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'application/json' },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
      const demoted = await makeKey(gateway);
      const code = await codeOf({ limit: 8 }, demoted.key);
      await change(demoted.hash, 'PATCH', { limit: 3 });
      expect((await exchange({ code })).status).toBe(403);

      const disabled = await makeKey(gateway);
      const held = await codeOf({}, disabled.key);
      await change(disabled.hash, 'PATCH', { disabled: true });
      expect(await exchange({ code: held })).toMatchObject(refusal(403, INVALID));
      await change(disabled.hash, 'PATCH', { disabled: false });
      expect(await exchange({ code: held })).toMatchObject({ status: 200 });

      const deleted = await makeKey(gateway);
      const orphan = await codeOf({}, deleted.key);
      await change(deleted.hash, 'DELETE');
      expect(await exchange({ code: orphan })).toMatchObject(refusal(403, INVALID));

      const short = await makeKey(gateway, { expires_at: isoFromMs(clock.nowMs() + MINUTE_MS) });
      const stale = await codeOf({}, short.key);
      clock.advance(MINUTE_MS);
      expect(await exchange({ code: stale })).toMatchObject(refusal(403, INVALID));
    });

    test('codes are forgotten after a day, and their keys stay', async () => {
      const { database } = gateway;
      const code = await codeOf();
      const { key } = (await exchange({ code, code_verifier: VERIFIER })).json;
      const isKept = async (): Promise<boolean> => {
        await forgetOldCodes({ database, clock });
        const rows = await database.db.selectFrom('oauth_code').select('code_hash').execute();
        return rows.some((row) => row.code_hash === hashOf(code));
      };
      clock.advance(24 * 60 * MINUTE_MS - 1);
      expect(await isKept()).toBe(true);
      clock.advance(1);
      expect(await isKept()).toBe(false);
      expect(await exchange({ code, code_verifier: VERIFIER })).toMatchObject(refusal(403, INVALID));
      expect(await statusWith(gateway, key)).toBe(200);
    });
  });
}
