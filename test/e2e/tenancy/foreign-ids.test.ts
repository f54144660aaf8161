/**
 * Two accounts that have one of everything. Whatever id of the one the other writes into any path, body or filter of any route, it is
 * answered as an id of nobody, and nothing of the one changes.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newKeySecret } from '../../../src/auth/key-secret.ts';
import { insertPayment } from '../../../src/billing/store.ts';
import type { Route } from '../../../src/http/route.ts';
import { newId } from '../../../src/ids.ts';
import { isJsonObject, type JsonObject } from '../../../src/json.ts';
import { addKey } from '../../../src/keys/create-key.ts';
import { newKeyRow, parseNewKey } from '../../../src/keys/keys.ts';
import { insertAccount, insertWorkspace } from '../../../src/tenancy/store.ts';
import { signUpMember, signUpOwner, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { startGateway, type TestGateway } from '../../harness.ts';
import { RIGHT_BODIES } from '../accounts/right-bodies.ts';

const PASSWORD = 'correct horse battery';
const APP = { name: 'A', redirect_uris: ['https://a.example.com/cb'] };
const TRUST = '/api/dashboard/workload-identity';

/** Ids of one of each kind of thing that an account can have. */
type Kind =
  | 'key'
  | 'manager'
  | 'workspace'
  | 'user'
  | 'guardrail'
  | 'webhook'
  | 'delivery'
  | 'ownKey'
  | 'tagBudget'
  | 'rateLimit'
  | 'scimUser'
  | 'scimGroup'
  | 'mapping'
  | 'syncJob'
  | 'externalUser'
  | 'invitation'
  | 'session'
  | 'app'
  | 'issuer'
  | 'policy'
  | 'generation'
  | 'payment';
type Things = Readonly<Record<Kind, string>>;

interface Tenant {
  readonly accountId: string;
  readonly owner: Visitor;
  readonly managementKey: string;
  readonly apiKey: string;
  readonly things: Things;
}

/** What a parameter of a path is the id of: the first that fits, looked up by what stands before it. */
const IN_PATHS: readonly (readonly [RegExp, Kind])[] = [
  [/\/scim\/v2\/Users\/:id$/, 'scimUser'],
  [/\/scim\/v2\/Groups\/:id$/, 'scimGroup'],
  [/\/group-mappings\/:id$/, 'mapping'],
  [/\/sync-jobs\/:id$/, 'syncJob'],
  [/\/external-users\/:user$/, 'externalUser'],
  [/\/management-keys\/:hash$/, 'manager'],
  [/\/keys\/:hash$/, 'key'],
  [/\/members\/:userId$/, 'user'],
  [/\/sessions\/:id$/, 'session'],
  [/\/invitations\/:id$/, 'invitation'],
  [/\/apps\/:id$/, 'app'],
  [/\/app-grants\/:app$/, 'app'],
  [/\/issuers\/:id$/, 'issuer'],
  [/\/policies\/:id$/, 'policy'],
  [/\/guardrails\/:id$/, 'guardrail'],
  [/\/byok\/:id$/, 'ownKey'],
  [/\/webhooks\/:id$/, 'webhook'],
  [/\/deliveries\/:delivery$/, 'delivery'],
  [/\/purchases\/:id$/, 'payment'],
  [/\/generations\/:id$/, 'generation'],
  [/\/workspaces\/:id$/, 'workspace'],
  [/\/tag-budgets\/:budgetId$/, 'tagBudget'],
  [/\/rate-limits\/:limitId$/, 'rateLimit'],
];

/** Members of bodies and filters of queries that name a thing; in a list, too. */
const BY_NAME: Readonly<Record<string, readonly Kind[]>> = {
  workspace_id: ['workspace'],
  workspace: ['workspace'],
  issuer_id: ['issuer'],
  federation_policy_id: ['policy'],
  target_key_hash: ['key'],
  api_key_hash: ['key'],
  api_key_hashes: ['key'],
  allowed_api_key_hashes: ['key'],
  key_hashes: ['key'],
  key: ['key', 'manager'],
  hash: ['key'],
  user_id: ['user', 'externalUser'],
  user_ids: ['user'],
  member_user_ids: ['user'],
  allowed_user_ids: ['user'],
  creator_user_id: ['user'],
  creator: ['user'],
  target: ['key', 'user', 'workspace'],
  actor: ['user', 'manager'],
  guardrail_id: ['guardrail'],
  scim_group_id: ['scimGroup'],
  ids: ['ownKey'],
  value: ['scimUser'],
  client_id: ['app'],
  app: ['app'],
  id: ['generation', 'key'],
  generation_id: ['generation'],
};

