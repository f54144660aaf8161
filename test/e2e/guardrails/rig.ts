/** A gateway with models and providers to tell apart, and people and keys that guardrails may bind. */

import { isoFromMs } from '../../../src/clock.ts';
import { newId } from '../../../src/ids.ts';
import { type FakeProvider, startFakeProvider } from '../../fake-provider/server.ts';
import {
  type ConfigText,
  makeKey,
  type StartOptions,
  startGateway,
  type TestGateway,
} from '../../harness.ts';

const PRICING = { prompt: '0.000001', completion: '0.000002' };

/** `url`: of the provider that keeps what it is told, or learns from it. */
export const modelsAt = (url: string): ConfigText => ({
  providers: [
    {
      ...{ slug: 'keeper', name: 'Keeper', base_url: url, api_key: 'k' },
      data_policy: { training: false, retains_prompts: true },
    },
    {
      ...{ slug: 'learner', name: 'Learner', base_url: url, api_key: 'k' },
      data_policy: { training: true, retains_prompts: true },
    },
  ],
  models: [
    model('anthropic/kept', [{ provider: 'keeper', model: 'kept', pricing: PRICING }]),
    model('openai/kept', [{ provider: 'keeper', model: 'kept', pricing: PRICING }]),
    model('acme/learnt', [{ provider: 'learner', model: 'learnt', pricing: PRICING }]),
    model('acme/learnt:free', [
      { provider: 'learner', model: 'learnt-free', pricing: { prompt: '0', completion: '0' } },
    ]),
    {
      ...model('acme/vector', [
        { provider: 'acme', model: 'vector', pricing: { prompt: '0.000001', completion: '0' } },
      ]),
      output_modalities: ['embeddings'],
    },
  ],
});

function model(id: string, endpoints: readonly object[]) {
  return { id, context_length: 100_000, max_completion_tokens: 1000, endpoints };
}

export type Answer = Awaited<ReturnType<GuardrailRig['call']>>;

export class GuardrailRig implements AsyncDisposable {
  readonly gateway: TestGateway;
  /** Where what was asked of `keeper` and `learner` comes to. */
  readonly careless: FakeProvider;

  constructor(gateway: TestGateway, careless: FakeProvider) {
    this.gateway = gateway;
    this.careless = careless;
  }

  static async start(options: StartOptions = {}): Promise<GuardrailRig> {
    const careless = startFakeProvider();
    const config = { ...modelsAt(careless.baseUrl), ...options.config };
    return new GuardrailRig(await startGateway({ ...options, config }), careless);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.stop();
    await this.careless.stop();
  }

  async call(method: string, path: string, body?: unknown, key = this.gateway.managementKey) {
    const response = await fetch(`${this.gateway.baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return {
      status: response.status,
      headers: [...response.headers].filter(([name]) => !/^(date|x-request-id|request-id)$/.test(name)),
      text,
      json: isJson ? JSON.parse(text) : null,
    };
  }

  /** The id of a guardrail with these rules. */
  async guardrail(rules: object = {}): Promise<string> {
    const made = await this.call('POST', '/guardrails', { name: 'Rules', ...rules });
    if (made.status !== 201) throw new Error(`${made.status} ${made.text}`);
    return made.json.data.id;
  }

  /** A key that these rules bind. */
  async boundKey(rules: object, more: Record<string, unknown> = {}): Promise<{ key: string; hash: string }> {
    const made = await makeKey(this.gateway, more);
    const id = await this.guardrail(rules);
    await this.must('POST', `/guardrails/${id}/assignments/keys`, { key_hashes: [made.hash] });
    return made;
  }

  async must(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  }

  ask(key: string, more: object = {}): Promise<Answer> {
    const body = { model: 'acme/small', messages: [{ role: 'user', content: 'one two three' }], ...more };
    return this.call('POST', '/chat/completions', body, key);
  }

  /** Somebody in the account. */
  async member(accountId?: string): Promise<string> {
    const { db } = this.gateway.database;
    const nowMs = Date.now();
    const id = newId();
    const stamp = isoFromMs(nowMs);
    const user = { id, name: 'Somebody', email: `${id}@example.com`, email_verified: 1 };
    await db
      .insertInto('user')
      .values({ ...user, created_at: stamp, updated_at: stamp } as never)
      .execute();
    const account_id = accountId ?? (await this.accountId());
    await db
      .insertInto('member')
      .values({ account_id, user_id: id, role: 'member', created_at_ms: nowMs })
      .execute();
    return id;
  }

  async accountId(): Promise<string> {
    const row = await this.gateway.database.db
      .selectFrom('instance')
      .select('account_id')
      .executeTakeFirstOrThrow();
    return row.account_id;
  }

  async workspaceId(): Promise<string> {
    const row = await this.gateway.database.db
      .selectFrom('workspace')
      .select('id')
      .where('account_id', '=', await this.accountId())
      .where('is_default', '=', 1)
      .executeTakeFirstOrThrow();
    return row.id;
  }
}
