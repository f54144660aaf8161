/** Every change that takes rights leaves exactly one event with who made it. A new route needs a line here. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { hashOf } from '../../../src/auth/key-secret.ts';
import { newId } from '../../../src/ids.ts';
import type { AuditEventTable } from '../../../src/storage/audit-tables.ts';
import { OWNER, signUpMember, signUpOwner, tokenOf, Visitor } from '../../accounts.ts';
import { engines } from '../../databases.ts';
import { startFakeStripe } from '../../fake-stripe/server.ts';
import { makeKey, spawnGateway, startGateway, type TestGateway } from '../../harness.ts';
import { turnpike } from '../../turnpike.ts';
import {
  askForCode,
  codeByKey,
  codeOf,
  consentPage,
  postJson,
  registerApp,
  S256,
  sendConsent,
} from '../oauth/bench.ts';

const CALLBACK = 'https://your-app.com/callback';
const BASE = '/api/dashboard/workload-identity';
const OWN_KEY = { provider: 'acme', key: 'sk-own-0123456789abcdef' };
/** Nothing is told there: it wants what never happens here. */
const WEBHOOK = { name: 'W', url: 'https://hooks.example.com/x', kinds: ['credits.low'] };
/** A PNG of one pixel. */
const DOT =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** A question that is too long for an address, a bill, rules that are being written, what a caller says of an answer, a key that is tried, and a chat, which the ledger has. */
const TAKES_NO_RIGHTS =
  /\/(?:analytics\/query|reconcile|policy\/replay|generation\/feedback|byok\/:id\/test|webhooks\/:id\/test|webhooks\/:id\/deliveries\/:delivery\/replay|guardrails\/:id\/preview|dashboard\/chat\/completions)$/;

/** What a change is made as, and what it is called. */
interface Done {
  readonly status: number;
  readonly action: string;
  readonly actor: 'user' | 'management_key' | 'api_key';
}

