/** Every answer that the pages are typed by is what its route is declared to give: full rows, empty ones, and odd ones. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { signUpMember, signUpOwner, Visitor } from '../../accounts.ts';
import { ANSWERS, held, holdToDeclared } from '../../answers.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';
import { askDoor, DOOR_CASES, type DoorCase } from '../content/rig.ts';

const CHAT = DOOR_CASES[0] as DoorCase;
const TRUST = '/api/dashboard/workload-identity';
/** Of what needs a mailbox or a browser: where they are walked through, the visitor there holds their answers to it too. */
const ELSEWHERE = [
  'GET /api/dashboard/email-change',
  'POST /api/dashboard/credits/checkout',
  'POST /api/dashboard/credits/purchases/:id/refresh',
  'GET /api/dashboard/consent/code',
  'POST /api/auth/two-factor/generate-backup-codes',
];

let gateway: TestGateway;
let owner: Visitor;
beforeAll(async () => {
  gateway = await startGateway({ config: { figures: { tags: ['project'] } } });
  owner = await signUpOwner(gateway);
});
afterAll(() => gateway?.stop());

async function byKey(
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; json: unknown }> {
  const answer = await fetch(gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const json: unknown = await answer.json();
  holdToDeclared(method, path, answer.status, json);
  return { status: answer.status, json };
}

async function ok(method: string, path: string, body?: object) {
  const answer = await owner.send(method, path, body);
  expect([method, path, answer.status]).toEqual([method, path, answer.status < 300 ? answer.status : 200]);
  return answer.body;
}

test('with nothing in it', async () => {
  for (const name of Object.keys(ANSWERS)) {
    const [method, path = ''] = name.split(' ');
    if (
      method === 'GET' &&
      path.startsWith('/api/dashboard/') &&
      !/:|consent|device|email|preview/.test(path)
    )
      await ok('GET', path);
  }
  await ok('GET', '/api/auth/list-accounts');
  await ok('GET', '/api/auth/passkey/list-user-passkeys');
  await ok('GET', '/.well-known/oauth-authorization-server');
});

test('of workspaces, who works in them, and what groups give', async () => {
  const made = await ok('POST', '/api/dashboard/workspaces', { name: 'Production', slug: 'production' });
  await ok('GET', '/api/dashboard/workspaces');
  await ok('GET', '/api/dashboard/workspaces/production');
  await ok('PATCH', '/api/dashboard/workspaces/production', { description: 'What customers use' });
  await ok('GET', '/api/dashboard/workspaces/default/members');
  await ok('PATCH', '/api/dashboard/organisation/rules', { key_rotation_days: 90 });
  await ok('GET', '/api/dashboard/organisation/rules');
  const pushed = await fetch(`${gateway.url}/scim/v2/Groups`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify({ displayName: 'Team' }),
  });
  const { id } = (await pushed.json()) as { id: string };
  const wish = { scim_group_id: id, workspace_id: String(made['id']), role: 'member' };
  await ok('POST', '/api/dashboard/scim/group-mappings', wish);
  await ok('GET', '/api/dashboard/scim');
});

test('of credits', async () => {
  await ok('PATCH', '/api/dashboard/credits/alerts', { percents: [] });
  await ok('PATCH', '/api/dashboard/credits/top-up', { threshold_usd: 0.5 });
  await ok('DELETE', '/api/dashboard/credits/card');
});

test('of people and their organisation', async () => {
  await ok('PATCH', '/api/dashboard/organisation', { name: 'Analytical Engines', time_zone: 'Asia/Kolkata' });
  const image = await new Bun.Image(
    Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    ),
  ).toBase64();
  await ok('PUT', '/api/dashboard/organisation/logo', { image });
  await ok('GET', '/api/dashboard/session');
  await ok('DELETE', '/api/dashboard/organisation/logo');
  const invited = await ok('POST', '/api/dashboard/invitations', { email: null, role: 'admin' });
  const token = new URL(String(invited['link'])).searchParams.get('token') ?? '';
  await ok('GET', `/api/dashboard/invitations/preview?token=${token}`);
  await ok('GET', '/api/dashboard/invitations');
  await new Visitor(gateway.url).post('/api/dashboard/invitations/accept', { token });
  await signUpMember(gateway, owner, { email: 'm@example.com', password: 'correct horse battery' });
  await ok('GET', '/api/dashboard/members');
  await ok('GET', '/api/dashboard/sessions');
  const password = 'correct horse battery';
  const member = new Visitor(gateway.url);
  await member.signIn({ email: 'm@example.com', password });
  expect((await member.post('/api/auth/two-factor/enable', { password })).status).toBe(200);
});

