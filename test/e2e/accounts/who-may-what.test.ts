/** Who may call what: the declared table of every route, and each person held to it. A new route needs a line here. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Route } from '../../../src/http/route.ts';
import { newId } from '../../../src/ids.ts';
import { signUpMember, signUpOwner, Visitor } from '../../accounts.ts';
import { startGateway, type TestGateway } from '../../harness.ts';

/** Of each route for people, the role that it takes. */
const ROLES: Readonly<Record<string, 'member' | 'admin'>> = {
  'GET /api/dashboard/sessions': 'member',
  'DELETE /api/dashboard/sessions': 'member',
  'DELETE /api/dashboard/sessions/:id': 'member',
  'GET /api/dashboard/email-change': 'member',
  'POST /api/dashboard/email-change': 'member',
  'POST /api/dashboard/email-change/confirm': 'member',
  'GET /api/dashboard/members': 'member',
  'PATCH /api/dashboard/members/:userId': 'admin',
  'DELETE /api/dashboard/members/:userId': 'admin',
  'GET /api/dashboard/invitations': 'admin',
  'POST /api/dashboard/invitations': 'admin',
  'DELETE /api/dashboard/invitations/:id': 'admin',
  'GET /api/dashboard/keys': 'member',
  'POST /api/dashboard/keys': 'member',
  'GET /api/dashboard/keys/:hash': 'member',
  'PATCH /api/dashboard/keys/:hash': 'member',
  'DELETE /api/dashboard/keys/:hash': 'member',
  'POST /api/dashboard/keys/:hash/rotate': 'member',
  // Within a workspace its own admins rule too; test/e2e/workspaces/policy.ts says who may what there.
  'GET /api/dashboard/workspaces': 'member',
  'POST /api/dashboard/workspaces': 'admin',
  'GET /api/dashboard/workspaces/:id': 'member',
  'PATCH /api/dashboard/workspaces/:id': 'member',
  'DELETE /api/dashboard/workspaces/:id': 'admin',
  'GET /api/dashboard/workspaces/:id/members': 'member',
  'POST /api/dashboard/workspaces/:id/members/add': 'member',
  'POST /api/dashboard/workspaces/:id/members/remove': 'member',
  'PATCH /api/dashboard/workspaces/:id/members/:userId': 'member',
  'GET /api/dashboard/scim': 'admin',
  'POST /api/dashboard/scim/group-mappings': 'admin',
  'DELETE /api/dashboard/scim/group-mappings/:id': 'admin',
  'GET /api/dashboard/organisation/rules': 'admin',
  'PATCH /api/dashboard/organisation/rules': 'admin',
  'GET /api/dashboard/management-keys': 'admin',
  'POST /api/dashboard/management-keys': 'admin',
  'DELETE /api/dashboard/management-keys/:hash': 'admin',
  'GET /api/dashboard/workspaces/:id/limits': 'member',
  'PUT /api/dashboard/workspaces/:id/budgets/:interval': 'member',
  'DELETE /api/dashboard/workspaces/:id/budgets/:interval': 'member',
  'POST /api/dashboard/workspaces/:id/tag-budgets': 'member',
  'PATCH /api/dashboard/workspaces/:id/tag-budgets/:budgetId': 'member',
  'DELETE /api/dashboard/workspaces/:id/tag-budgets/:budgetId': 'member',
  'POST /api/dashboard/workspaces/:id/rate-limits': 'member',
  'PATCH /api/dashboard/workspaces/:id/rate-limits/:limitId': 'member',
  'DELETE /api/dashboard/workspaces/:id/rate-limits/:limitId': 'member',
  'PUT /api/dashboard/workspaces/:id/budget-alerts': 'member',
  'PATCH /api/dashboard/management-keys/:hash': 'admin',
  'POST /api/dashboard/management-keys/:hash/rotate': 'admin',
  'GET /api/dashboard/key-report': 'admin',
  'GET /api/dashboard/webhooks': 'admin',
  'POST /api/dashboard/webhooks': 'admin',
  'GET /api/dashboard/webhooks/:id': 'admin',
  'PATCH /api/dashboard/webhooks/:id': 'admin',
  'DELETE /api/dashboard/webhooks/:id': 'admin',
  'POST /api/dashboard/webhooks/:id/secret': 'admin',
  'POST /api/dashboard/webhooks/:id/test': 'admin',
  'GET /api/dashboard/webhooks/:id/deliveries': 'admin',
  'POST /api/dashboard/webhooks/:id/deliveries/:delivery/replay': 'admin',
  'GET /api/dashboard/notifications': 'member',
  'PATCH /api/dashboard/notifications': 'member',
  'PATCH /api/dashboard/notifications/settings': 'admin',
  'GET /api/dashboard/organisation': 'member',
  'PATCH /api/dashboard/organisation': 'admin',
  'GET /api/dashboard/providers': 'admin',
  'GET /api/dashboard/organisation/logo': 'member',
  'PUT /api/dashboard/organisation/logo': 'admin',
  'DELETE /api/dashboard/organisation/logo': 'admin',
  'GET /api/dashboard/generations': 'member',
  'GET /api/dashboard/generations/:id': 'member',
  'GET /api/dashboard/running': 'member',
  'GET /api/dashboard/refusals': 'member',
  'GET /api/dashboard/activity': 'member',
  'GET /api/dashboard/analytics/meta': 'member',
  'POST /api/dashboard/analytics/query': 'member',
  'GET /api/dashboard/generations/:id/content': 'admin',
  'GET /api/dashboard/feedback': 'admin',
  'GET /api/dashboard/audit': 'admin',
  'GET /api/dashboard/audit/export': 'admin',
  'GET /api/dashboard/exports/generations': 'member',
  'GET /api/dashboard/content-logging': 'admin',
  'PATCH /api/dashboard/content-logging': 'admin',
  'DELETE /api/dashboard/content-logging': 'admin',
  'GET /api/dashboard/credits': 'admin',
  'GET /api/dashboard/credits/lines': 'admin',
  'GET /api/dashboard/credits/purchases': 'admin',
  'POST /api/dashboard/credits/checkout': 'admin',
  'POST /api/dashboard/credits/purchases/:id/refresh': 'admin',
  'GET /api/dashboard/credits/purchases/:id/receipt': 'admin',
  'PATCH /api/dashboard/credits/top-up': 'admin',
  'PATCH /api/dashboard/credits/alerts': 'admin',
  'DELETE /api/dashboard/credits/card': 'admin',
  'GET /api/dashboard/byok': 'admin',
  'POST /api/dashboard/byok': 'admin',
  'GET /api/dashboard/byok-providers': 'admin',
  'PUT /api/dashboard/byok-order': 'admin',
  'GET /api/dashboard/byok/:id': 'admin',
  'PATCH /api/dashboard/byok/:id': 'admin',
  'DELETE /api/dashboard/byok/:id': 'admin',
  'POST /api/dashboard/byok/:id/test': 'admin',
  'POST /api/dashboard/policy/replay': 'admin',
  'POST /api/dashboard/reconcile': 'admin',
  'GET /api/dashboard/guardrails': 'admin',
  'POST /api/dashboard/guardrails': 'admin',
  'GET /api/dashboard/guardrails/assignments/keys': 'admin',
  'GET /api/dashboard/guardrails/assignments/members': 'admin',
  'GET /api/dashboard/guardrails/:id': 'admin',
  'PATCH /api/dashboard/guardrails/:id': 'admin',
  'DELETE /api/dashboard/guardrails/:id': 'admin',
  'GET /api/dashboard/guardrails/:id/assignments/keys': 'admin',
  'POST /api/dashboard/guardrails/:id/assignments/keys': 'admin',
  'POST /api/dashboard/guardrails/:id/assignments/keys/remove': 'admin',
  'GET /api/dashboard/guardrails/:id/assignments/members': 'admin',
  'POST /api/dashboard/guardrails/:id/assignments/members': 'admin',
  'POST /api/dashboard/guardrails/:id/assignments/members/remove': 'admin',
  'GET /api/dashboard/guardrails/organisation': 'admin',
  'POST /api/dashboard/guardrails/:id/preview': 'admin',
  'GET /api/dashboard/consent': 'member',
  'GET /api/dashboard/consent/code': 'member',
  'POST /auth/consent': 'member',
  'GET /api/dashboard/device': 'member',
  'POST /api/dashboard/device': 'member',
  'POST /api/dashboard/chat/completions': 'member',
  'GET /api/dashboard/app-grants': 'member',
  'DELETE /api/dashboard/app-grants/:app': 'member',
  'GET /api/dashboard/apps': 'admin',
  'POST /api/dashboard/apps': 'admin',
  'PATCH /api/dashboard/apps/:id': 'admin',
  'DELETE /api/dashboard/apps/:id': 'admin',
  'POST /api/dashboard/apps/:id/secret': 'admin',
  'GET /api/dashboard/workload-identity/issuers': 'admin',
  'POST /api/dashboard/workload-identity/issuers': 'admin',
  'PATCH /api/dashboard/workload-identity/issuers/:id': 'admin',
  'DELETE /api/dashboard/workload-identity/issuers/:id': 'admin',
  'GET /api/dashboard/workload-identity/policies': 'admin',
  'POST /api/dashboard/workload-identity/policies': 'admin',
  'PATCH /api/dashboard/workload-identity/policies/:id': 'admin',
  'DELETE /api/dashboard/workload-identity/policies/:id': 'admin',
  'GET /api/dashboard/workload-identity/target-keys': 'admin',
};

