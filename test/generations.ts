/** Generations as a request leaves them, for tests of what becomes of them. */
import { newGenerationId, newId } from '../src/ids.ts';
import type { Journal } from '../src/journal/journal.ts';
import { BEGINNING } from '../src/journal/reader.ts';
import { type BatchOrder, readBatch } from '../src/metering/flush-batch.ts';
import type { Generation, GenerationEnd, GenerationStart, ScopeRef } from '../src/metering/generation.ts';
import { CONTEXT_MEMBERS, START_MEMBERS } from '../src/metering/members.ts';
import type { SpendLog, Unflushed } from '../src/metering/spend-log.ts';
import type { RecordRow } from '../src/storage/generation-record.ts';

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
    door: null,
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
    tags: null,
    agent_id: null,
    parent_agent_id: null,
    agent_class: null,
    end_user: null,
    external_user: null,
    attempts: '[]',
    overshoot_nano_usd: 0n,
    ledger_transaction_id: null,
    byok_fee_nano_usd: 0n,
    plan: null,
    ...members,
  };
}

const START_COLUMNS = new Set<string>([
  ...['id', 'account_id', 'key_hash', 'created_at_ms', 'model', 'is_byok'],
  ...CONTEXT_MEMBERS,
  ...START_MEMBERS,
]);

export function split(generation: Generation): { start: GenerationStart; end: GenerationEnd } {
  const { ledger_transaction_id: _, ...columns } = generation;
  const entries = Object.entries(columns);
  const start = Object.fromEntries(entries.filter(([name]) => START_COLUMNS.has(name)));
  const end = Object.fromEntries(entries.filter(([name]) => !START_COLUMNS.has(name)));
  return { start, end } as unknown as { start: GenerationStart; end: GenerationEnd };
}

export function scopesOf({ key_hash, account_id }: Generation): ScopeRef[] {
  return [
    ['key', key_hash],
    ['account', account_id],
  ];
}

/** As a request journals itself: when it is sent, and at its end. */
export function journalled(log: SpendLog, generation: Generation): Unflushed {
  const { start, end } = split(generation);
  void log.dispatch(start, scopesOf(generation));
  return log.settle(start.id, end).settled;
}

/** As a request of version 0.1 journalled itself. */
export function journalledAsJson(journal: Journal, generation: Generation): void {
  const { byok_fee_nano_usd: _, plan: ___, ...columns } = generation;
  const { start, end } = split(columns as Generation);
  const money = (__: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);
  journal.append(JSON.stringify({ t: 'hold', start, scopes: scopesOf(generation) }));
  journal.append(JSON.stringify({ t: 'settle', id: start.id, end }, money));
}

/** What the table of earlier versions has of a row. */
export function earlierColumns(generation: Generation) {
  const { agent_id, parent_agent_id, agent_class, door, tags, byok_fee_nano_usd, plan, ...row } = generation;
  return row;
}

/** What a flush of everything that a journal has on disk would write, with all columns that say something, by id. */
export function rowsIn(journal: Journal, afterSeq = 0, stale: readonly number[] = []): Map<string, Json> {
  const rows = new Map<string, Json>();
  const order: BatchOrder = {
    ...{ epoch: newId(), extent: journal.extent(), from: BEGINNING, stale, maxRows: 100_000 },
    ...{ storedSeq: afterSeq, toldSeq: afterSeq, toldByRow: {} },
  };
  const generation = ([id, account_id, key_hash, ...row]: RecordRow) => {
    const [created_at_ms, model, is_byok, cost, overshoot, , rest] = row;
    const money = { cost_nano_usd: BigInt(cost), overshoot_nano_usd: BigInt(overshoot) };
    rows.set(id, { id, account_id, key_hash, created_at_ms, model, is_byok, ...money, ...JSON.parse(rest) });
  };
  readBatch(order, { generation, scope() {} });
  return rows;
}

type Json = Record<string, unknown>;
