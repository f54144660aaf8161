/** Generations as a request leaves them, for tests of what becomes of them. */
import { newGenerationId } from '../src/ids.ts';
import type {
  Generation,
  GenerationEnd,
  GenerationStart,
  SettledGeneration,
} from '../src/metering/generation.ts';
import type { SpendLog } from '../src/metering/spend-log.ts';

export const AT_MS = Date.parse('2026-11-20T12:00:00Z');

export function generationOf(members: Partial<Generation> = {}): Generation {
  return {
    id: newGenerationId(AT_MS),
    account_id: 'account',
    workspace_id: null,
    key_hash: 'key',
    request_id: 'req',
    created_at_ms: AT_MS,
    api_type: 'completions',
    model: 'acme/small',
    model_permaslug: 'acme/small',
    router: null,
    provider_slug: 'acme',
    provider_name: 'Acme',
    endpoint_tag: 'acme',
    upstream_id: null,
    streamed: 0,
    cancelled: 0,
    estimated: 0,
    is_byok: 0,
    finish_reason: 'stop',
    native_finish_reason: 'stop',
    service_tier: null,
    prompt_tokens: 1,
    completion_tokens: 1,
    reasoning_tokens: 0,
    cached_tokens: 0,
    cache_write_tokens: 0,
    image_count: 0,
    cost_nano_usd: 7n,
    upstream_cost_nano_usd: 7n,
    cache_discount_nano_usd: -1n,
    latency_ms: 1,
    generation_time_ms: 2,
    http_referer: null,
    app_title: null,
    app_categories: null,
    user_agent: null,
    session_id: null,
    end_user: null,
    external_user: null,
    attempts: '[]',
    overshoot_nano_usd: 0n,
    ledger_transaction_id: null,
    ...members,
  };
}

const START_COLUMNS = new Set<string>([
  ...['id', 'account_id', 'workspace_id', 'key_hash', 'request_id', 'created_at_ms', 'api_type', 'model'],
  ...['model_permaslug', 'router', 'provider_slug', 'provider_name', 'endpoint_tag', 'streamed', 'is_byok'],
  ...['http_referer', 'app_title', 'app_categories', 'user_agent', 'session_id', 'end_user', 'external_user'],
]);

export function split(generation: Generation): { start: GenerationStart; end: GenerationEnd } {
  const { ledger_transaction_id: _, ...columns } = generation;
  const entries = Object.entries(columns);
  const start = Object.fromEntries(entries.filter(([name]) => START_COLUMNS.has(name)));
  const end = Object.fromEntries(entries.filter(([name]) => !START_COLUMNS.has(name)));
  return { start, end } as unknown as { start: GenerationStart; end: GenerationEnd };
}

export function settled(generation: Generation): SettledGeneration {
  const { key_hash, account_id } = generation;
  return {
    generation,
    scopes: [
      ['key', key_hash],
      ['account', account_id],
    ],
  };
}

/** As a request journals itself: when it is sent, and at its end. */
export function journalled(log: SpendLog, generation: Generation): { seq: number } & SettledGeneration {
  const { start, end } = split(generation);
  const { scopes } = settled(generation);
  void log.dispatch(start, scopes);
  return log.settle(start.id, end).settled;
}
