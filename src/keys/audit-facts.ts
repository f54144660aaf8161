/** What the audit log holds of a key. Its hash names it; the label shows no more than the listing does. */
import type { Facts } from '../audit/record.ts';
import type { KeyRow } from './store.ts';

export function auditFacts(row: KeyRow): Facts {
  return {
    kind: row.kind,
    name: row.name,
    label: row.label,
    workspace_id: row.workspace_id,
    creator_user_id: row.creator_user_id,
    made_for: row.made_for,
    disabled: row.disabled === 1,
    limit_nano_usd: row.limit_nano_usd,
    limit_reset: row.limit_reset,
    include_byok_in_limit: row.include_byok_in_limit === 1,
    cut_streams_when_revoked: row.cut_streams_when_revoked === 1,
    expires_at_ms: row.expires_at_ms,
    on_exhaust: row.on_exhaust,
    on_exhaust_model: row.on_exhaust_model,
  };
}