test('of keys, by either door', async () => {
  const limited = await ok('POST', '/api/dashboard/keys', {
    ...{ name: 'Limited', limit: 5, limit_reset: 'daily', expires_at: '2100-01-01T00:00:00Z' },
  });
  await ok('PATCH', `/api/dashboard/keys/${String(limited['hash'])}`, { disabled: true });
  await ok('GET', `/api/dashboard/keys/${String(limited['hash'])}`);
  await ok('POST', `/api/dashboard/keys/${String(limited['hash'])}/rotate`, {});
  const manager = await ok('POST', '/api/dashboard/management-keys', { name: 'Terraform' });
  await ok('PATCH', `/api/dashboard/management-keys/${String(manager['hash'])}`, { disabled: true });
  await ok('POST', `/api/dashboard/management-keys/${String(manager['hash'])}/rotate`, {});
  await ok('GET', '/api/dashboard/management-keys');
  const { hash } = await makeKey(gateway, {
    external: { user: 'u', api_key: 'sk-theirs-0123456789-0123456789-0123456789' },
  });
  await byKey('GET', '/api/v1/keys');
  await byKey('GET', `/api/v1/keys/${hash}`);
  await ok('GET', '/api/dashboard/keys?include_disabled=true');
});

test('of guardrails and whom they bind', async () => {
  const { hash } = await makeKey(gateway);
  const { id } = await ok('POST', '/api/dashboard/guardrails', {
    name: 'Rules',
    allowed_models: ['acme/small'],
  });
  const path = `/api/dashboard/guardrails/${String(id)}`;
  await ok('PATCH', path, { content_filter_builtins: [{ slug: 'email', action: 'block' }] });
  await ok('GET', path);
  await ok('POST', `${path}/preview`, { allowed_models: null });
  await ok('POST', '/api/dashboard/policy/replay', { guardrail: { allowed_models: null }, days: 1 });
  await ok('POST', `${path}/assignments/keys`, { key_hashes: [hash] });
  await ok('GET', `${path}/assignments/keys`);
  await ok('GET', `${path}/assignments/members`);
});

test('of what workspaces may spend, and how fast', async () => {
  const { id } = await ok('GET', '/api/dashboard/workspaces/default');
  const page = `/api/dashboard/workspaces/${String(id)}`;
  await ok('PUT', `${page}/budgets/daily`, { limit_usd: 5 });
  const tag = await ok('POST', `${page}/tag-budgets`, {
    ...{ tag: 'project', value: null, interval: 'monthly', limit_usd: 5 },
  });
  await ok('PATCH', `${page}/tag-budgets/${String(tag['id'])}`, { limit_usd: 6 });
  const rate = await ok('POST', `${page}/rate-limits`, {
    ...{ subject: 'workspace', requests_per_minute: 5_000 },
  });
  await ok('PATCH', `${page}/rate-limits/${String(rate['id'])}`, { requests_per_minute: 6_000 });
  await ok('GET', `${page}/limits`);
  for (const path of ['budgets/daily', 'tag-budgets', 'rate-limits'])
    expect((await byKey('GET', `/api/v1/workspaces/default/${path}`)).status).toBe(200);
});

test('of webhooks, what was sent to them, and what people are told', async () => {
  await ok('PATCH', '/api/dashboard/notifications', { by_mail: { 'key.leaked': false } });
  await ok('PATCH', '/api/dashboard/notifications/settings', { key_limit_percent: 90 });
  const made = await ok('POST', '/api/dashboard/webhooks', {
    ...{ name: 'Ours', url: 'https://hooks.example.com/x', kinds: ['credits.low'] },
  });
  const path = `/api/dashboard/webhooks/${String(made['id'])}`;
  await ok('GET', path);
  await ok('PATCH', path, { name: 'Theirs' });
  await ok('POST', `${path}/secret`, {});
  const { id } = await ok('POST', `${path}/test`, {});
  await ok('GET', `${path}/deliveries`);
  await ok('POST', `${path}/deliveries/${String(id)}/replay`, {});
});

test('of a bill beside the ledger', async () => {
  const path = '/api/v1/reconcile?provider=acme';
  const bill = { data: [{ day: '2026-11-01', model: 'acme/small', requests: 1 }] };
  expect((await byKey('POST', path, bill)).status).toBe(200);
});