interface Parameter {
  readonly name: string;
  readonly index: number;
  readonly kind: Kind;
}

/** Those of a path that are ids. */
function parametersOf(path: string): readonly Parameter[] {
  return [...path.matchAll(/:\w+/g)].flatMap(({ 0: name, index }) => {
    if (name === ':interval') return [];
    const upToIt = path.slice(0, index + name.length);
    const kind = IN_PATHS.find(([end]) => end.test(upToIt))?.[1];
    if (kind === undefined) throw new Error(`${path}: say above what ${name} is the id of`);
    return [{ name, index, kind }];
  });
}

interface IdPlace {
  readonly kind: Kind;
  readonly withId: (id: string) => unknown;
}

/** Where a body that is right names a thing. */
function placesIn(body: unknown): readonly IdPlace[] {
  if (Array.isArray(body))
    return body.flatMap((item, at) =>
      placesIn(item).map(({ kind, withId }) => ({ kind, withId: (id: string) => body.with(at, withId(id)) })),
    );
  if (!isJsonObject(body)) return [];
  return Object.entries(body).flatMap(([name, member]): readonly IdPlace[] => [
    ...(BY_NAME[name] ?? []).map((kind) => ({
      kind,
      withId: (id: string) => ({ ...body, [name]: Array.isArray(member) ? [id] : id }),
    })),
    ...placesIn(member).map(({ kind, withId }) => ({
      kind,
      withId: (id: string) => ({ ...body, [name]: withId(id) }),
    })),
  ]);
}

/** Few enough for every limit of attempts, which are forgotten before each. */
const AT_ONCE = 5;

/** Its list grows by what is asked here. What it has of another account is tried in test/e2e/audit. */
const GROWING = /\/audit(?:\/export)?$/;

const ofPages = (path: string) => path.startsWith('/api/dashboard/');
const isOfTenants = ({ path, access }: Route) =>
  (access === 'managementKey' || access === 'session') && !path.startsWith('/api/auth/');

