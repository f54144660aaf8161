/** Keys that give more than seems to be needed: what somebody who tidies up would look at. */
import { isoFromMs } from '../clock.ts';
import type { WideReason } from '../notifications/news.ts';
import { lastNews, tellNews } from '../notifications/tell.ts';
import type { Database, Db } from '../storage/database.ts';
import type { KeyReport, KeyReportEntry } from './answers.ts';
import { listOpenLeaks } from './leak-store.ts';
import { findLiveKeys, type KeyRow } from './store.ts';
import type { KeyUsageReader } from './usage.ts';

const DAY_MS = 86_400_000;
/** A key that is younger may still be waiting for its program. */
const NEVER_USED_AFTER_MS = 30 * DAY_MS;
const STALE_AFTER_MS = 90 * DAY_MS;
const AT_ONCE = 500;
/** In a letter. */
const MOST_TOLD = 20;

export interface KeyReportServices {
  readonly database: Database;
  readonly usage: KeyUsageReader;
}

/** Disabled and expired keys give nothing, and are left out unless they leaked. The most pressing ones first. */
export async function keyReport(
  services: KeyReportServices,
  accountId: string,
  nowMs: number,
): Promise<KeyReport> {
  const { db } = services.database;
  const leaks = new Map((await listOpenLeaks(db, accountId)).map((leak) => [leak.key_hash, leak]));
  const found: KeyReportEntry[] = [];
  for await (const keys of pagesOf(db, accountId)) {
    const usage = await services.usage.ofKeys(keys.map(({ hash }) => hash));
    for (const key of keys) {
      const lastUsedAtMs = usage.get(key.hash)?.lastUsedAtMs ?? null;
      const leak = leaks.get(key.hash);
      const reasons = [
        ...(leak === undefined ? [] : (['leaked'] as const)),
        ...(givesNothing(key, nowMs) ? [] : reasonsOf(key, lastUsedAtMs, nowMs)),
      ];
      if (reasons.length > 0) found.push(entryOf(key, reasons, lastUsedAtMs));
    }
  }
  const rank = ({ reasons }: KeyReportEntry) => (reasons.includes('leaked') ? 0 : 4 - reasons.length);
  return {
    generated_at: isoFromMs(nowMs),
    keys: found.sort((one, other) => rank(one) - rank(other)),
  };
}

/** Tells the admins where the report says something else than when they were told last. */
export async function tellReport(
  services: KeyReportServices,
  accountId: string,
  nowMs: number,
): Promise<void> {
  const { db } = services.database;
  const { keys } = await keyReport(services, accountId, nowMs);
  if (keys.length === 0) return;
  const said = keys.map(({ hash, reasons }) => `${hash} ${reasons.join(' ')}`).sort();
  const digest = Bun.SHA256.hash(said.join('\n'), 'hex');
  const last = await lastNews(db, accountId, 'keys.report');
  if (last?.onceKey.endsWith(digest) === true) return;
  await tellNews(db, {
    // What comes behind the same news is the same news, whichever node sees it.
    ...{ kind: 'keys.report', accountId, nowMs, once: `${last?.id ?? 'first'} ${digest}` },
    data: {
      total: keys.length,
      findings: keys.slice(0, MOST_TOLD).map(({ hash, name, label, reasons }) => ({
        ...{ key_hash: hash, key_name: name, key_label: label },
        reason: reasons[0] ?? 'stale',
      })),
    },
  });
}

async function* pagesOf(db: Db, accountId: string): AsyncGenerator<KeyRow[]> {
  for (let after = ''; ; ) {
    const keys = await findLiveKeys(db, accountId, after, AT_ONCE);
    if (keys.length > 0) yield keys;
    if (keys.length < AT_ONCE) return;
    after = keys.at(-1)?.hash ?? '';
  }
}

const givesNothing = ({ disabled, expires_at_ms: endsAtMs }: KeyRow, nowMs: number): boolean =>
  disabled === 1 || (endsAtMs !== null && endsAtMs <= nowMs);

function reasonsOf(key: KeyRow, lastUsedAtMs: number | null, nowMs: number): WideReason[] {
  // Of a management key it is not known when it was used, and it spends nothing.
  if (key.kind === 'management') return [];
  const reasons: WideReason[] = [];
  if (lastUsedAtMs === null && nowMs - key.created_at_ms >= NEVER_USED_AFTER_MS) reasons.push('never_used');
  if (lastUsedAtMs !== null && nowMs - lastUsedAtMs >= STALE_AFTER_MS) reasons.push('stale');
  if (key.limit_nano_usd === null && key.expires_at_ms === null && key.parent_key_hash === null)
    reasons.push('no_limit_and_no_expiry');
  return reasons;
}

function entryOf(key: KeyRow, reasons: readonly WideReason[], lastUsedAtMs: number | null): KeyReportEntry {
  return {
    hash: key.secret_hash ?? key.hash,
    ...{ name: key.name, label: key.label, kind: key.kind, reasons: [...reasons] },
    ...{ creator_user_id: key.creator_user_id, workspace_id: key.workspace_id },
    created_at: isoFromMs(key.created_at_ms),
    last_used_at: lastUsedAtMs === null ? null : isoFromMs(lastUsedAtMs),
  };
}