/** Of each route that takes a key, which kind. */
const KEYS: Readonly<Record<string, Route['access']>> = {
  'POST /api/v1/chat/completions': 'apiKey',
  'POST /api/v1/completions': 'apiKey',
  'POST /api/v1/embeddings': 'apiKey',
  'POST /api/v1/messages': 'apiKey',
  'POST /api/v1/messages/count_tokens': 'apiKey',
  'POST /api/v1/routing/explain': 'apiKey',
  'POST /api/v1/policy/explain': 'apiKey',
  'POST /api/v1/policy/replay': 'managementKey',
  'POST /api/v1/responses': 'apiKey',
  'GET /api/v1/responses': 'apiKey',
  'POST /api/v1beta/models/:id': 'apiKey',
  'POST /api/v1beta/models/:author/:slug': 'apiKey',
  'POST /api/v1beta/:author/:slug': 'apiKey',
  'POST /api/v1/models/:id': 'apiKey',
  'POST /api/v1/models/:author/:slug': 'apiKey',
  'GET /api/v1/keys': 'managementKey',
  'POST /api/v1/keys': 'managementKey',
  'GET /api/v1/keys/:hash': 'managementKey',
  'PATCH /api/v1/keys/:hash': 'managementKey',
  'DELETE /api/v1/keys/:hash': 'managementKey',
  'POST /api/v1/keys/:hash/rotate': 'managementKey',
  'GET /api/v1/key-report': 'managementKey',
  'GET /api/v1/webhooks': 'managementKey',
  'POST /api/v1/webhooks': 'managementKey',
  'GET /api/v1/webhooks/:id': 'managementKey',
  'PATCH /api/v1/webhooks/:id': 'managementKey',
  'DELETE /api/v1/webhooks/:id': 'managementKey',
  'POST /api/v1/webhooks/:id/secret': 'managementKey',
  'POST /api/v1/webhooks/:id/test': 'managementKey',
  'GET /api/v1/webhooks/:id/deliveries': 'managementKey',
  'POST /api/v1/webhooks/:id/deliveries/:delivery/replay': 'managementKey',
  'GET /api/v1/key/children': 'keyItself',
  'POST /api/v1/key/children': 'keyItself',
  'GET /api/v1/workspaces': 'managementKey',
  'POST /api/v1/workspaces': 'managementKey',
  'GET /api/v1/workspaces/:id': 'managementKey',
  'PATCH /api/v1/workspaces/:id': 'managementKey',
  'DELETE /api/v1/workspaces/:id': 'managementKey',
  'GET /api/v1/workspaces/:id/members': 'managementKey',
  'POST /api/v1/workspaces/:id/members/add': 'managementKey',
  'POST /api/v1/workspaces/:id/members/remove': 'managementKey',
  'GET /api/v1/organization/members': 'managementKey',
  'GET /api/v1/organization/settings': 'managementKey',
  'PATCH /api/v1/organization/settings': 'managementKey',
  'GET /api/v1/external-users': 'managementKey',
  'POST /api/v1/external-users': 'managementKey',
  'GET /api/v1/external-users/:user': 'managementKey',
  'PATCH /api/v1/external-users/:user': 'managementKey',
  'DELETE /api/v1/external-users/:user': 'managementKey',
  'GET /scim/v2/ServiceProviderConfig': 'managementKey',
  'GET /scim/v2/ResourceTypes': 'managementKey',
  'GET /scim/v2/Schemas': 'managementKey',
  'GET /scim/v2/Users': 'managementKey',
  'POST /scim/v2/Users': 'managementKey',
  'GET /scim/v2/Users/:id': 'managementKey',
  'PUT /scim/v2/Users/:id': 'managementKey',
  'PATCH /scim/v2/Users/:id': 'managementKey',
  'DELETE /scim/v2/Users/:id': 'managementKey',
  'GET /scim/v2/Groups': 'managementKey',
  'POST /scim/v2/Groups': 'managementKey',
  'GET /scim/v2/Groups/:id': 'managementKey',
  'PUT /scim/v2/Groups/:id': 'managementKey',
  'PATCH /scim/v2/Groups/:id': 'managementKey',
  'DELETE /scim/v2/Groups/:id': 'managementKey',
  'GET /api/v1/scim/groups': 'managementKey',
  'GET /api/v1/scim/group-mappings': 'managementKey',
  'POST /api/v1/scim/group-mappings': 'managementKey',
  'GET /api/v1/scim/group-mappings/:id': 'managementKey',
  'PATCH /api/v1/scim/group-mappings/:id': 'managementKey',
  'DELETE /api/v1/scim/group-mappings/:id': 'managementKey',
  'POST /api/v1/scim/sync-jobs': 'managementKey',
  'GET /api/v1/scim/sync-jobs/:id': 'managementKey',
  'GET /api/v1/byok': 'managementKey',
  'POST /api/v1/byok': 'managementKey',
  'GET /api/v1/byok/:id': 'managementKey',
  'PATCH /api/v1/byok/:id': 'managementKey',
  'DELETE /api/v1/byok/:id': 'managementKey',
  'POST /api/v1/byok/:id/test': 'managementKey',
  'GET /api/v1/guardrails': 'managementKey',
  'POST /api/v1/guardrails': 'managementKey',
  'GET /api/v1/guardrails/assignments/keys': 'managementKey',
  'GET /api/v1/guardrails/assignments/members': 'managementKey',
  'GET /api/v1/guardrails/:id': 'managementKey',
  'PATCH /api/v1/guardrails/:id': 'managementKey',
  'DELETE /api/v1/guardrails/:id': 'managementKey',
  'GET /api/v1/guardrails/:id/assignments/keys': 'managementKey',
  'POST /api/v1/guardrails/:id/assignments/keys': 'managementKey',
  'POST /api/v1/guardrails/:id/assignments/keys/remove': 'managementKey',
  'GET /api/v1/guardrails/:id/assignments/members': 'managementKey',
  'POST /api/v1/guardrails/:id/assignments/members': 'managementKey',
  'POST /api/v1/guardrails/:id/assignments/members/remove': 'managementKey',
  'GET /api/v1/workspaces/:id/budgets': 'managementKey',
  'GET /api/v1/workspaces/:id/budgets/:interval': 'managementKey',
  'PUT /api/v1/workspaces/:id/budgets/:interval': 'managementKey',
  'DELETE /api/v1/workspaces/:id/budgets/:interval': 'managementKey',
  'GET /api/v1/workspaces/:id/tag-budgets': 'managementKey',
  'POST /api/v1/workspaces/:id/tag-budgets': 'managementKey',
  'PATCH /api/v1/workspaces/:id/tag-budgets/:budgetId': 'managementKey',
  'DELETE /api/v1/workspaces/:id/tag-budgets/:budgetId': 'managementKey',
  'GET /api/v1/workspaces/:id/rate-limits': 'managementKey',
  'POST /api/v1/workspaces/:id/rate-limits': 'managementKey',
  'PATCH /api/v1/workspaces/:id/rate-limits/:limitId': 'managementKey',
  'DELETE /api/v1/workspaces/:id/rate-limits/:limitId': 'managementKey',
  'GET /api/v1/workspaces/:id/budget-alerts': 'managementKey',
  'PUT /api/v1/workspaces/:id/budget-alerts': 'managementKey',
  'GET /api/v1/credits': 'managementKey',
  'GET /api/v1/activity': 'managementKey',
  'GET /api/v1/analytics/meta': 'managementKey',
  'POST /api/v1/analytics/query': 'managementKey',
  'GET /api/v1/key': 'anyKey',
  'GET /api/v1/auth/key': 'anyKey',
  'GET /api/v1/generation': 'anyKey',
  'GET /api/v1/generation/content': 'anyKey',
  'GET /api/v1/generation/cost': 'anyKey',
  'GET /api/v1/generations': 'managementKey',
  'GET /api/v1/generations/running': 'managementKey',
  'GET /api/v1/refusals': 'managementKey',
  'GET /api/v1/exports/generations': 'managementKey',
  'POST /api/v1/reconcile': 'managementKey',
  'POST /api/v1/generation/feedback': 'anyKey',
  'GET /api/v1/generation/feedback': 'managementKey',
  'GET /api/v1/audit': 'managementKey',
  'GET /api/v1/audit/export': 'managementKey',
  'GET /api/v1/content-logging': 'managementKey',
  'PATCH /api/v1/content-logging': 'managementKey',
  'DELETE /api/v1/content-logging': 'managementKey',
  'GET /api/v1/models/user': 'anyKey',
  'POST /api/v1/auth/keys/code': 'keyItself',
};