/** An id that looks like this one and is nobody's. */
function likeIt(id: string): string {
  if (/^[0-9a-f]{64}$/.test(id))
    return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex');
  if (/^[0-9a-f]{8}-/.test(id)) return newId();
  return id.replace(/[0-9A-Za-z]{8}$/, () => crypto.randomUUID().slice(0, 8));
}

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let bench: TestGateway;
  let ours: Tenant;
  let theirs: Tenant;

  const byKey = async (bearer: string, method: string, path: string, body?: unknown) => {
    const answer = await fetch(bench.url + path, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      ...(body === undefined || method === 'GET' ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  };

  /** One of everything, made by its own keys and its own owner. */
  async function furnish(tenant: Omit<Tenant, 'things'>, userId: string, name: string): Promise<Things> {
    const { owner, managementKey, apiKey, accountId } = tenant;
    const make = async (path: string, body: object): Promise<JsonObject> => {
      const answer = ofPages(path)
        ? await owner.send('POST', path, body)
        : await byKey(managementKey, 'POST', path, body);
      if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`);
      const json = JSON.parse(answer.text) as JsonObject;
      return isJsonObject(json['data']) ? json['data'] : json;
    };
    const idOf = async (path: string, body: object) => String((await make(path, body))['id']);
    const workspace = await idOf('/api/v1/workspaces', { name, slug: `w-${name}` });
    const limits = `/api/v1/workspaces/${workspace}`;
    const webhook = await idOf('/api/v1/webhooks', { name, url: 'https://hooks.example.com/x' });
    const issuer = await idOf(`${TRUST}/issuers`, {
      ...{ name, issuer_url: `https://${name}.example.com`, jwks_url: `https://${name}.example.com/jwks` },
    });
    const scimGroup = await idOf('/scim/v2/Groups', { displayName: name });
    const key = String((await make('/api/v1/keys', { name }))['hash']);
    const chat = await byKey(apiKey, 'POST', '/api/v1/chat/completions', {
      ...{ model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] },
    });
    const payment = newId();
    await insertPayment(bench.database.db, {
      ...{ id: payment, account_id: accountId, kind: 'checkout', state: 'open', is_live: 0, saves_card: 0 },
      ...{ amount_nano_usd: 5_000_000_000n, fee_nano_usd: 0n, customer_id: null, checkout_session_id: null },
      ...{ payment_intent_id: null, user_id: userId, failure: null, refunded_nano_usd: 0n, paid_at_ms: null },
      ...{ taken_for_refunds_nano_usd: 0n, taken_for_disputes_nano_usd: 0n },
      ...{ created_at_ms: Date.now(), asked_at_ms: Date.now() },
    });
    const externalUser = `customer-${crypto.randomUUID().slice(0, 8)}`;
    await make('/api/v1/external-users', { user: externalUser });
    return {
      ...{ key, workspace, webhook, issuer, scimGroup, payment, externalUser, user: userId },
      manager: String((await make('/api/dashboard/management-keys', { name }))['hash']),
      guardrail: await idOf('/api/v1/guardrails', { name, allowed_models: ['acme/small'] }),
      delivery: await idOf(`/api/v1/webhooks/${webhook}/test`, {}),
      ownKey: await idOf('/api/v1/byok', { provider: 'acme', key: 'sk-own-0123456789abcdef' }),
      tagBudget: await idOf(`${limits}/tag-budgets`, { tag: 'project', interval: 'daily', limit_usd: 1 }),
      rateLimit: await idOf(`${limits}/rate-limits`, { subject: 'workspace', requests_per_minute: 90 }),
      scimUser: await idOf('/scim/v2/Users', { userName: `${name}-scim@example.com` }),
      mapping: await idOf('/api/v1/scim/group-mappings', {
        ...{ scim_group_id: scimGroup, workspace_id: workspace, role: 'member' },
      }),
      syncJob: await idOf('/api/v1/scim/sync-jobs', {}),
      invitation: await idOf('/api/dashboard/invitations', { email: null, role: 'member' }),
      session: String((await owner.session())?.id),
      app: await idOf('/api/dashboard/apps', APP),
      policy: await idOf(`${TRUST}/policies`, {
        ...{ name, issuer_id: issuer, subject: 's', audience: 'a', target_key_hash: key },
      }),
      generation: (JSON.parse(chat.text) as { id: string }).id,
    };
  }

  beforeAll(async () => {
    bench = await startGateway({
      engine,
      config: { figures: { tags: ['project'] }, billing: { mode: 'off' } },
    });
    const first = await signUpOwner(bench);
    const credentials = { email: 'beta@example.com', password: PASSWORD };
    const second = await signUpMember(bench, first, { ...credentials, role: 'owner' });
    const userOf = async (visitor: Visitor) => String((await visitor.session())?.user.id);
    const [accountId, workspaceId] = [newId(), newId()];
    const secrets = { api: newKeySecret(), management: newKeySecret() };
    const nowMs = Date.now();
    const secondId = await userOf(second);
    await bench.database.transaction(async (trx) => {
      await insertAccount(trx, { id: accountId, kind: 'organisation', name: 'Beta', created_at_ms: nowMs });
      await insertWorkspace(trx, {
        ...{ id: workspaceId, account_id: accountId, name: 'B', slug: 'default', is_default: 1 },
        created_at_ms: nowMs,
      });
      for (const kind of ['api', 'management'] as const) {
        const key = parseNewKey({ name: kind }, nowMs);
        const whose = { key, accountId, workspaceId, creatorUserId: null, nowMs };
        await addKey(trx, newKeyRow({ ...whose, secret: secrets[kind], kind }));
      }
      await trx
        .updateTable('member')
        .set({ account_id: accountId })
        .where('user_id', '=', secondId)
        .execute();
      await trx.deleteFrom('session').where('user_id', '=', secondId).execute();
    });
    const owner = new Visitor(bench.url);
    await owner.signIn(credentials);
    expect((await owner.session())?.account.id).toBe(accountId);
    const one = {
      ...{ accountId: bench.gateway.accounts.accountId, owner: first },
      ...{ managementKey: bench.managementKey, apiKey: bench.apiKey },
    };
    const other = { accountId, owner, managementKey: secrets.management.key, apiKey: secrets.api.key };
    theirs = { ...one, things: await furnish(one, await userOf(first), 'alpha') };
    ours = { ...other, things: await furnish(other, secondId, 'beta') };
  }, 120_000);
  afterAll(() => bench?.stop());

  async function ask(method: string, path: string, body?: unknown) {
    await bench.database.db.deleteFrom('attempt_count').execute();
    const { status, text } = ofPages(path)
      ? await ours.owner.send(method, path, body)
      : await byKey(ours.managementKey, method, path, body);
    return { status, text };
  }

  /** An answer without the id that was asked with and without what each answer has of its own: names of what was just made, and times. */
  const told = ({ status, text }: { status: number; text: string }, id: string) =>
    `${status} ${text
      .replaceAll(id, '<id>')
      .replace(/"request_id":"[^"]*"/g, '')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|sk-or-[\w.-]+/g, '<name>')}`;

  /** Every row that belongs to the other account. */
  async function theirRows(): Promise<Record<string, unknown>> {
    const { db } = bench.database;
    const tables = ['api_key', 'workspace', 'workspace_member', 'member', 'invitation', 'guardrail'] as const;
    const more = ['webhook', 'byok_key', 'scim_user', 'scim_group', 'scim_group_mapping'] as const;
    const others = ['external_user', 'oauth_client', 'payment', 'billing_account'] as const;
    const rows = [...tables, ...more, ...others].map(async (table) => {
      const found = await db
        .selectFrom(table)
        .selectAll()
        .where('account_id', '=', theirs.accountId)
        .execute();
      // Of webhooks it tells what the gateway itself has tried meanwhile.
      return [table, found.map((row) => ({ ...row, failing_since_ms: null }))];
    });
    return Object.fromEntries(await Promise.all(rows));
  }

  /** Asks twice, with an id of the other account and with one of nobody; null: the answers are the same. */
  async function difference(
    foreignId: string,
    send: (id: string) => ReturnType<typeof ask>,
  ): Promise<readonly string[] | null> {
    const unknownId = likeIt(foreignId);
    const answer = await send(foreignId);
    const others = Object.values(theirs.things).filter((id) => id !== foreignId && answer.text.includes(id));
    if (others.length > 0) return ['tells of theirs', ...others];
    const [foreign, unknown] = [told(answer, foreignId), told(await send(unknownId), unknownId)];
    return foreign === unknown ? null : [foreign, unknown];
  }

  test('in the path of any route, an id of another account is one of nobody, and nothing of theirs changes', async () => {
    const before = await theirRows();
    const differing: unknown[] = [];
    const served: unknown[] = [];
    let asked = 0;
    for (const { method, path } of bench.gateway.routes.filter(isOfTenants)) {
      const parameters = parametersOf(path);
      for (const { kind, index } of parameters) {
        const foreignId = theirs.things[kind];
        const send = async (id: string) => {
          const target = parameters.reduceRight((filled, one) => {
            // What stands before it is our own, so that nothing else is in its way.
            const value = one.index === index ? id : (one.index < index ? ours : theirs).things[one.kind];
            return filled.slice(0, one.index) + value + filled.slice(one.index + one.name.length);
          }, path);
          const name = `${method} ${path}`;
          const answer = await ask(method, target.replace(':interval', 'daily'), RIGHT_BODIES[name]);
          if (answer.status < 400) served.push([name, kind, answer.status, answer.text.slice(0, 80)]);
          return answer;
        };
        const found = await difference(foreignId, send);
        if (found !== null) differing.push([method, path, kind, ...found]);
        asked += 1;
      }
    }
    expect(differing).toEqual([]);
    expect(served).toEqual([]);
    expect(await theirRows()).toEqual(before);
    expect(asked).toBeGreaterThan(100);
  }, 300_000);

  test('in a body, at any depth, it is one of nobody too', async () => {
    const before = await theirRows();
    const differing: unknown[] = [];
    let asked = 0;
    for (const { method, path } of bench.gateway.routes.filter(isOfTenants)) {
      const body = RIGHT_BODIES[`${method} ${path}`];
      if (body === undefined) continue;
      const target = parametersOf(path)
        .reduceRight(
          (filled, { kind, index, name }) =>
            filled.slice(0, index) + ours.things[kind] + filled.slice(index + name.length),
          path,
        )
        .replace(':interval', 'daily');
      for (const { kind, withId } of placesIn(body)) {
        // Elsewhere than among members of a group, `value` is any text.
        if (kind === 'scimUser' && !path.startsWith('/scim/')) continue;
        const found = await difference(theirs.things[kind], (id) => ask(method, target, withId(id)));
        if (found !== null) differing.push([method, path, kind, ...found]);
        asked += 1;
      }
    }
    expect(differing).toEqual([]);
    expect(await theirRows()).toEqual(before);
    expect(asked).toBeGreaterThan(30);
  }, 300_000);

  test('in a filter of any list it finds nothing', async () => {
    const differing: unknown[] = [];
    for (const { method, path } of bench.gateway.routes.filter(isOfTenants)) {
      if (method !== 'GET' || path.includes(':') || GROWING.test(path)) continue;
      const named = Object.entries(BY_NAME).flatMap(([name, kinds]) => kinds.map((kind) => ({ name, kind })));
      // Readers change nothing that another one of them is told.
      for (let start = 0; start < named.length; start += AT_ONCE) {
        const together = named.slice(start, start + AT_ONCE).map(async ({ name, kind }) => {
          const send = (id: string) => ask('GET', `${path}?${new URLSearchParams({ [name]: id })}`);
          const found = await difference(theirs.things[kind], send);
          if (found !== null) differing.push([path, name, kind, ...found]);
        });
        await Promise.all(together);
      }
    }
    expect(differing).toEqual([]);
  }, 300_000);
});
