import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Answer, type SendOptions, signUpMember, signUpOwner, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

const ADA = { email: 'ada@example.com', password: 'staple battery horse', name: 'Ada' };
const MAX = { email: 'max@example.com', password: 'staple battery horse', name: 'Max' };
const MIA = { email: 'mia@example.com', password: 'staple battery horse', name: 'Mia' };

const KEYS = '/api/dashboard/keys';
const LOG = '/api/dashboard/generations';

interface Own {
  readonly key: string;
  readonly hash: string;
}

const idOf = async (visitor: Visitor) => (await visitor.session())?.user.id ?? '';
const listOf = ({ body }: Answer) => body['list'] as Record<string, unknown>[];
const hashesOf = (answer: Answer) => listOf(answer).map(({ hash }) => hash);

async function create(visitor: Visitor, body: object = {}): Promise<Own> {
  const answer = await visitor.post(KEYS, { name: 'of a person', ...body });
  expect(answer.status).toBe(201);
  return { key: String(answer.body['key']), hash: String(answer.body['hash']) };
}

const chat = ({ baseUrl }: TestGateway, key: string) =>
  fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] }),
  });

/** Spend is written a moment after the answer. */
async function logWith(visitor: Visitor, path: string, count: number): Promise<Record<string, unknown>[]> {
  for (;;) {
    const rows = listOf(await visitor.get(path));
    if (rows.length >= count) return rows;
    await Bun.sleep(20);
  }
}

/** What may differ between two answers that say the same. */
function comparable({ status, text, headers }: Answer) {
  const kept = [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name));
  return { status, text, headers: kept };
}

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  test('a key that somebody makes is theirs, shows its secret once, and works until they revoke it', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const max = await signUpMember(bench, owner, MAX);
    const made = await max.post(KEYS, { name: 'Notebook', limit: 5, limit_reset: 'daily' });
    expect(made.status).toBe(201);
    expect(made.headers.get('cache-control')).toBe('no-store');
    const maxId = await idOf(max);
    expect(made.body).toMatchObject({ name: 'Notebook', limit: 5, creator_user_id: maxId });
    const [key, hash] = [String(made.body['key']), String(made.body['hash'])];
    expect(key).toMatch(/^sk-or-v1-/);

    expect((await chat(bench, key)).status).toBe(200);
    await logWith(max, LOG, 1);
    const read = await max.get(`${KEYS}/${hash}`);
    expect(read.body).toMatchObject({ hash, name: 'Notebook', disabled: false, limit_reset: 'daily' });
    expect(read.text).not.toContain(key);
    expect((await max.get(KEYS)).text).not.toContain(key);

    const path = `${KEYS}/${hash}`;
    expect((await max.send('PATCH', path, { disabled: true })).body).toMatchObject({ disabled: true });
    expect((await chat(bench, key)).status).toBe(403);
    expect(listOf(await max.get(KEYS))).toEqual([]);
    expect(hashesOf(await max.get(`${KEYS}?include_disabled=true`))).toEqual([hash]);
    expect((await max.send('PATCH', path, { disabled: false, name: 'Again' })).status).toBe(200);
    expect((await chat(bench, key)).status).toBe(200);

    expect((await max.send('DELETE', path)).body).toEqual({ deleted: true });
    expect((await chat(bench, key)).status).toBe(401);
    expect((await max.get(path)).status).toBe(404);
    const rows = await logWith(max, `${LOG}?api_key_hash=${hash}`, 2);
    expect(rows[0]).toMatchObject({ api_key_hash: hash, api_key_name: 'Again', model: 'acme/small' });
  });

  test('members see and touch only what they made; admins and owners, everything', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const ada = await signUpMember(bench, owner, { ...ADA, role: 'admin' });
    const max = await signUpMember(bench, owner, MAX);
    const mia = await signUpMember(bench, owner, MIA);
    const ofMax = await create(max);
    const ofMia = await create(mia);
    const ofOwner = await create(owner);
    const ofApi = await makeKey(bench);
    for (const { key } of [ofMax, ofMia, ofOwner, ofApi]) expect((await chat(bench, key)).status).toBe(200);
    await logWith(owner, LOG, 4);

    expect(hashesOf(await max.get(`${KEYS}?include_disabled=true`))).toEqual([ofMax.hash]);
    expect((await logWith(max, LOG, 1)).map(({ api_key_hash }) => api_key_hash)).toEqual([ofMax.hash]);
    const unknown = 'f'.repeat(64);
    for (const { hash } of [ofMia, ofOwner, ofApi]) {
      for (const [method, body] of [['GET'], ['PATCH', { disabled: true }], ['DELETE']] as const) {
        const foreign = await max.send(method, `${KEYS}/${hash}`, body);
        expect(foreign.status).toBe(404);
        expect(comparable(foreign)).toEqual(comparable(await max.send(method, `${KEYS}/${unknown}`, body)));
      }
      const foreign = await max.get(`${LOG}?api_key_hash=${hash}`);
      expect(foreign.text).toBe('{"data":[],"next_cursor":null,"searched_until":null}');
      expect(comparable(foreign)).toEqual(comparable(await max.get(`${LOG}?api_key_hash=${unknown}`)));
    }
    for (const { key } of [ofMia, ofOwner, ofApi]) expect((await chat(bench, key)).status).toBe(200);

    for (const visitor of [owner, ada]) {
      const hashes = hashesOf(await visitor.get(KEYS));
      expect(hashes).toEqual(expect.arrayContaining([ofMax, ofMia, ofOwner, ofApi].map(({ hash }) => hash)));
      expect((await visitor.get(`${KEYS}/${ofMia.hash}`)).status).toBe(200);
      expect(await logWith(visitor, `${LOG}?api_key_hash=${ofMia.hash}`, 2)).toHaveLength(2);
    }
    expect((await ada.send('PATCH', `${KEYS}/${ofMia.hash}`, { limit: 1 })).body).toMatchObject({ limit: 1 });
    expect((await ada.send('DELETE', `${KEYS}/${ofOwner.hash}`)).status).toBe(200);
    expect((await chat(bench, ofOwner.key)).status).toBe(401);
  });

  test('a key of another account is as unknown to an owner as one that never was', async () => {
    await using bench = await startGateway({ engine });
    const owner = await signUpOwner(bench);
    const hash = await insertForeignKey(bench, await create(owner));
    const { db } = bench.database;
    const before = await db.selectFrom('api_key').selectAll().where('hash', '=', hash).execute();
    const unknown = 'e'.repeat(64);
    for (const [method, body] of [['GET'], ['PATCH', { disabled: true }], ['DELETE']] as const) {
      const foreign = await owner.send(method, `${KEYS}/${hash}`, body);
      expect(foreign.status).toBe(404);
      expect(comparable(foreign)).toEqual(comparable(await owner.send(method, `${KEYS}/${unknown}`, body)));
    }
    expect(hashesOf(await owner.get(`${KEYS}?include_disabled=true`))).not.toContain(hash);
    expect((await owner.get(`${LOG}?api_key_hash=${hash}`)).text).toBe(
      '{"data":[],"next_cursor":null,"searched_until":null}',
    );
    expect(await db.selectFrom('api_key').selectAll().where('hash', '=', hash).execute()).toEqual(before);
  });
});