/** What may be asked without a key and without a session, beyond pages and the ways of signing in. */
const OPEN = [
  'GET /docs/availability',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'POST /api/v1/credits/coinbase',
  // What the payment provider signs speaks for it.
  'POST /webhooks/stripe',
  'GET /.well-known/oauth-authorization-server',
  'GET /.well-known/oauth-protected-resource',
  'GET /.well-known/oauth-protected-resource/api/v1',
  'GET /api/v1/embeddings/models',
  'GET /api/v1/endpoints/zdr',
  'GET /api/v1/model/:author/:slug',
  'GET /api/v1/models',
  'GET /api/v1/models/:author/:slug/endpoints',
  'GET /api/v1/models/:author/:slug',
  'GET /api/v1/models/:id',
  'GET /api/v1/models/count',
  'GET /api/v1/providers',
  'GET /api/v1beta/models',
  'GET /api/v1beta/models/:author/:slug',
  'GET /api/v1beta/models/:id',
  // The code, the secret or the token in the request speaks for it.
  'POST /api/v1/auth/keys',
  'GET /api/v1/oauth/authorization',
  'POST /api/v1/oauth/authorization',
  'POST /api/v1/oauth/device_authorization',
  'POST /api/v1/oauth/introspect',
  'GET /api/v1/oauth/jwks',
  'POST /api/v1/oauth/register',
  'POST /api/v1/oauth/revoke',
  'POST /api/v1/oauth/token',
];

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;
const isForPeople = ({ access }: Route): boolean => access === 'session' || access === 'sessionForm';