describe.each(engines)('on $name', ({ name: engine }) => {
  let gateway: TestGateway;
  let stripe: ReturnType<typeof startFakeStripe>;
  let owner: Visitor;
  let ownerId: string;

  beforeAll(async () => {
    stripe = startFakeStripe();
    gateway = await startGateway({
      ...{ engine, stripe: stripe.access },
      config: { billing: { mode: 'prepaid' }, figures: { tags: ['project'] } },
    });
    owner = await signUpOwner(gateway);
    ownerId = (await owner.session())?.user.id ?? '';
  });
  afterAll(async () => {
    await gateway.stop();
    await stripe[Symbol.asyncDispose]();
  });

  const events = (): Promise<AuditEventTable[]> =>
    gateway.database.db.selectFrom('audit_event').selectAll().orderBy('id').execute();
  const byKey = async (method: string, path: string, body: object = {}) =>
    await fetch(`${gateway.baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'application/json' },
      ...(method === 'DELETE' ? {} : { body: JSON.stringify(body) }),
    });
  const asOwner = async (method: string, path: string, body: object, action: string): Promise<Done> => {
    const { status } = await owner.send(method, path, body);
    return { status, action, actor: 'user' };
  };
  const someKey = () => makeKey(gateway);
  const checkout = async () => (await owner.post('/api/dashboard/credits/checkout', { amount_usd: 5 })).body;
  const ownKey = async (): Promise<string> =>
    ((await (await byKey('POST', '/byok', OWN_KEY)).json()) as { data: { id: string } }).data.id;
  const webhook = async (): Promise<string> =>
    ((await (await byKey('POST', '/webhooks', WEBHOOK)).json()) as { data: { id: string } }).data.id;
  const guardrail = async (): Promise<string> =>
    ((await (await byKey('POST', '/guardrails', { name: 'R' })).json()) as { data: { id: string } }).data.id;
  const invitation = async () =>
    (
      await owner.post('/api/dashboard/invitations', {
        email: `${crypto.randomUUID()}@example.com`,
        role: 'member',
      })
    ).body;
  const member = async () => {
    const email = `${crypto.randomUUID()}@example.com`;
    const visitor = await signUpMember(gateway, owner, { email, password: 'correct horse battery' });
    return { visitor, id: (await visitor.session())?.user.id ?? '' };
  };
  const newSlug = () => `w-${crypto.randomUUID().slice(0, 8)}`;
  const workspace = async (): Promise<string> =>
    (
      (await (await byKey('POST', '/workspaces', { name: 'W', slug: newSlug() })).json()) as {
        data: { id: string };
      }
    ).data.id;
  const scim = async (method: string, path: string, body: object = {}) => {
    const answer = await fetch(`${gateway.url}/scim/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${gateway.managementKey}`, 'content-type': 'application/scim+json' },
      ...(method === 'DELETE' ? {} : { body: JSON.stringify(body) }),
    });
    const json = answer.status === 204 ? {} : ((await answer.json()) as { id?: string });
    return { status: answer.status, id: json.id ?? '' };
  };
  const group = async () => (await scim('POST', '/Groups', { displayName: 'Team' })).id;
  const mapping = async (): Promise<string> => {
    const body = { scim_group_id: await group(), workspace_id: await workspace(), role: 'member' };
    const answer = await byKey('POST', '/scim/group-mappings', body);
    return ((await answer.json()) as { data: { id: string } }).data.id;
  };
  const issuerBody = () => ({
    name: 'CI',
    issuer_url: 'https://ci.example.com',
    jwks_url: 'https://ci.example.com/jwks',
  });
  const issuer = async () => String((await owner.post(`${BASE}/issuers`, issuerBody())).body['id']);
  const policyBody = async () => ({
    ...{ name: 'Deploy', issuer_id: await issuer(), subject: 'ci', audience: 'https://turnpike' },
    target_key_hash: hashOf(gateway.apiKey),
  });
  const policy = async () => String((await owner.post(`${BASE}/policies`, await policyBody())).body['id']);
  const userCode = async (): Promise<string> => {
    const { client_id } = await registerApp(owner, { is_public: true });
    const answer = await fetch(`${gateway.baseUrl}/oauth/device_authorization`, {
      method: 'POST',
      body: new URLSearchParams({ client_id }),
    });
    return ((await answer.json()) as { user_code: string }).user_code;
  };

  /** Prepares, and gives what then makes one change. */
  const changes: Readonly<Record<string, () => Promise<() => Promise<Done>>>> = {
    'POST /api/v1/keys': async () => async () => {
      const { status } = await byKey('POST', '/keys', { name: 'a key', limit: 2 });
      return { status, action: 'key.created', actor: 'management_key' };
    },
    'PATCH /api/v1/keys/:hash': async () => {
      const { hash } = await someKey();
      return async () => {
        const { status } = await byKey('PATCH', `/keys/${hash}`, { limit: 3 });
        return { status, action: 'key.changed', actor: 'management_key' };
      };
    },
    'DELETE /api/v1/keys/:hash': async () => {
      const { hash } = await someKey();
      return async () => {
        const { status } = await byKey('DELETE', `/keys/${hash}`);
        return { status, action: 'key.deleted', actor: 'management_key' };
      };
    },
    'POST /api/v1/keys/:hash/rotate': async () => {
      const { hash } = await someKey();
      return async () => {
        const { status } = await byKey('POST', `/keys/${hash}/rotate`);
        return { status, action: 'key.rotated', actor: 'management_key' };
      };
    },
    'POST /api/dashboard/keys/:hash/rotate': async () => {
      const { hash } = await someKey();
      return () => asOwner('POST', `/api/dashboard/keys/${hash}/rotate`, {}, 'key.rotated');
    },
    'POST /api/v1/key/children': async () => async () => {
      const { status } = await postJson(gateway, '/key/children', { name: 'child' }, gateway.apiKey);
      return { status, action: 'key.created', actor: 'api_key' };
    },
    ...Object.fromEntries(
      (['/api/v1', '/api/dashboard'] as const).flatMap((base) => {
        const isPage = base === '/api/dashboard';
        const send = async (method: string, path: string, body: object, action: string): Promise<Done> =>
          isPage
            ? await asOwner(method, `${base}${path}`, body, action)
            : { status: (await byKey(method, path, body)).status, action, actor: 'management_key' };
        const rules = isPage ? '/organisation/rules' : '/organization/settings';
        return [
          [
            `POST ${base}/workspaces`,
            async () => () =>
              send('POST', '/workspaces', { name: 'W', slug: newSlug() }, 'workspace.created'),
          ],
          [
            `PATCH ${base}/workspaces/:id`,
            async () => {
              const id = await workspace();
              return () => send('PATCH', `/workspaces/${id}`, { name: 'Other' }, 'workspace.changed');
            },
          ],
          [
            `DELETE ${base}/workspaces/:id`,
            async () => {
              const id = await workspace();
              return () => send('DELETE', `/workspaces/${id}`, {}, 'workspace.deleted');
            },
          ],
          [
            `POST ${base}/workspaces/:id/members/add`,
            async () => {
              const [id, { id: userId }] = [await workspace(), await member()];
              const body = { user_ids: [userId] };
              return () => send('POST', `/workspaces/${id}/members/add`, body, 'workspace.members_added');
            },
          ],
          [
            `POST ${base}/workspaces/:id/members/remove`,
            async () => {
              const [id, { id: userId }] = [await workspace(), await member()];
              const body = { user_ids: [userId] };
              await byKey('POST', `/workspaces/${id}/members/add`, body);
              return () =>
                send('POST', `/workspaces/${id}/members/remove`, body, 'workspace.members_removed');
            },
          ],
          [
            `PATCH ${base}${rules}`,
            async () => () => send('PATCH', rules, { key_rotation_days: 90 }, 'organisation.rules_changed'),
          ],
          [
            `POST ${base}/scim/group-mappings`,
            async () => {
              const body = { scim_group_id: await group(), workspace_id: await workspace(), role: 'member' };
              return () => send('POST', '/scim/group-mappings', body, 'scim_mapping.created');
            },
          ],
          [
            `DELETE ${base}/scim/group-mappings/:id`,
            async () => {
              const id = await mapping();
              return () =>
                send('DELETE', `/scim/group-mappings/${id}?keep_members=false`, {}, 'scim_mapping.deleted');
            },
          ],
        ] as const;
      }),
    ),
    'PATCH /api/dashboard/workspaces/:id/members/:userId': async () => {
      const [id, { id: userId }] = [await workspace(), await member()];
      await byKey('POST', `/workspaces/${id}/members/add`, { user_ids: [userId] });
      const path = `/api/dashboard/workspaces/${id}/members/${userId}`;
      return () => asOwner('PATCH', path, { role: 'admin' }, 'workspace.member_role_changed');
    },
    'PATCH /api/v1/scim/group-mappings/:id': async () => {
      const id = await mapping();
      return async () => {
        const { status } = await byKey('PATCH', `/scim/group-mappings/${id}`, { role: 'admin' });
        return { status, action: 'scim_mapping.changed', actor: 'management_key' };
      };
    },
    'POST /api/v1/scim/sync-jobs': async () => async () => {
      const { status } = await byKey('POST', '/scim/sync-jobs');
      return { status, action: 'scim_sync.started', actor: 'management_key' };
    },
    'POST /api/v1/external-users': async () => async () => {
      const { status } = await byKey('POST', '/external-users', { user: crypto.randomUUID() });
      return { status, action: 'external_user.created', actor: 'management_key' };
    },
    ...Object.fromEntries(
      (['PATCH', 'DELETE'] as const).map((method) => [
        `${method} /api/v1/external-users/:user`,
        async () => {
          const user = crypto.randomUUID();
          await byKey('POST', '/external-users', { user });
          return async (): Promise<Done> => {
            const { status } = await byKey(method, `/external-users/${user}`, { is_active: false });
            return { status, action: 'external_user.changed', actor: 'management_key' };
          };
        },
      ]),
    ),
    ...Object.fromEntries(
      (['Users', 'Groups'] as const).flatMap((kind) => {
        const target = kind === 'Users' ? 'scim_user' : 'scim_group';
        const body = () =>
          kind === 'Users' ? { userName: `${crypto.randomUUID()}@example.com` } : { displayName: 'Team' };
        const done = (status: number, verb: string): Done => ({
          ...{ status, action: `${target}.${verb}`, actor: 'management_key' },
        });
        const at = async () => `/${kind}/${(await scim('POST', `/${kind}`, body())).id}`;
        return [
          [
            `POST /scim/v2/${kind}`,
            async () => async () => done((await scim('POST', `/${kind}`, body())).status, 'created'),
          ],
          [
            `PUT /scim/v2/${kind}/:id`,
            async () => {
              const path = await at();
              return async () => done((await scim('PUT', path, body())).status, 'changed');
            },
          ],
          [
            `PATCH /scim/v2/${kind}/:id`,
            async () => {
              const path = await at();
              const patch = { Operations: [{ op: 'replace', path: 'displayName', value: 'Other' }] };
              return async () => done((await scim('PATCH', path, patch)).status, 'changed');
            },
          ],
          [
            `DELETE /scim/v2/${kind}/:id`,
            async () => {
              const path = await at();
              return async () => done((await scim('DELETE', path)).status, 'deleted');
            },
          ],
        ] as const;
      }),
    ),
    'POST /api/v1/auth/keys/code': async () => async () => {
      const { status } = await askForCode(gateway, S256);
      return { status, action: 'code.created', actor: 'api_key' };
    },
    'POST /api/dashboard/keys': async () => () =>
      asOwner('POST', '/api/dashboard/keys', { name: 'mine' }, 'key.created'),
    'PATCH /api/dashboard/keys/:hash': async () => {
      const { hash } = await someKey();
      return () => asOwner('PATCH', `/api/dashboard/keys/${hash}`, { disabled: true }, 'key.changed');
    },
    'DELETE /api/dashboard/keys/:hash': async () => {
      const { hash } = await someKey();
      return () => asOwner('DELETE', `/api/dashboard/keys/${hash}`, {}, 'key.deleted');
    },
    'POST /api/dashboard/management-keys': async () => () =>
      asOwner('POST', '/api/dashboard/management-keys', { name: 'pipeline' }, 'key.created'),
    'DELETE /api/dashboard/management-keys/:hash': async () => {
      const { body } = await owner.post('/api/dashboard/management-keys', { name: 'pipeline' });
      const hash = String(body['hash']);
      return () => asOwner('DELETE', `/api/dashboard/management-keys/${hash}`, {}, 'key.deleted');
    },
    'PATCH /api/dashboard/management-keys/:hash': async () => {
      const { body } = await owner.post('/api/dashboard/management-keys', { name: 'pipeline' });
      const path = `/api/dashboard/management-keys/${String(body['hash'])}`;
      return () => asOwner('PATCH', path, { disabled: true }, 'key.changed');
    },
    'POST /api/dashboard/management-keys/:hash/rotate': async () => {
      const { body } = await owner.post('/api/dashboard/management-keys', { name: 'pipeline' });
      const path = `/api/dashboard/management-keys/${String(body['hash'])}/rotate`;
      return () => asOwner('POST', path, {}, 'key.rotated');
    },
    'PATCH /api/dashboard/notifications': async () => () =>
      asOwner(
        'PATCH',
        '/api/dashboard/notifications',
        { by_mail: { 'key.leaked': false } },
        'notifications.preferences_changed',
      ),
    'PATCH /api/dashboard/notifications/settings': async () => () =>
      asOwner(
        'PATCH',
        '/api/dashboard/notifications/settings',
        { key_limit_percent: 90 },
        'notifications.settings_changed',
      ),
    ...Object.fromEntries(
      (['/api/v1/webhooks', '/api/dashboard/webhooks'] as const).flatMap((base) => {
        const actor = base.startsWith('/api/v1') ? ('management_key' as const) : ('user' as const);
        const send = async (method: string, path: string, body: object, action: string): Promise<Done> =>
          actor === 'user'
            ? await asOwner(method, path, body, action)
            : { status: (await byKey(method, path.slice('/api/v1'.length), body)).status, action, actor };
        return [
          [`POST ${base}`, async () => () => send('POST', base, WEBHOOK, 'webhook.created')],
          [
            `PATCH ${base}/:id`,
            async () => {
              const id = await webhook();
              return () => send('PATCH', `${base}/${id}`, { name: 'Renamed' }, 'webhook.changed');
            },
          ],
          [
            `POST ${base}/:id/secret`,
            async () => {
              const id = await webhook();
              return () => send('POST', `${base}/${id}/secret`, {}, 'webhook.secret_rotated');
            },
          ],
          [
            `DELETE ${base}/:id`,
            async () => {
              const id = await webhook();
              return () => send('DELETE', `${base}/${id}`, {}, 'webhook.deleted');
            },
          ],
        ] as const;
      }),
    ),
    'PATCH /api/dashboard/organisation': async () => () =>
      asOwner('PATCH', '/api/dashboard/organisation', { name: 'Difference Engines' }, 'organisation.changed'),
    'PUT /api/dashboard/organisation/logo': async () => () =>
      asOwner('PUT', '/api/dashboard/organisation/logo', { image: DOT }, 'organisation.logo_changed'),
    'DELETE /api/dashboard/organisation/logo': async () => {
      await owner.send('PUT', '/api/dashboard/organisation/logo', { image: DOT });
      return () => asOwner('DELETE', '/api/dashboard/organisation/logo', {}, 'organisation.logo_removed');
    },
    'POST /api/dashboard/credits/checkout': async () => {
      // The first one also makes what others find.
      await checkout();
      return () =>
        asOwner('POST', '/api/dashboard/credits/checkout', { amount_usd: 5 }, 'credits.checkout_begun');
    },
    'POST /api/dashboard/credits/purchases/:id/refresh': async () => {
      const { id, url } = await checkout();
      stripe.pay(String(url).split('/').at(-1) ?? '');
      const path = `/api/dashboard/credits/purchases/${id}/refresh`;
      return () => asOwner('POST', path, {}, 'credits.purchase');
    },
    'PATCH /api/dashboard/credits/top-up': async () => () =>
      asOwner('PATCH', '/api/dashboard/credits/top-up', { threshold_usd: 7 }, 'credits.top_up_changed'),
    'PATCH /api/dashboard/credits/alerts': async () => () =>
      asOwner('PATCH', '/api/dashboard/credits/alerts', { percents: [50] }, 'credits.alerts_changed'),
    'DELETE /api/dashboard/credits/card': async () => () =>
      asOwner('DELETE', '/api/dashboard/credits/card', {}, 'credits.card_removed'),
    'PATCH /api/v1/content-logging': async () => async () => {
      const { status } = await byKey('PATCH', '/content-logging', { enabled: true });
      return { status, action: 'content_logging.changed', actor: 'management_key' };
    },
    'DELETE /api/v1/content-logging': async () => async () => {
      const { status } = await byKey('DELETE', '/content-logging');
      return { status, action: 'content_logging.deleted', actor: 'management_key' };
    },
    'PATCH /api/dashboard/content-logging': async () => () =>
      asOwner('PATCH', '/api/dashboard/content-logging', { retention_days: 7 }, 'content_logging.changed'),
    'DELETE /api/dashboard/content-logging': async () => () =>
      asOwner('DELETE', '/api/dashboard/content-logging', {}, 'content_logging.deleted'),
    ...Object.fromEntries(
      (['/api/v1/byok', '/api/dashboard/byok'] as const).flatMap((base) => {
        const actor = base.startsWith('/api/v1') ? ('management_key' as const) : ('user' as const);
        const send = async (method: string, path: string, body: object, action: string): Promise<Done> =>
          actor === 'user'
            ? await asOwner(method, path, body, action)
            : { status: (await byKey(method, path.slice('/api/v1'.length), body)).status, action, actor };
        return [
          [`POST ${base}`, async () => () => send('POST', base, OWN_KEY, 'byok.created')],
          [
            `PATCH ${base}/:id`,
            async () => {
              const id = await ownKey();
              return () => send('PATCH', `${base}/${id}`, { name: 'Renamed' }, 'byok.changed');
            },
          ],
          [
            `DELETE ${base}/:id`,
            async () => {
              const id = await ownKey();
              return () => send('DELETE', `${base}/${id}`, {}, 'byok.deleted');
            },
          ],
        ] as const;
      }),
    ),
    ...Object.fromEntries(
      (['/api/v1/guardrails', '/api/dashboard/guardrails'] as const).flatMap((base) => {
        const actor = base.startsWith('/api/v1') ? ('management_key' as const) : ('user' as const);
        const send = async (method: string, path: string, body: object, action: string): Promise<Done> =>
          actor === 'user'
            ? await asOwner(method, path, body, action)
            : { status: (await byKey(method, path.slice('/api/v1'.length), body)).status, action, actor };
        const keys = async () => ({ key_hashes: [(await someKey()).hash] });
        const members = async () => ({ member_user_ids: [(await member()).id] });
        const bound = ([of, bodyOf]: readonly [string, () => Promise<object>]) =>
          [
            [
              `POST ${base}/:id/assignments/${of}`,
              async () => {
                const [id, body] = [await guardrail(), await bodyOf()];
                return () => send('POST', `${base}/${id}/assignments/${of}`, body, 'guardrail.assigned');
              },
            ],
            [
              `POST ${base}/:id/assignments/${of}/remove`,
              async () => {
                const [id, body] = [await guardrail(), await bodyOf()];
                await byKey('POST', `/guardrails/${id}/assignments/${of}`, body);
                const path = `${base}/${id}/assignments/${of}/remove`;
                return () => send('POST', path, body, 'guardrail.unassigned');
              },
            ],
          ] as const;
        return [
          [`POST ${base}`, async () => () => send('POST', base, { name: 'Rules' }, 'guardrail.created')],
          [
            `PATCH ${base}/:id`,
            async () => {
              const id = await guardrail();
              return () => send('PATCH', `${base}/${id}`, { description: 'New' }, 'guardrail.changed');
            },
          ],
          [
            `DELETE ${base}/:id`,
            async () => {
              const id = await guardrail();
              return () => send('DELETE', `${base}/${id}`, {}, 'guardrail.deleted');
            },
          ],
          ...bound(['keys', keys]),
          ...bound(['members', members]),
        ] as const;
      }),
    ),
    ...Object.fromEntries(
      (['/api/v1/workspaces', '/api/dashboard/workspaces'] as const).flatMap((base) => {
        const place = `${base}/default`;
        const actor = base.startsWith('/api/v1') ? ('management_key' as const) : ('user' as const);
        const send = async (method: string, path: string, body: object, action: string): Promise<Done> =>
          actor === 'user'
            ? await asOwner(method, path, body, action)
            : { status: (await byKey(method, path.slice('/api/v1'.length), body)).status, action, actor };
        const made = async (path: string, body: object): Promise<string> =>
          (
            (await (await byKey('POST', `/workspaces/default${path}`, body)).json()) as {
              data: { id: string };
            }
          ).data.id;
        const tagBudget = () => ({ tag: 'project', value: newId(), interval: 'yearly', limit_usd: 5 });
        /** Of a key that has no other one. */
        const rateLimit = async () => {
          const key = await byKey('POST', '/keys', { name: 'Rated' });
          const { data } = (await key.json()) as { data: { hash: string } };
          return { subject: 'api_key', target: data.hash, requests_per_minute: 5 };
        };
        const changing = async (
          path: string,
          body: object,
          method: string,
          patch: object,
          action: string,
        ) => {
          const id = await made(path, body);
          return () => send(method, `${place}${path}/${id}`, patch, action);
        };
        const budget = `${place}/budgets/daily`;
        return [
          [
            `PUT ${base}/:id/budgets/:interval`,
            async () => () => send('PUT', budget, { limit_usd: 5 }, 'workspace_budget.set'),
          ],
          [
            `DELETE ${base}/:id/budgets/:interval`,
            async () => {
              await byKey('PUT', '/workspaces/default/budgets/daily', { limit_usd: 5 });
              return () => send('DELETE', budget, {}, 'workspace_budget.removed');
            },
          ],
          [
            `POST ${base}/:id/tag-budgets`,
            async () => () => send('POST', `${place}/tag-budgets`, tagBudget(), 'tag_budget.created'),
          ],
          [
            `PATCH ${base}/:id/tag-budgets/:budgetId`,
            () => changing('/tag-budgets', tagBudget(), 'PATCH', { limit_usd: 6 }, 'tag_budget.changed'),
          ],
          [
            `DELETE ${base}/:id/tag-budgets/:budgetId`,
            () => changing('/tag-budgets', tagBudget(), 'DELETE', {}, 'tag_budget.deleted'),
          ],
          [
            `POST ${base}/:id/rate-limits`,
            async () => {
              const limit = await rateLimit();
              return () => send('POST', `${place}/rate-limits`, limit, 'rate_limit.created');
            },
          ],
          [
            `PATCH ${base}/:id/rate-limits/:limitId`,
            async () => {
              const limit = await rateLimit();
              return await changing(
                '/rate-limits',
                limit,
                'PATCH',
                { tokens_per_minute: 6 },
                'rate_limit.changed',
              );
            },
          ],
          [
            `DELETE ${base}/:id/rate-limits/:limitId`,
            async () => changing('/rate-limits', await rateLimit(), 'DELETE', {}, 'rate_limit.deleted'),
          ],
          [
            `PUT ${base}/:id/budget-alerts`,
            async () => () =>
              send('PUT', `${place}/budget-alerts`, { percents: [70] }, 'budget_alerts.changed'),
          ],
        ] as const;
      }),
    ),
    'PUT /api/dashboard/byok-order': async () => {
      const ids = [await ownKey(), await ownKey()].reverse();
      return () => asOwner('PUT', '/api/dashboard/byok-order', { ids }, 'byok.reordered');
    },
    'POST /api/dashboard/invitations': async () => () =>
      asOwner(
        'POST',
        '/api/dashboard/invitations',
        { email: 'x@example.com', role: 'admin' },
        'invitation.created',
      ),
    'DELETE /api/dashboard/invitations/:id': async () => {
      const { id } = await invitation();
      return () => asOwner('DELETE', `/api/dashboard/invitations/${id}`, {}, 'invitation.revoked');
    },
    'PATCH /api/dashboard/members/:userId': async () => {
      const { id } = await member();
      return () => asOwner('PATCH', `/api/dashboard/members/${id}`, { role: 'admin' }, 'member.role_changed');
    },
    'DELETE /api/dashboard/members/:userId': async () => {
      const { id } = await member();
      return () => asOwner('DELETE', `/api/dashboard/members/${id}`, {}, 'member.removed');
    },
    'DELETE /api/dashboard/sessions/:id': async () => {
      const elsewhere = new Visitor(gateway.url);
      await elsewhere.signIn(OWNER);
      const other = await elsewhere.session();
      return () => asOwner('DELETE', `/api/dashboard/sessions/${other?.id}`, {}, 'session.ended');
    },
    'DELETE /api/dashboard/sessions': async () => () =>
      asOwner('DELETE', '/api/dashboard/sessions', {}, 'session.others_ended'),
    'POST /api/dashboard/email-change': async () => () =>
      asOwner(
        'POST',
        '/api/dashboard/email-change',
        { email: 'new@example.com', password: OWNER.password },
        'email.change_asked',
      ),
    'POST /api/dashboard/email-change/confirm': async () => {
      const email = 'olivia@new.example.com';
      await owner.post('/api/dashboard/email-change', { email, password: OWNER.password });
      // Without a mail server the operator reads the links.
      const token = tokenOf(/https?:\S+/.exec(gateway.announcements.at(-1) ?? '')?.[0] ?? '');
      return () => asOwner('POST', '/api/dashboard/email-change/confirm', { token }, 'email.changed');
    },
    'POST /api/dashboard/apps': async () => () =>
      asOwner('POST', '/api/dashboard/apps', { name: 'App', redirect_uris: [CALLBACK] }, 'app.created'),
    'PATCH /api/dashboard/apps/:id': async () => {
      const { client_id } = await registerApp(owner);
      return () => asOwner('PATCH', `/api/dashboard/apps/${client_id}`, { name: 'Other' }, 'app.changed');
    },
    'POST /api/dashboard/apps/:id/secret': async () => {
      const { client_id } = await registerApp(owner);
      return () => asOwner('POST', `/api/dashboard/apps/${client_id}/secret`, {}, 'app.secret_rotated');
    },
    'DELETE /api/dashboard/apps/:id': async () => {
      const { client_id } = await registerApp(owner);
      return () => asOwner('DELETE', `/api/dashboard/apps/${client_id}`, {}, 'app.deleted');
    },
    'DELETE /api/dashboard/app-grants/:app': async () => {
      const callback_url = `https://${crypto.randomUUID()}.example.com/cb`;
      const code = await codeOf({ gateway }, owner, { callback_url });
      await postJson(gateway, '/auth/keys', { code });
      const app = `name:${new URL(callback_url).host}`;
      return () =>
        asOwner('DELETE', `/api/dashboard/app-grants/${encodeURIComponent(app)}`, {}, 'key.deleted');
    },
    'POST /auth/consent': async () => {
      const query = { callback_url: CALLBACK, ...S256 };
      const page = await consentPage(owner, query);
      const form = { ...query, consent_id: page.json.data.consent_id, decision: 'approve' };
      return async () => {
        const { status } = await sendConsent({ gateway }, owner, form);
        return { status: status === 303 ? 200 : status, action: 'consent.given', actor: 'user' };
      };
    },
    'POST /api/dashboard/device': async () => {
      const user_code = await userCode();
      return () =>
        asOwner('POST', '/api/dashboard/device', { user_code, decision: 'approve' }, 'consent.given');
    },
    [`POST ${BASE}/issuers`]: async () => () =>
      asOwner('POST', `${BASE}/issuers`, issuerBody(), 'issuer.created'),
    [`PATCH ${BASE}/issuers/:id`]: async () => {
      const id = await issuer();
      return () => asOwner('PATCH', `${BASE}/issuers/${id}`, { name: 'Other' }, 'issuer.changed');
    },
    [`DELETE ${BASE}/issuers/:id`]: async () => {
      const id = await issuer();
      return () => asOwner('DELETE', `${BASE}/issuers/${id}`, {}, 'issuer.deleted');
    },
    [`POST ${BASE}/policies`]: async () => {
      const body = await policyBody();
      return () => asOwner('POST', `${BASE}/policies`, body, 'policy.created');
    },
    [`PATCH ${BASE}/policies/:id`]: async () => {
      const id = await policy();
      return () => asOwner('PATCH', `${BASE}/policies/${id}`, { enabled: false }, 'policy.changed');
    },
    [`DELETE ${BASE}/policies/:id`]: async () => {
      const id = await policy();
      return () => asOwner('DELETE', `${BASE}/policies/${id}`, {}, 'policy.deleted');
    },
  };

  test('every route that changes something is here', () => {
    const takeRights = gateway.gateway.routes.filter(
      ({ method, path, access }) =>
        method !== 'GET' && !['public', 'browser', 'apiKey'].includes(access) && !TAKES_NO_RIGHTS.test(path),
    );
    expect(takeRights.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      Object.keys(changes).sort(),
    );
  });

  test.each(Object.keys(changes))(
    '%s leaves one event with its actor, in the log too, and no secret',
    async (route) => {
      const change = await changes[route]?.();
      const before = await events();
      const logged = gateway.logLines.length;
      const done = await change?.();
      const [event, ...more] = (await events()).slice(before.length);
      expect(done?.status).toBeGreaterThanOrEqual(200);
      expect(done?.status).toBeLessThan(300);
      expect(more).toEqual([]);
      const actor = {
        user: ownerId,
        management_key: hashOf(gateway.managementKey),
        api_key: hashOf(gateway.apiKey),
      }[done?.actor ?? 'user'];
      expect(event).toMatchObject({
        ...{ action: done?.action, actor_kind: done?.actor, actor, address: '127.0.0.1', outcome: 'success' },
        target_kind: expect.any(String),
      });
      const lines = gateway.logLines.slice(logged).filter((line) => line.includes('"event":"audit"'));
      expect(lines.map((line) => JSON.parse(line).action)).toEqual([done?.action ?? '']);
      // Names and addresses that somebody typed are in the table alone.
      expect(lines.join()).not.toMatch(/@example|_json/);
    },
  );

  test('a change that is bad or finds nothing leaves none, and one that is not allowed leaves none of a change', async () => {
    const before = (await events()).length;
    expect((await byKey('PATCH', `/keys/${'0'.repeat(64)}`, { limit: 1 })).status).toBe(404);
    expect((await byKey('POST', '/keys', { limit: -1 })).status).toBe(400);
    expect((await owner.send('DELETE', '/api/dashboard/apps/unknown')).status).toBe(404);
    const { visitor } = await member();
    const joined = (await events()).length;
    expect(joined).toBe(before + 2);
    expect((await visitor.post('/api/dashboard/invitations', { role: 'member' })).status).toBe(403);
    expect((await events()).filter(({ outcome }) => outcome === 'success').length).toBe(joined);
  });

  test('before and after say what moved, and nothing of any event is a secret', async () => {
    const all = await events();
    const limits = all.filter(
      ({ action, actor_kind }) => action === 'key.changed' && actor_kind === 'management_key',
    );
    expect(limits.map(({ before_json, after_json }) => [before_json, after_json])).toEqual([
      ['{"limit_nano_usd":null}', '{"limit_nano_usd":"3000000000"}'],
    ]);
    const text = JSON.stringify(all);
    expect(text).not.toMatch(/sk-or-v1-[0-9a-f]{64}|app_secret_|auth_code_|token=|correct horse/);
    const { rows } = {
      rows: await gateway.database.db.selectFrom('oauth_client').select('secret_hash').execute(),
    };
    for (const { secret_hash } of rows) if (secret_hash !== null) expect(text).not.toContain(secret_hash);
  });

  test('a key that goes takes what it gave away along, and each of them is told', async () => {
    const { key, hash } = await someKey();
    const code = await codeByKey(gateway, {}, key);
    const { json } = await postJson(gateway, '/auth/keys', { code });
    const before = await events();
    expect((await byKey('DELETE', `/keys/${hash}`)).status).toBe(200);
    const told = (await events()).slice(before.length);
    expect(told).toMatchObject([
      { action: 'key.deleted', actor_kind: 'management_key', target: hash },
      { action: 'key.deleted', actor_kind: 'management_key', target: hashOf(String(json.key)) },
    ]);
  });

  test('somebody who joins by a link is in the log with whose link it was', async () => {
    const { id } = await member();
    const joined = (await events()).filter(
      ({ action, target }) => action === 'member.joined' && target === id,
    );
    expect(joined).toHaveLength(1);
    expect(JSON.parse(joined[0]?.after_json ?? '{}')).toMatchObject({
      role: 'member',
      invitation_id: expect.any(String),
    });
  });
});