/** A copy of a key of ours, as another account would have it. */
async function insertForeignKey(bench: TestGateway, { hash }: Own): Promise<string> {
  const { db } = bench.database;
  const accountId = crypto.randomUUID();
  const workspaceId = crypto.randomUUID();
  const foreignHash = '0123456789abcdef'.repeat(4);
  await db
    .insertInto('account')
    .values({ id: accountId, kind: 'organisation', name: 'Elsewhere', created_at_ms: 1 })
    .execute();
  const [workspace, key] = await Promise.all([
    db.selectFrom('workspace').selectAll().executeTakeFirstOrThrow(),
    db.selectFrom('api_key').selectAll().where('hash', '=', hash).executeTakeFirstOrThrow(),
  ]);
  await db
    .insertInto('workspace')
    .values({ ...workspace, id: workspaceId, account_id: accountId })
    .execute();
  await db
    .insertInto('api_key')
    .values({ ...key, hash: foreignHash, account_id: accountId, workspace_id: workspaceId })
    .execute();
  return foreignHash;
}

test('a member makes no key in the name of somebody else, and no management key', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const max = await signUpMember(bench, owner, MAX);
  const ownerId = await idOf(owner);
  expect((await max.post(KEYS, { name: 'x', creator_user_id: ownerId })).status).toBe(403);
  const made = await max.post(KEYS, { name: 'x', kind: 'management', creator_user_id: await idOf(max) });
  const asManager = await fetch(`${bench.baseUrl}/keys`, {
    headers: { authorization: `Bearer ${made.body['key']}` },
  });
  expect(asManager.status).toBe(403);
  expect((await owner.post(KEYS, { name: 'x', creator_user_id: await idOf(max) })).status).toBe(201);
});

