import { expect, test } from 'bun:test';
import type { Route } from '../../../src/http/route.ts';
import { OWNER, signUpMember, signUpOwner, Visitor } from '../../accounts.ts';
import { Passkey, totpCode } from '../../authenticators.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

const ID = '01890000-0000-7000-8000-000000000000';
const TOKEN = 'abcdefghijklmnopqrstuvwxyz0123456789';
const PASSWORD = 'another long password';
const CALLBACK = 'https://app.example.com/cb';
const ISSUER = { name: 'CI', issuer_url: 'https://ci.example.com', jwks_url: null };
const POLICY = {
  ...{ name: 'CI', issuer_id: ID, subject: 's', audience: 'a', required_scope: 'x' },
  ...{ required_token_type: 'x', condition: null, target_key_hash: 'f'.repeat(64), enabled: true },
};
const KEY = {
  ...{ name: 'K', limit: 1, limit_reset: 'daily', include_byok_in_limit: false, disabled: false },
  ...{ expires_at: '2030-01-01T00:00:00Z', creator_user_id: null, workspace_id: ID },
  ...{ external: { user: 'u', api_key: TOKEN }, cut_streams_when_revoked: false },
  on_exhaust: { action: 'refuse', model: null },
};
const WISH = {
  ...{ key_label: 'K', limit: 1, usage_limit_type: 'daily' },
  ...{ expires_at: '2030-01-01T00:00:00Z', workspace_id: ID },
};
const CODE_REQUEST = {
  ...{ callback_url: CALLBACK, code_challenge: 'x', code_challenge_method: 'S256' },
  ...WISH,
};
const AUTHORIZATION = {
  ...{ redirect_uri: CALLBACK, client_id: 'app_0', state: 's', scope: 'x' },
  ...{ response_type: 'code', ...CODE_REQUEST },
};
const CONTENT_LOGGING = { enabled: true, sampling_rate: 0.5, api_key_hashes: null, retention_days: 30 };
const OWN_KEY = {
  ...{ provider: 'openai', key: 'sk-own-0123456789abcdef', name: 'Ours', workspace_id: ID, disabled: false },
  ...{
    is_fallback: false,
    is_required: false,
    is_byok_only: false,
    declared_zdr: null,
    declared_region: null,
  },
  ...{
    allowed_models: ['a/b'],
    allowed_api_key_hashes: ['f'.repeat(64)],
    allowed_user_ids: null,
    base_url: null,
  },
};
const GUARDRAIL = {
  ...{ name: 'G', description: null, limit_usd: 1, reset_interval: 'daily', include_byok_in_budgets: false },
  ...{ allowed_models: ['acme/small'], ignored_models: null, allowed_providers: ['acme'] },
  ...{ ignored_providers: null, allowed_data_regions: ['us'], enforce_zdr: true, enforce_zdr_xai: false },
  content_filter_builtins: [{ slug: 'email', action: 'block', scan_scope: 'user_only' }],
  content_filters: [{ pattern: 'A[0-9]', action: 'flag', label: 'A' }],
};
const REPLAY = {
  ...{ guardrail: { allowed_models: ['acme/small'] }, guardrail_id: ID, days: 7, workspace_id: ID },
  ...{ key_hashes: ['f'.repeat(64)], member_user_ids: [ID] },
};
const FIGURES = {
  ...{ metrics: ['request_count'], dimensions: ['model'], granularity: 'day', limit: 10, group_limit: 5 },
  filters: [{ field: 'model', operator: 'eq', value: 'acme/small' }],
  time_range: { start: '2026-11-01T00:00:00Z', end: '2026-11-02T00:00:00Z' },
  order_by: { field: 'request_count', direction: 'desc' },
};
const WORKSPACE = {
  ...{ name: 'W', slug: 'w', description: 'd', default_text_model: 'a/b', default_image_model: 'a/b' },
  ...{ default_provider_sort: 'price', disabled_server_tools: ['openrouter:bash'] },
  ...{ is_observability_io_logging_enabled: false, is_observability_broadcast_enabled: false },
  ...{ is_data_discount_logging_enabled: false, io_logging_sampling_rate: 0.5, io_logging_api_key_ids: [1] },
};
const MAPPING = { scim_group_id: ID, workspace_id: ID, role: 'member' };
const SCIM_USER = {
  ...{ userName: 'sam@example.com', externalId: 'x', active: true, displayName: 'Sam' },
  ...{ name: { givenName: 'Sam' }, emails: [{ value: 'sam@example.com', primary: true }] },
};
const SCIM_GROUP = { displayName: 'G', externalId: 'x', members: [{ value: ID }] };
const SCIM_PATCH = { Operations: [{ op: 'replace', path: 'displayName', value: 'x' }] };
const RULES = {
  ...{ is_filtered_model_catalog_enabled: false, key_rotation_days: 30, is_key_rotation_enforced: false },
};
const WEBHOOK = { name: 'W', url: 'https://hooks.example.com/x', kinds: ['key.leaked'], workspace_id: ID };
const WEBHOOK_PATCH = { name: 'W', url: 'https://hooks.example.com/x', kinds: null, disabled: true };
const CHILD = {
  ...{ name: 'K', limit: 1, limit_reset: 'daily', expires_at: '2030-01-01T00:00:00Z', models: ['a/b'] },
};
const BUDGET = { limit_usd: 5, include_byok_in_budgets: false };
const TAG_BUDGET = { tag: 'project', value: 'x', interval: 'monthly', limit_usd: 5 };
const RATE_LIMIT = { subject: 'api_key', target: 'x', requests_per_minute: 5, tokens_per_minute: null };
const NAMED_CLIENT = { client_id: 'app_0', client_secret: 'x', token: 'x' };