test('each command that changes something leaves one event of the operator', async () => {
  await using gateway = await spawnGateway();
  await gateway.kill('SIGTERM');
  const { openDatabase } = await import('../../../src/storage/database.ts');
  const read = async () => {
    const database = await openDatabase({ databaseUrl: null, dataDir: gateway.dataDir });
    try {
      return await database.db.selectFrom('audit_event').selectAll().orderBy('id').execute();
    } finally {
      await database.close();
    }
  };
  const [first] = (await read()).filter(({ action }) => action === 'key.created');
  expect(first?.actor_kind).toBe('system');
  const made = await turnpike(gateway, 'keys', 'create', '--name', 'CLI', '--json');
  const { hash } = JSON.parse(made.stdout) as { hash: string };
  let count = (await read()).length;
  for (const [action, ...args] of [
    ['key.changed', 'keys', 'disable', hash],
    ['key.changed', 'keys', 'enable', hash],
    ['key.deleted', 'keys', 'delete', hash],
    ['invitation.created', 'users', 'invite', 'ann@example.com'],
    ['credits.grant', 'credits', 'grant', '5', '--reason', 'a gift'],
    ['credits.adjustment', 'credits', 'adjust', '-5', '--reason', 'a mistake'],
    [null, 'keys', 'list'],
    [null, 'users', 'list'],
    [null, 'credits', 'show'],
    [null, 'ledger', 'verify'],
  ] as const) {
    const ran = await turnpike(gateway, ...args);
    expect([args, ran.code]).toEqual([args, 0]);
    const all = await read();
    const fresh = all.slice(count);
    expect(fresh.map((event) => [event.action, event.actor_kind])).toEqual(
      action === null ? [] : [[action, 'operator']],
    );
    count = all.length;
  }
});