let bench: TestGateway;
let people: Record<'nobody' | 'member' | 'admin' | 'owner' | 'former member', Visitor>;

beforeAll(async () => {
  bench = await startGateway();
  const owner = await signUpOwner(bench);
  const join = (name: string, role: 'member' | 'admin') =>
    signUpMember(bench, owner, { email: `${name}@example.com`, password: 'a long enough password', role });
  people = {
    nobody: new Visitor(bench.url),
    owner,
    member: await join('member', 'member'),
    admin: await join('admin', 'admin'),
    'former member': await join('former', 'admin'),
  };
  const former = await people['former member'].session();
  const removed = await owner.send('DELETE', `/api/dashboard/members/${former?.user.id}`);
  if (removed.status !== 200) throw new Error(`not removed: ${removed.text}`);
});
afterAll(async () => {
  await bench.stop();
});

test('the table names every route that takes a session, a key or nothing', () => {
  const { routes } = bench.gateway;
  const declared = Object.fromEntries(
    routes.filter(isForPeople).map((route) => [nameOf(route), 'role' in route ? route.role : null]),
  );
  expect(declared).toEqual(ROLES);
  const withKeys = routes.filter((route) => Object.hasOwn(KEYS, nameOf(route)));
  expect(Object.fromEntries(withKeys.map((route) => [nameOf(route), route.access]))).toEqual(KEYS);
  const rest = routes.filter((route) => !isForPeople(route) && !Object.hasOwn(KEYS, nameOf(route)));
  expect(
    rest
      .filter(({ access }) => access === 'public')
      .map(nameOf)
      .sort(),
  ).toEqual([...OPEN].sort());
  // Nothing but pages, their parts and the ways of signing in is left.
  const browser = rest.filter(({ access }) => access !== 'public');
  expect(browser.filter(({ access }) => access !== 'browser').map(nameOf)).toEqual([]);
  const beyondPages = browser.filter(({ method, path }) => method !== 'GET' || path.startsWith('/api/'));
  expect(
    beyondPages
      .map(nameOf)
      .filter((name) => !/ \/api\/auth\/| \/api\/dashboard\/(?:session|invitations\/)/.test(name)),
  ).toEqual([]);
});

