/** Apps that people let in, and how one of them is cut off. */
import { describe, expect, test } from 'bun:test';
import { signUpMember, signUpOwner, type Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { codeByKey, codeOf, postForm, postJson, registerApp, S256, statusWith, VERIFIER } from './bench.ts';

const MAX = { email: 'max@example.com', password: 'staple battery horse', name: 'Max' };
const GRANTS = '/api/dashboard/app-grants';
const SITE = { callback_url: 'https://site.example.com/cb', ...S256 };

interface Grant {
  readonly id: string;
  readonly name: string | null;
  readonly is_ours: boolean;
  readonly keys: readonly { readonly hash: string }[];
  readonly key_hashes: readonly string[];
}

const grantsOf = async (visitor: Visitor) =>
  (await visitor.get(GRANTS)).body['list'] as unknown as readonly Grant[];
const cutOff = (visitor: Visitor, id: string) =>
  visitor.send('DELETE', `${GRANTS}/${encodeURIComponent(id)}`);

const exchange = (gateway: TestGateway, code: string) =>
  postJson(gateway, '/auth/keys', { code, code_verifier: VERIFIER, code_challenge_method: 'S256' });

async function letIn(gateway: TestGateway, visitor: Visitor, query = SITE): Promise<string> {
  const { status, json } = await exchange(gateway, await codeOf({ gateway }, visitor, query));
  expect(status).toBe(200);
  return json.key;
}

describe.each(engines)('on $name', ({ name: engine }) => {
  test('each member sees and cuts off what they let in themselves; an admin, what anybody did', async () => {
    await using gateway = await startGateway({ engine });
    const owner = await signUpOwner(gateway);
    const max = await signUpMember(gateway, owner, MAX);
    const ofOwner = await letIn(gateway, owner);
    const ofMax = [await letIn(gateway, max), await letIn(gateway, max)];
    const other = await letIn(gateway, max, { ...SITE, callback_url: 'https://other.example.com/cb' });
    expect((await grantsOf(owner)).map(({ id, keys }) => [id, keys.length])).toEqual([
      ['name:other.example.com', 1],
      ['name:site.example.com', 3],
    ]);
    expect((await grantsOf(max)).map(({ keys }) => keys.length)).toEqual([1, 2]);

    const cut = await cutOff(max, 'name:site.example.com');
    expect([cut.status, cut.body]).toEqual([200, { revoked_keys: 2 }]);
    expect(await Promise.all(ofMax.map((key) => statusWith(gateway, key)))).toEqual([401, 401]);
    expect([await statusWith(gateway, ofOwner), await statusWith(gateway, other)]).toEqual([200, 200]);
    // What it had stays its own, for what it spent.
    const [, left] = await grantsOf(max);
    expect([left?.keys, left?.key_hashes.length]).toEqual([[], 2]);
    expect((await cutOff(max, 'name:site.example.com')).status).toBe(404);

    expect((await cutOff(owner, 'name:other.example.com')).status).toBe(200);
    expect(await statusWith(gateway, other)).toBe(401);
  });

  test('a code that the app has not used yet is worth nothing any more', async () => {
    await using gateway = await startGateway({ engine });
    const owner = await signUpOwner(gateway);
    const pending = await codeOf({ gateway }, owner, SITE);
    const elsewhere = await codeOf({ gateway }, owner, {
      ...SITE,
      callback_url: 'https://other.example.com/cb',
    });
    expect((await cutOff(owner, 'name:site.example.com')).status).toBe(200);
    expect((await exchange(gateway, pending)).status).not.toBe(200);
    expect((await exchange(gateway, elsewhere)).status).toBe(200);
  });

  test('a registered app and its devices are cut off together, whatever else has its name', async () => {
    await using gateway = await startGateway({ engine });
    const owner = await signUpOwner(gateway);
    const { client_id } = await registerApp(owner, { is_public: true, name: 'site.example.com' });
    const asked = await postForm(gateway, '/oauth/device_authorization', { client_id });
    const { device_code, user_code } = asked.json;
    const poll = () =>
      postForm(gateway, '/oauth/token', {
        ...{ grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code, client_id },
      });
    expect((await owner.post('/api/dashboard/device', { user_code, decision: 'approve' })).status).toBe(200);
    const query = {
      ...{ client_id, redirect_uri: 'https://your-app.com/callback', response_type: 'code' },
      ...S256,
    };
    const code = await codeOf({ gateway }, owner, query);
    const token = await postForm(gateway, '/oauth/token', {
      ...{ grant_type: 'authorization_code', code, code_verifier: VERIFIER, client_id },
      redirect_uri: query.redirect_uri,
    });
    const ofSite = await letIn(gateway, owner);
    const found = await grantsOf(owner);
    expect(found.map(({ id, name, is_ours }) => [id, name, is_ours])).toEqual([
      ['name:site.example.com', 'site.example.com', false],
      [`client:${client_id}`, 'site.example.com', true],
    ]);
    expect((await cutOff(owner, `client:${client_id}`)).body).toEqual({ revoked_keys: 1 });
    expect(await statusWith(gateway, token.json.access_token)).toBe(401);
    expect((await poll()).status).toBe(400);
    expect(await statusWith(gateway, ofSite)).toBe(200);
  });

  test('what nobody vouches for is a grant of its own, and foreign or odd names are not found', async () => {
    await using gateway = await startGateway({ engine });
    const owner = await signUpOwner(gateway);
    const { json } = await postJson(gateway, '/auth/keys', {
      ...{ code: await codeByKey(gateway), code_verifier: VERIFIER, code_challenge_method: 'S256' },
    });
    const [grant] = await grantsOf(owner);
    expect([grant?.name, grant?.id]).toEqual([null, `key:${grant?.keys[0]?.hash}`]);
    for (const id of ['x', 'name:', 'name:nobody', 'client:app_0', 'key:x', `key:${'0'.repeat(64)}`])
      expect([id, (await cutOff(owner, id)).status]).toEqual([id, 404]);
    expect(await statusWith(gateway, json.key)).toBe(200);
    expect((await cutOff(owner, grant?.id ?? '')).status).toBe(200);
    expect(await statusWith(gateway, json.key)).toBe(401);
  });
});