test('a role counts from the next request, and whoever has left sees and changes nothing', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const ada = await signUpMember(bench, owner, { ...ADA, role: 'admin' });
  const ofOwner = await create(owner);
  expect((await ada.get(`${KEYS}/${ofOwner.hash}`)).status).toBe(200);
  const adaPath = `/api/dashboard/members/${await idOf(ada)}`;
  expect((await owner.send('PATCH', adaPath, { role: 'member' })).status).toBe(200);
  expect((await ada.get(`${KEYS}/${ofOwner.hash}`)).status).toBe(404);
  expect(hashesOf(await ada.get(KEYS))).toEqual([]);

  expect((await owner.send('DELETE', adaPath)).status).toBe(200);
  const path = `${KEYS}/${ofOwner.hash}`;
  for (const [method, asked] of [
    ['GET', KEYS],
    ['POST', KEYS],
    ['GET', path],
    ['PATCH', path],
    ['DELETE', path],
    ['GET', LOG],
  ] as const) {
    expect((await ada.send(method, asked, { name: 'x', disabled: true })).status).toBe(401);
  }
  expect((await chat(bench, ofOwner.key)).status).toBe(200);
});

test('the log goes on page after page, and refuses what is no page of it', async () => {
  await using bench = await startGateway();
  const owner = await signUpOwner(bench);
  const { key, hash } = await create(owner);
  for (let count = 0; count < 5; count += 1) expect((await chat(bench, key)).status).toBe(200);
  await logWith(owner, LOG, 5);
  const ids: unknown[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ api_key_hash: hash, limit: '2', ...(cursor !== null && { cursor }) });
    const page = JSON.parse((await owner.get(`${LOG}?${query}`)).text) as {
      data: { id: string; created_at: string }[];
      next_cursor: string | null;
    };
    ids.push(...page.data.map(({ id }) => id));
    cursor = page.next_cursor;
  } while (cursor !== null);
  expect(new Set(ids).size).toBe(5);
  const all = listOf(await owner.get(LOG));
  expect(ids).toEqual(all.map(({ id }) => id));
  for (const query of [
    'limit=0',
    'limit=201',
    'limit=x',
    'cursor=x',
    'cursor=1.x',
    'api_key_hash=A',
    'limit=1&limit=2',
  ]) {
    expect((await owner.get(`${LOG}?${query}`)).status).toBe(400);
  }
});

describe('only pages of ours, with a session and its token', () => {
  let bench: TestGateway;
  let owner: Visitor;
  let own: Own;
  beforeAll(async () => {
    bench = await startGateway();
    owner = await signUpOwner(bench);
    own = await create(owner);
  });
  afterAll(() => bench?.stop());

  const forgeries: readonly (readonly [string, SendOptions])[] = [
    ['without a CSRF token', { headers: { 'x-csrf-token': '' } }],
    ['with a wrong CSRF token', { headers: { 'x-csrf-token': 'A'.repeat(43) } }],
    ['without an Origin', { origin: null }],
    ['from a foreign Origin', { origin: 'https://evil.example' }],
    ['from a sandboxed page', { origin: 'null' }],
    [
      'as a form would send it',
      { origin: null, headers: { 'content-type': 'text/plain', 'x-csrf-token': '' } },
    ],
  ];

  test.each(forgeries)('a change %s is refused and changes nothing', async (_name, options) => {
    const { db } = bench.database;
    const rows = () => db.selectFrom('api_key').selectAll().orderBy('hash').execute();
    const before = await rows();
    const path = `${KEYS}/${own.hash}`;
    for (const [method, asked, body] of [
      ['POST', KEYS, { name: 'forged' }],
      ['PATCH', path, { disabled: true }],
      ['DELETE', path, {}],
    ] as const) {
      const answer = await owner.send(method, asked, body, options);
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('foreign_request');
    }
    expect(await rows()).toEqual(before);
  });

  test('no answer invites another origin to read it', async () => {
    for (const [method, path] of [
      ['GET', KEYS],
      ['GET', `${KEYS}/${own.hash}`],
      ['GET', LOG],
      ['OPTIONS', KEYS],
      ['POST', KEYS],
      ['PUT', KEYS],
    ] as const) {
      const { headers } = await owner.send(method, path, {}, { headers: { origin: 'https://evil.example' } });
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  test('nobody without a session, and no API key instead of one', async () => {
    for (const path of [KEYS, `${KEYS}/${own.hash}`, LOG]) {
      expect((await new Visitor(bench.url).get(path)).status).toBe(401);
      const withKey = await fetch(`${bench.url}${path}`, {
        headers: { authorization: `Bearer ${bench.managementKey}` },
      });
      expect(withKey.status).toBe(401);
    }
  });

  test('the API takes no session instead of a key', async () => {
    for (const [method, path] of [
      ['GET', '/api/v1/keys'],
      ['POST', '/api/v1/keys'],
      ['DELETE', `/api/v1/keys/${own.hash}`],
      ['GET', '/api/v1/key'],
      ['GET', '/api/v1/generation?id=gen-1'],
      ['POST', '/api/v1/chat/completions'],
    ] as const) {
      expect((await owner.send(method, path, { name: 'x' })).status).toBe(401);
    }
  });
});