/** With ids that name nothing and bodies that say nothing: all that can come of it is a refusal. */
async function verdictOn(person: Visitor, name: string): Promise<string> {
  const [method = '', path = ''] = name.split(' ');
  const filled = path.replaceAll(':hash', 'f'.repeat(64)).replaceAll(/:\w+/g, newId());
  const session = await person.session();
  const answer =
    path === '/auth/consent'
      ? await person.sendRaw(method, filled, `csrf_token=${session?.csrf_token ?? ''}`, {
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        })
      : await person.send(method, filled);
  if (answer.status === 401) return 'not signed in';
  if (answer.status === 403) return 'not allowed';
  return 'allowed';
}

const RANK = { member: 0, admin: 1, owner: 2 } as const;

for (const person of ['member', 'admin', 'owner'] as const) {
  test(`the role "${person}" may do what the table says, and no more`, async () => {
    const verdicts: Record<string, string> = {};
    const expected: Record<string, string> = {};
    for (const [name, role] of Object.entries(ROLES)) {
      verdicts[name] = await verdictOn(people[person], name);
      expected[name] = RANK[person] >= RANK[role] ? 'allowed' : 'not allowed';
    }
    expect(verdicts).toEqual(expected);
  });
}

for (const [person, who] of [
  ['nobody', 'somebody without a session'],
  ['former member', 'a former member'],
] as const) {
  test(`${who} is signed in nowhere`, async () => {
    for (const name of Object.keys(ROLES)) {
      expect([name, await verdictOn(people[person], name)]).toEqual([name, 'not signed in']);
    }
  });
}

test('a session opens nothing that takes a key', async () => {
  for (const name of Object.keys(KEYS)) {
    const [method = '', path = ''] = name.split(' ');
    const answer = await people.owner.send(method, path.replaceAll(/:\w+/g, 'f'.repeat(64)));
    expect([name, answer.status]).toEqual([name, 401]);
  }
});