/** What each route reads, as it would be right: so that nothing but the one wrong value is refused. */
const SAMPLES: Readonly<Record<string, object>> = {
  'POST /api/auth/reset-password': { token: TOKEN, newPassword: PASSWORD },
  'POST /api/auth/change-password': { currentPassword: OWNER.password, newPassword: 'short' },
  'POST /api/auth/update-user': { name: 'Olivia' },
  'POST /api/auth/two-factor/enable': { password: 'wrong password' },
  'POST /api/auth/two-factor/disable': { password: 'wrong password' },
  'POST /api/auth/two-factor/generate-backup-codes': { password: 'wrong password' },
  'POST /api/auth/two-factor/verify-totp': { code: '123456' },
  'POST /api/auth/two-factor/verify-backup-code': { code: 'aaaaa-bbbbb' },
  'POST /api/auth/passkey/verify-authentication': {},
  'POST /api/auth/passkey/verify-registration': {},
  'POST /api/auth/passkey/update-passkey': { id: ID, name: 'Phone' },
  'POST /api/auth/passkey/delete-passkey': { id: ID },
  'POST /api/auth/unlink-account': { accountId: ID },
  'POST /api/auth/sign-in/email': { ...OWNER, rememberMe: true, invitation_token: TOKEN, password: 'wrong' },
  'POST /api/auth/sign-up/email': {
    ...{ name: 'Sam', email: 'sam@example.com', password: 'short', invitation_token: TOKEN },
  },
  'POST /api/auth/verify-email': { token: TOKEN, password: PASSWORD },
  'POST /api/auth/send-verification-email': { email: 'sam@example.com' },
  'POST /api/auth/request-password-reset': { email: 'sam@example.com' },
  'POST /api/auth/sign-in/social': {
    ...{ provider: 'github', callbackURL: '/keys', errorCallbackURL: '/error', invitation_token: TOKEN },
  },
  'POST /api/auth/link-social': { provider: 'github', callbackURL: '/keys', errorCallbackURL: '/error' },
  'POST /api/dashboard/invitations/accept': { token: TOKEN },
  'POST /api/dashboard/invitations': {
    ...{ email: 'sam@example.com', role: 'member', workspace_id: ID, workspace_role: 'member' },
  },
  'PATCH /api/dashboard/members/:userId': { role: 'member' },
  'POST /api/dashboard/email-change': { email: 'new@example.com', password: 'wrong password' },
  'POST /api/dashboard/email-change/confirm': { token: TOKEN },
  'POST /api/dashboard/keys': KEY,
  'PATCH /api/dashboard/keys/:hash': KEY,
  'POST /api/dashboard/management-keys': KEY,
  'POST /api/dashboard/keys/:hash/rotate': { old_valid_for_seconds: 60 },
  'POST /api/v1/keys/:hash/rotate': { old_valid_for_seconds: 60 },
  'POST /api/dashboard/management-keys/:hash/rotate': { old_valid_for_seconds: 60 },
  'PATCH /api/dashboard/management-keys/:hash': { name: 'K', disabled: false },
  ...Object.fromEntries(
    ['/api/v1', '/api/dashboard'].flatMap((base) => [
      [`POST ${base}/webhooks`, WEBHOOK],
      [`PATCH ${base}/webhooks/:id`, WEBHOOK_PATCH],
      [`POST ${base}/webhooks/:id/secret`, { old_valid_for_seconds: 60 }],
      [`POST ${base}/webhooks/:id/test`, {}],
      [`POST ${base}/webhooks/:id/deliveries/:delivery/replay`, {}],
    ]),
  ),
  'PATCH /api/dashboard/notifications': { by_mail: { 'key.leaked': true } },
  'PATCH /api/dashboard/notifications/settings': { key_limit_percent: 90 },
  'POST /api/v1/key/children': CHILD,
  'POST /api/dashboard/workspaces': WORKSPACE,
  'PATCH /api/dashboard/workspaces/:id': WORKSPACE,
  'POST /api/dashboard/workspaces/:id/members/add': { user_ids: ['u'] },
  'POST /api/dashboard/workspaces/:id/members/remove': { user_ids: ['u'] },
  'PATCH /api/dashboard/workspaces/:id/members/:userId': { role: 'member' },
  'PATCH /api/dashboard/organisation/rules': RULES,
  'POST /api/dashboard/credits/checkout': { amount_usd: 5, save_card: true },
  'POST /api/dashboard/credits/purchases/:id/refresh': {},
  'PATCH /api/dashboard/credits/top-up': {
    ...{ enabled: false, threshold_usd: 5, amount_usd: 20, monthly_cap_usd: 100 },
  },
  'PATCH /api/dashboard/credits/alerts': { percents: [80, 100] },
  'POST /api/v1/scim/group-mappings': MAPPING,
  'PATCH /api/v1/scim/group-mappings/:id': { role: 'member' },
  'POST /api/v1/scim/sync-jobs': {},
  'POST /api/dashboard/scim/group-mappings': MAPPING,
  'POST /scim/v2/Users': SCIM_USER,
  'PUT /scim/v2/Users/:id': SCIM_USER,
  'PATCH /scim/v2/Users/:id': SCIM_PATCH,
  'POST /scim/v2/Groups': SCIM_GROUP,
  'PUT /scim/v2/Groups/:id': SCIM_GROUP,
  'PATCH /scim/v2/Groups/:id': SCIM_PATCH,
  'POST /api/v1/workspaces': WORKSPACE,
  'PATCH /api/v1/workspaces/:id': WORKSPACE,
  'POST /api/v1/workspaces/:id/members/add': { user_ids: ['u'] },
  'POST /api/v1/workspaces/:id/members/remove': { user_ids: ['u'] },
  'PATCH /api/v1/organization/settings': RULES,
  'POST /api/v1/external-users': { user: 'u' },
  'PATCH /api/v1/external-users/:user': { is_active: true },
  'PATCH /api/dashboard/organisation': { name: 'Analytical Engines', time_zone: 'Europe/London' },
  'PUT /api/dashboard/organisation/logo': { image: 'AAAA' },
  'PUT /api/dashboard/workspaces/:id/budgets/:interval': BUDGET,
  'POST /api/dashboard/workspaces/:id/tag-budgets': TAG_BUDGET,
  'PATCH /api/dashboard/workspaces/:id/tag-budgets/:budgetId': { limit_usd: 5 },
  'POST /api/dashboard/workspaces/:id/rate-limits': RATE_LIMIT,
  'PATCH /api/dashboard/workspaces/:id/rate-limits/:limitId': {
    requests_per_minute: 5,
    tokens_per_minute: null,
  },
  'PUT /api/dashboard/workspaces/:id/budget-alerts': { percents: [50, 100] },
  'PUT /api/v1/workspaces/:id/budgets/:interval': BUDGET,
  'POST /api/v1/workspaces/:id/tag-budgets': TAG_BUDGET,
  'PATCH /api/v1/workspaces/:id/tag-budgets/:budgetId': { limit_usd: 5 },
  'POST /api/v1/workspaces/:id/rate-limits': RATE_LIMIT,
  'PATCH /api/v1/workspaces/:id/rate-limits/:limitId': { requests_per_minute: 5, tokens_per_minute: null },
  'PUT /api/v1/workspaces/:id/budget-alerts': { percents: [50, 100] },
  'PATCH /api/dashboard/content-logging': CONTENT_LOGGING,
  'POST /api/dashboard/byok': OWN_KEY,
  'PATCH /api/dashboard/byok/:id': OWN_KEY,
  'PUT /api/dashboard/byok-order': { ids: [ID] },
  'POST /api/dashboard/byok/:id/test': {},
  'POST /api/v1/byok': OWN_KEY,
  'PATCH /api/v1/byok/:id': OWN_KEY,
  'POST /api/v1/byok/:id/test': {},
  'POST /api/dashboard/analytics/query': FIGURES,
  'POST /api/dashboard/guardrails': { ...GUARDRAIL, workspace_id: ID },
  'PATCH /api/dashboard/guardrails/:id': GUARDRAIL,
  'POST /api/dashboard/guardrails/:id/preview': GUARDRAIL,
  'POST /api/dashboard/guardrails/:id/assignments/keys': { key_hashes: ['f'.repeat(64)] },
  'POST /api/dashboard/guardrails/:id/assignments/keys/remove': { key_hashes: ['f'.repeat(64)] },
  'POST /api/dashboard/guardrails/:id/assignments/members': { member_user_ids: [ID] },
  'POST /api/dashboard/guardrails/:id/assignments/members/remove': { member_user_ids: [ID] },
  'POST /api/dashboard/policy/replay': REPLAY,
  'POST /api/dashboard/reconcile': { data: [{ day: '2026-11-01', model: 'acme/small', requests: 1 }] },
  'POST /api/v1/policy/replay': REPLAY,
  'POST /api/v1/guardrails': { ...GUARDRAIL, workspace_id: ID },
  'PATCH /api/v1/guardrails/:id': GUARDRAIL,
  'POST /api/v1/guardrails/:id/assignments/keys': { key_hashes: ['f'.repeat(64)] },
  'POST /api/v1/guardrails/:id/assignments/keys/remove': { key_hashes: ['f'.repeat(64)] },
  'POST /api/v1/guardrails/:id/assignments/members': { member_user_ids: [ID] },
  'POST /api/v1/guardrails/:id/assignments/members/remove': { member_user_ids: [ID] },
  // Whose key it is comes before the body, which is that of any chat.
  'POST /api/dashboard/chat/completions': { model: 'acme/small', stream: false },
  'POST /api/dashboard/device': { ...WISH, user_code: 'BCDFGHJK', decision: 'deny' },
  'POST /api/dashboard/apps': { name: 'A', redirect_uris: ['https://a.example.com'], is_public: false },
  'PATCH /api/dashboard/apps/:id': { name: 'A', redirect_uris: ['https://a.example.com'] },
  'POST /api/dashboard/apps/:id/secret': {},
  'POST /api/dashboard/workload-identity/issuers': { ...ISSUER, jwks: null },
  'PATCH /api/dashboard/workload-identity/issuers/:id': { ...ISSUER, jwks: null },
  'POST /api/dashboard/workload-identity/policies': POLICY,
  'PATCH /api/dashboard/workload-identity/policies/:id': POLICY,
  'POST /api/v1/keys': KEY,
  'PATCH /api/v1/keys/:hash': KEY,
  'POST /api/v1/auth/keys/code': CODE_REQUEST,
  'POST /api/v1/auth/keys': { code: 'auth_code_0', code_verifier: 'x', code_challenge_method: 'S256' },
  'POST /api/v1/oauth/authorization': AUTHORIZATION,
  'POST /api/v1/oauth/token': {
    ...{ grant_type: 'authorization_code', code: 'x', code_verifier: 'x', device_code: 'x' },
    ...{ subject_token: 'x', subject_token_type: 'x', requested_token_type: 'x', federation_policy_id: ID },
    ...{ redirect_uri: CALLBACK, ...NAMED_CLIENT },
  },
  'POST /api/v1/oauth/device_authorization': { ...NAMED_CLIENT, ...WISH, limit: '1', scope: 'x' },
  'POST /api/v1/oauth/revoke': NAMED_CLIENT,
  'POST /api/v1/oauth/introspect': NAMED_CLIENT,
  'POST /api/v1/oauth/register': {
    ...{ redirect_uris: ['https://a.example.com'], client_name: 'A', token_endpoint_auth_method: 'none' },
    ...{ grant_types: ['authorization_code'], response_types: ['code'] },
  },
  // Whoever is signed out by it is signed out last.
  'POST /api/auth/sign-out': {},
};

