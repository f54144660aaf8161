/** API keys on the routes of management keys, and the other way round, for every route that there is: a refusal, and nothing more. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { sql } from 'kysely';
import type { Route } from '../../../src/http/route.ts';
import { engines } from '../../databases.ts';
import { makeKey, startGateway, type TestGateway } from '../../harness.ts';

/** What would do something, were it let in. */
const BODIES: Readonly<Record<string, object>> = {
  '/api/v1/chat/completions': { model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] },
  '/api/v1/completions': { model: 'acme/small', prompt: 'Hi' },
  '/api/v1/messages': { model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 9 },
  '/api/v1/routing/explain': { model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] },
  '/api/v1/messages/count_tokens': { model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] },
  '/api/v1/responses': { model: 'acme/small', input: 'Hi' },
  '/api/v1/embeddings': { model: 'acme/embedding', input: 'Hi' },
  '/api/v1/auth/keys/code': { callback_url: 'https://app.example/back' },
  '/api/v1/analytics/query': { metrics: ['request_count'] },
  '/api/v1/keys': { name: 'Sibling' },
  '/api/v1/key/children': { name: 'Child' },
  '/api/v1/workspaces': { name: 'Mine', slug: 'mine' },
  '/scim/v2/Users': { userName: 'x@example.com' },
  '/scim/v2/Groups': { displayName: 'x' },
  '/api/v1/external-users': { user: 'somebody' },
  '/api/v1/organization/settings': { key_rotation_days: 1, is_key_rotation_enforced: true },
  '/api/v1/workspaces/:id/budgets/:interval': { limit_usd: 1 },
  '/api/v1/workspaces/:id/tag-budgets': { tag: 'project', interval: 'daily', limit_usd: 1 },
  '/api/v1/workspaces/:id/rate-limits': { subject: 'api_key', requests_per_minute: 1 },
  '/api/v1/workspaces/:id/budget-alerts': { percents: [1] },
  '/api/v1/byok': { provider: 'acme', key: 'sk-own-0123456789abcdef' },
  '/api/v1/byok/:id': { disabled: true },
  '/api/v1/webhooks': { name: 'Mine', url: 'https://hooks.example.com/x' },
  '/api/v1/webhooks/:id': { disabled: true },
  '/api/v1/policy/explain': { model: 'acme/small', messages: [{ role: 'user', content: 'Hi' }] },
  '/api/v1/policy/replay': { days: 1 },
  '/api/v1/guardrails': { name: 'Rules' },
  '/api/v1/guardrails/:id': { name: 'Changed' },
  '/api/v1/keys/:hash': { disabled: true, limit: 0, name: 'Changed' },
};

const GEMINI = { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] };
const isGemini = (path: string) => /^\/api\/v1(?:beta|\/models)\//.test(path);

/** What stands for the parameters of a path: of Gemini's doors a model and what it is to do. */
function pathOf(path: string, hash: string): string {
  return path
    .replace(':hash', hash)
    .replace('/workspaces/:id', '/workspaces/default')
    .replace(':interval', 'daily')
    .replace(':author', 'acme')
    .replace(':slug', 'small:generateContent')
    .replace(':id', 'acme%2Fsmall:generateContent')
    .replace(/:\w+$/g, (name) => (isGemini(path) ? name : 'x'));
}

interface Failure {
  /** As SCIM tells it. */
  readonly detail?: string;
  readonly error?: {
    readonly message: string;
    readonly metadata?: { readonly error_code: string };
    readonly details?: readonly { readonly reason: string }[];
  };
}

/** Anthropic's form has no place for a code of ours. */
function codeOf({ error, detail }: Failure): string | undefined {
  if (detail === 'Only management keys can perform this operation') return 'management_key_required';
  const isKnown = error?.message === 'Management keys cannot be used for inference; use an API key';
  const code = error?.metadata?.error_code ?? error?.details?.[0]?.reason.toLowerCase();
  return code ?? (isKnown ? 'management_key_not_allowed' : undefined);
}

const isOf =
  (...kinds: Route['access'][]) =>
  ({ access }: Route) =>
    kinds.includes(access);

