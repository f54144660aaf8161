/** An own key as the API shows it, and what the audit log holds of it: the secret is in neither. */
import type { Facts } from '../audit/record.ts';
import { isoFromMs } from '../clock.ts';
import type { JsonObject } from '../json.ts';
import { shownHashesOf } from '../keys/key-names.ts';
import type { Db } from '../storage/database.ts';
import { listOf } from './own-keys.ts';
import type { OwnKeyRow } from './store.ts';

/** All of one account. */
export async function ownKeysJson(db: Db, rows: readonly OwnKeyRow[]): Promise<JsonObject[]> {
  const [first] = rows;
  if (first === undefined) return [];
  const ids = rows.flatMap((row) => listOf(row.allowed_api_key_hashes) ?? []);
  const shown = await shownHashesOf(db, first.account_id, ids);
  return rows.map((row) => ownKeyJson(row, shown));
}

function ownKeyJson(row: OwnKeyRow, shown: ReadonlyMap<string, string>): JsonObject {
  return {
    id: row.id,
    provider: row.provider,
    workspace_id: row.workspace_id,
    label: row.label,
    name: row.name,
    disabled: row.disabled === 1,
    is_fallback: row.is_fallback === 1,
    is_required: row.is_required === 1,
    is_byok_only: row.is_byok_only === 1,
    declared_zdr: row.declared_zdr === null ? null : row.declared_zdr === 1,
    declared_region: row.declared_region,
    sort_order: row.sort_order,
    allowed_models: listOf(row.allowed_models),
    allowed_api_key_hashes: listOf(row.allowed_api_key_hashes)?.map((id) => shown.get(id) ?? id) ?? null,
    allowed_user_ids: listOf(row.allowed_user_ids),
    created_at: isoFromMs(row.created_at_ms),
    // Ours: where it goes in place of the provider's own address, and when it was used last.
    base_url: row.base_url === '' ? null : row.base_url,
    last_used_at: row.last_used_at_ms === null ? null : isoFromMs(row.last_used_at_ms),
  };
}

export function auditFacts(row: OwnKeyRow): Facts {
  return {
    provider: row.provider,
    workspace_id: row.workspace_id,
    label: row.label,
    name: row.name,
    base_url: row.base_url,
    disabled: row.disabled === 1,
    is_fallback: row.is_fallback === 1,
    is_required: row.is_required === 1,
    is_byok_only: row.is_byok_only === 1,
    declared_zdr: row.declared_zdr === null ? null : row.declared_zdr === 1,
    declared_region: row.declared_region,
    sort_order: row.sort_order,
    allowed_models: row.allowed_models,
    allowed_api_key_hashes: row.allowed_api_key_hashes,
    allowed_user_ids: row.allowed_user_ids,
  };
}