const WRONG: readonly unknown[] = [
  ...[0, -1, 1e308, 0.5, true, false, null, [], [null], ['x', {}], {}, { x: { y: [1] } }],
  ...['', ' ', 'x'.repeat(20_000), 'a\0b', '\ud800', '\u202e', '../../x', '%00', '__proto__'],
  JSON.parse(`${'{"x":'.repeat(40)}1${'}'.repeat(40)}`),
];

const takesBody = ({ method, path, access }: Route): boolean =>
  method !== 'GET' &&
  method !== 'DELETE' &&
  access !== 'sessionForm' &&
  /^\/(?:scim|api\/(?:auth|dashboard|v1\/(?:keys?|auth|oauth|byok|guardrails|policy\/replay|workspaces|organization|external-users|scim|webhooks)))(?:\/|$)/.test(
    path,
  );

/** What to do to a right body: each member, however deep, once in every wrong shape, and once left out. */
function* mistakes(
  sample: unknown,
): Generator<{ readonly where: string; readonly make: (right: unknown) => unknown }> {
  for (const wrong of WRONG) yield { where: '', make: () => wrong };
  if (typeof sample !== 'object' || sample === null || Array.isArray(sample)) return;
  for (const [name, member] of Object.entries(sample)) {
    for (const { where, make } of mistakes(member)) {
      const inside = (right: unknown) => make((right as Record<string, unknown>)[name]);
      yield {
        where: `${name}${where === '' ? '' : `.${where}`}`,
        make: (right) => ({ ...(right as object), [name]: inside(right) }),
      };
    }
    yield { where: `no ${name}`, make: (right) => ({ ...(right as object), [name]: undefined }) };
  }
}