describe.each(engines.map(({ name }) => [name] as const))('on %s', (engine) => {
  let bench: TestGateway;
  let hash: string;
  let key: string;
  beforeAll(async () => {
    const endpoint = {
      provider: 'acme',
      model: 'embedding',
      pricing: { prompt: '0.0000001', completion: '0' },
    };
    const model = { id: 'acme/embedding', output_modalities: ['embeddings'], endpoints: [endpoint] };
    bench = await startGateway({ engine, config: { models: [{ context_length: 8192, ...model }] } });
    ({ hash, key } = await makeKey(bench));
  });
  afterAll(() => bench.stop());

  /** Every row of every table that a request could change; the log of what was asked is none. */
  async function rows(): Promise<unknown> {
    const tables = [
      'api_key',
      'oauth_code',
      'idempotent_answer',
      'audit_event',
      ...(['workspace_budget', 'workspace_limits', 'tag_budget', 'rate_limit'] as const),
      ...(['guardrail', 'guardrail_key', 'guardrail_member'] as const),
      'change_log',
      'generation_record',
      ...([
        'scim_user',
        'scim_group',
        'scim_sync_job',
        'account',
        'workspace',
        'workspace_member',
        'external_user',
        'webhook',
        'notification',
        'key_leak',
        'key_secret',
      ] as const),
    ] as const;
    const all = await Promise.all(
      tables.map(
        async (table) => (await sql`SELECT * FROM ${sql.table(table)}`.execute(bench.database.db)).rows,
      ),
    );
    // That it was refused is told.
    return all.map((found) => found.filter((row) => (row as { outcome?: string }).outcome !== 'refused'));
  }

  async function ask({ method, path }: Route, bearer: string) {
    const body = BODIES[path] ?? (isGemini(path) ? GEMINI : undefined);
    const answer = await fetch(`${bench.url}${pathOf(path, hash)}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      ...(method !== 'GET' && body !== undefined && { body: JSON.stringify(body) }),
    });
    return {
      status: answer.status,
      json: (await answer.json()) as Failure,
    };
  }

  async function refusals(routes: readonly Route[], bearer: string) {
    const answers = await Promise.all(
      routes.map(async (route) => [route, await ask(route, bearer)] as const),
    );
    return answers.map(([{ method, path }, { status, json }]) => [`${method} ${path}`, status, codeOf(json)]);
  }

  test('every route for management keys refuses an API key, and no row changes', async () => {
    const routes = bench.gateway.routes.filter(isOf('managementKey'));
    expect(routes.length).toBeGreaterThanOrEqual(6);
    const before = await rows();
    expect(await refusals(routes, key)).toEqual(
      routes.map(({ method, path }) => [`${method} ${path}`, 403, 'management_key_required']),
    );
    expect(await rows()).toEqual(before);
    expect((await ask({ method: 'GET', path: '/api/v1/key' } as Route, key)).status).toBe(200);
  });

  test('every route for API keys refuses a management key, and no provider hears of it', async () => {
    const routes = bench.gateway.routes.filter(isOf('apiKey', 'keyItself'));
    expect(routes.length).toBeGreaterThanOrEqual(3);
    const before = await rows();
    expect(await refusals(routes, bench.managementKey)).toEqual(
      routes.map(({ method, path }) => [`${method} ${path}`, 403, 'management_key_not_allowed']),
    );
    expect(bench.provider.requests).toEqual([]);
    expect(await rows()).toEqual(before);
  });

  test('each of these requests does something when it comes with the right kind of key', async () => {
    for (const route of bench.gateway.routes.filter(isOf('apiKey', 'keyItself'))) {
      // A socket is opened by an upgrade alone.
      const isSocket = route.method === 'GET' && route.path.endsWith('/responses');
      const isMaking = route.method === 'POST' && route.path.endsWith('/children');
      const status = isSocket ? 426 : isMaking ? 201 : 200;
      expect([route.path, (await ask(route, bench.apiKey)).status]).toEqual([route.path, status]);
    }
    // Chat, text, messages, responses, five spellings of Gemini's door, and embeddings; tokens are counted here.
    expect(bench.provider.requests.length).toBe(10);
  });
});