test('of requests that ran, failed and were refused, and the figures of them', async () => {
  const { id } = await askDoor(gateway, CHAT, 'hello');
  await askDoor(gateway, CHAT, `!fake ${JSON.stringify({ status: 500 })}\nhello`).catch(() => undefined);
  const broke = await makeKey(gateway, { limit: 0 });
  await askDoor({ ...gateway, apiKey: broke.key }, CHAT, 'hello').catch(() => undefined);
  const { list } = (await ok('GET', '/api/dashboard/refusals')) as { list?: unknown[] };
  expect(list).toHaveLength(1);
  await ok('GET', '/api/dashboard/generations');
  await ok('GET', `/api/dashboard/generations/${id}`);
  await byKey('GET', `/api/v1/generation?id=${id}`);
  await byKey('GET', '/api/v1/activity');
  await ok('GET', '/api/dashboard/activity?group_by=workspace');
  await ok('GET', '/api/dashboard/analytics/meta');
  const meta = await ok('GET', '/api/dashboard/analytics/meta');
  const metrics = (meta['metrics'] as { name: string }[]).map(({ name }) => name);
  for (const { name } of meta['dimensions'] as { name: string }[]) {
    const asked = { metrics, dimensions: [name], granularity: 'day' };
    await ok('POST', '/api/dashboard/analytics/query', asked);
    await byKey('POST', '/api/v1/analytics/query', asked);
  }
  await fetch(`${gateway.baseUrl}/generation/feedback`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ generation_id: id, category: 'latency', comment: 'slow' }),
  });
  await ok('GET', '/api/dashboard/feedback');
  await ok('PATCH', '/api/dashboard/content-logging', { enabled: true, retention_days: 7 });
  await ok('GET', '/api/dashboard/content-logging');
});

test('of models and who offers them', async () => {
  await byKey('GET', '/api/v1/models?output_modalities=all');
  const { json } = await byKey('GET', '/api/v1/models');
  for (const { id } of (json as { data: { id: string }[] }).data)
    await byKey('GET', `/api/v1/models/${id}/endpoints`);
});

test('of apps, what they ask for, and whose tokens are trusted', async () => {
  const shy = await ok('POST', '/api/dashboard/apps', {
    ...{ name: 'Shy', redirect_uris: ['https://a.example.com/cb'], is_public: false },
  });
  await ok('POST', `/api/dashboard/apps/${String(shy['id'])}/secret`, {});
  await ok('PATCH', `/api/dashboard/apps/${String(shy['id'])}`, { name: 'Less shy' });
  const app = await ok('POST', '/api/dashboard/apps', {
    ...{ name: 'TV', redirect_uris: ['https://tv.example.com/cb'], is_public: true },
  });
  await ok('GET', '/api/dashboard/apps');
  await ok(
    'GET',
    `/api/dashboard/consent?${new URLSearchParams({ callback_url: 'http://localhost:3000/cb', limit: '5' })}`,
  );
  const device = await fetch(`${gateway.baseUrl}/oauth/device_authorization`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: String(app['client_id']) }),
  });
  const { user_code } = (await device.json()) as { user_code: string };
  await ok('GET', `/api/dashboard/device?user_code=${user_code}`);

  const issuer = await ok('POST', `${TRUST}/issuers`, {
    ...{ name: 'CI', issuer_url: 'https://ci.example.com', jwks_url: 'https://ci.example.com/jwks' },
  });
  await ok('PATCH', `${TRUST}/issuers/${String(issuer['id'])}`, { name: 'CI 2' });
  const keys = (await ok('GET', `${TRUST}/target-keys`)) as { list?: { hash: string }[] };
  const policy = await ok('POST', `${TRUST}/policies`, {
    ...{ name: 'Deploy', issuer_id: issuer['id'], subject: 'ci', audience: 'https://turnpike' },
    target_key_hash: keys.list?.[0]?.hash,
  });
  await ok('PATCH', `${TRUST}/policies/${String(policy['id'])}`, { enabled: false });
  await ok('GET', `${TRUST}/issuers`);
  await ok('GET', `${TRUST}/policies`);
});

test('nothing that is declared went by without being asked for', () => {
  const missing = Object.keys(ANSWERS).filter((name) => !held.has(name) && !ELSEWHERE.includes(name));
  expect(missing).toEqual([]);
});

test('an answer with a member too few, too many or of another type is noticed', () => {
  const row = { id: 'a', name: 'b', time_zone: 'UTC', logo: null };
  const hold = (data: object) => () => holdToDeclared('GET', '/api/dashboard/organisation', 200, { data });
  expect(hold(row)).not.toThrow();
  expect(hold({ ...row, secret: 'x' })).toThrow(/secret/);
  expect(hold({ ...row, name: 7 })).toThrow(/name/);
  expect(hold({ id: 'a' })).toThrow(/time_zone/);
});