/** Somebody who asks, with the body that would be right for them at this moment. */
interface Asker {
  readonly visitor: Visitor;
  readonly ready: () => Promise<unknown>;
  /** How many of their requests may run side by side; few enough for every limit of attempts. */
  readonly atOnce: number;
}

const forgetAttempts = ({ database }: TestGateway) => database.db.deleteFrom('attempt_count').execute();

async function openBench(engine: 'sqlite' | 'postgres') {
  const bench = await startGateway({
    engine,
    config: {
      accounts: { sign_up: 'open', github: { client_id: 'x', client_secret: 'x' } },
      oauth: { dynamic_registration: true },
      figures: { tags: ['project'] },
    },
  });
  const owner = await signUpOwner(bench);
  const max = { email: 'max@example.com', password: 'staple battery horse' };
  const member = await signUpMember(bench, owner, max);
  const enabled = await member.post('/api/auth/two-factor/enable', { password: max.password });
  const code = totpCode(String(enabled.body['totpURI']), Date.now());
  await member.post('/api/auth/two-factor/verify-totp', { code });
  const memberId = (await member.session())?.user.id ?? '';
  const app = await owner.post('/api/dashboard/apps', { name: 'A', redirect_uris: [CALLBACK] });
  const issuer = await owner.post('/api/dashboard/workload-identity/issuers', ISSUER);
  const { hash } = await makeKey(bench);
  const scim = async (path: string, body: object): Promise<string> => {
    const answer = await fetch(`${bench.url}/scim/v2${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.managementKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return ((await answer.json()) as { id: string }).id;
  };
  const scimUser = await scim('/Users', { userName: 'scim@example.com' });
  const scimGroup = await scim('/Groups', { displayName: 'Team' });
  const ids = {
    client: String(app.body['client_id']),
    issuer: String(issuer.body['id']),
    hash,
    memberId,
    scimUser,
    scimGroup,
  };
  const passkey = new Passkey(bench.url);
  const half = new Visitor(bench.url);
  const stranger = new Visitor(bench.url);

  const askersOf = (name: string, sample: object): readonly Asker[] => {
    const plain = (visitor: Visitor): Asker => ({ visitor, ready: async () => sample, atOnce: 5 });
    const halfWay: Asker = {
      visitor: half,
      atOnce: 1,
      ready: async () => {
        await half.post('/api/auth/sign-in/email', max);
        return sample;
      },
    };
    if (name.includes('/api/auth/two-factor/verify')) return [plain(stranger), plain(owner), halfWay];
    if (name.endsWith('/passkey/verify-authentication')) {
      const ready = async () => {
        const options = await stranger.get('/api/auth/passkey/generate-authenticate-options');
        return { response: passkey.assert(options.body as never) };
      };
      return [{ visitor: stranger, ready, atOnce: 1 }];
    }
    if (name.endsWith('/passkey/verify-registration')) {
      const ready = async () => {
        const options = await owner.get('/api/auth/passkey/generate-register-options');
        if (options.status !== 200) throw new Error(`no options: ${options.text}`);
        return { response: passkey.register(options.body as never), name: 'Phone' };
      };
      return [{ visitor: owner, ready, atOnce: 1 }];
    }
    return name.includes(' /api/auth/') ? [plain(stranger), plain(owner)] : [plain(owner)];
  };
  return { bench, owner, ids, askersOf };
}

test.each(engines.map(({ name }) => [name] as const))(
  'on %s, no value of the wrong type, to any route that takes a body, is anything but a refusal',
  async (engine) => {
    const { bench, owner, ids, askersOf } = await openBench(engine);
    await using _ = bench;
    const routes = bench.gateway.routes.filter(takesBody);
    const names = routes.map((route) => `${route.method} ${route.path}`);
    expect(names.sort()).toEqual(Object.keys(SAMPLES).sort());
    const failures: string[] = [];
    let sent = 0;
    for (const [name, sample] of Object.entries(SAMPLES)) {
      const [method = '', path = ''] = name.split(' ');
      const id = path.startsWith('/scim/')
        ? path.includes('/Users/')
          ? ids.scimUser
          : ids.scimGroup
        : path.includes('/apps/')
          ? ids.client
          : path.includes('/issuers/')
            ? ids.issuer
            : path.includes('/workspaces/')
              ? 'default'
              : ID;
      const target = path
        .replace(':hash', ids.hash)
        .replace(':userId', ids.memberId)
        .replace(':id', id)
        .replace(':interval', 'daily')
        .replace(/:\w+/, ID);
      const known = JSON.parse(JSON.stringify(sample).replaceAll('app_0', ids.client)) as object;
      const key = /\/(?:auth\/keys\/code|key\/children)$/.test(path) ? bench.apiKey : bench.managementKey;
      const headers = /^\/(?:api\/v1|scim)\//.test(path) ? { authorization: `Bearer ${key}` } : {};
      for (const { visitor, ready, atOnce } of askersOf(name, known)) {
        await forgetAttempts(bench);
        const wrong = [...mistakes(await ready())];
        for (let start = 0; start < wrong.length; start += atOnce) {
          await forgetAttempts(bench);
          const together = wrong.slice(start, start + atOnce).map(async ({ where, make }) => {
            const body = make(await ready());
            const answer = await visitor.send(method, target, body, { headers });
            sent += 1;
            if (answer.status < 500) return;
            failures.push(`${name} ${where}: ${answer.status} to ${JSON.stringify(body)?.slice(0, 300)}`);
          });
          await Promise.all(together);
        }
      }
    }
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(3000);
    expect(bench.logLines.filter((line) => line.includes('"account_work_failed"'))).toEqual([]);
    expect(await owner.session()).toBeNull();
  },
  600_000,
);

const PARAMETERS = [
  ...['token', 'user_code', 'state', 'code', 'error', 'callback_url', 'redirect_uri', 'client_id', 'scope'],
  ...['code_challenge', 'code_challenge_method', 'key_label', 'limit', 'expires_at', 'workspace_id'],
  ...['offset', 'include_disabled', 'response_type', 'id', 'callbackURL', 'query', 'before', 'key'],
];
const ODD = [
  '',
  '%00',
  '%ED%A0%80',
  '%',
  'x'.repeat(4000),
  '-1',
  '1e400',
  '[object Object]',
  '%22%7B%7D',
  'x&NAME=y',
];

test('on postgres, no odd value of a query parameter is anything but a refusal', async () => {
  const { bench, owner } = await openBench('postgres');
  await using _ = bench;
  const routes = bench.gateway.routes.filter(
    ({ method, path }) =>
      method === 'GET' && /^\/api\/(?:auth|dashboard|v1\/(?:keys|auth|oauth|key))(?:\/|$)/.test(path),
  );
  expect(routes.length).toBeGreaterThan(15);
  const failures: string[] = [];
  for (const { path, access } of routes) {
    const headers = access === 'managementKey' ? { authorization: `Bearer ${bench.managementKey}` } : {};
    const target = path.replace(':hash', 'f'.repeat(64)).replace(':provider', 'github').replace(/:\w+/, ID);
    for (const name of PARAMETERS) {
      await forgetAttempts(bench);
      for (const odd of ODD) {
        const query = `${name}=${odd.replace('NAME', name)}`;
        const answer = await owner.send('GET', `${target}?${query}`, undefined, { headers });
        if (answer.status >= 500) failures.push(`${target}?${query.slice(0, 100)}: ${answer.status}`);
      }
    }
  }
  expect(failures).toEqual([]);
}, 600_000);

test('what is no JSON object is a refusal on every route, and signs nobody out', async () => {
  const { bench, owner } = await openBench('sqlite');
  await using _ = bench;
  const failures: string[] = [];
  for (const { method, path, access } of bench.gateway.routes.filter(takesBody)) {
    // They read no body, or take any.
    if (/\/(?:secret|sync-jobs|refresh)$/.test(path)) continue;
    await forgetAttempts(bench);
    const target = path
      .replace('/workspaces/:id', '/workspaces/default')
      .replace(':interval', 'daily')
      .replace(':hash', 'f'.repeat(64))
      .replace(/:\w+/, ID);
    const headers = access === 'managementKey' ? { authorization: `Bearer ${bench.managementKey}` } : {};
    for (const body of [
      '',
      'not json',
      '[]',
      '"x"',
      '7',
      'null',
      '{"a":',
      '{"a":1,"a":2}',
      '\ufeff',
      '{}{}',
    ]) {
      const { status } = await owner.sendRaw(method, target, body, { headers });
      if (status < 400 || status >= 500) failures.push(`${method} ${target}: ${status} to ${body}`);
    }
  }
  expect(failures).toEqual([]);
  expect(await owner.session()).not.toBeNull();
});
