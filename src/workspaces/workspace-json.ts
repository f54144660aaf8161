/** A workspace as JSON: every member that the official SDK insists on, null where there is nothing. No I/O. */
import { isoFromMs } from '../clock.ts';
import type { ContentSetting } from '../content/setting.ts';
import { defaultGuardrailId } from '../policy/default-guardrail.ts';
import type { Workspace as WorkspaceRow } from '../tenancy/tenants.ts';
import type { Workspace } from './answers.ts';

/** How many hexadecimal digits of a key's hash make its number: 48 bits, which every JSON reader holds exactly. */
const KEY_NUMBER_DIGITS = 12;

/** Where the API names keys by numbers: made of the key's hash, so that it is the same everywhere and stored nowhere. */
export function keyNumber(hash: string): number {
  return Number.parseInt(hash.slice(0, KEY_NUMBER_DIGITS), 16);
}

export function workspaceJson(row: WorkspaceRow, kept: ContentSetting): Workspace {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    description: row.description,
    created_at: isoFromMs(row.created_at_ms),
    updated_at: row.updated_at_ms === null ? null : isoFromMs(row.updated_at_ms),
    created_by: row.created_by,
    default_text_model: row.default_text_model,
    default_image_model: row.default_image_model,
    default_provider_sort: row.default_provider_sort,
    default_guardrail_id: defaultGuardrailId(row.id),
    is_observability_io_logging_enabled: kept.enabled,
    is_observability_broadcast_enabled: row.is_broadcast_enabled === 1,
    is_data_discount_logging_enabled: row.is_data_discount_enabled === 1,
    io_logging_sampling_rate: kept.samplingRate,
    io_logging_api_key_ids: kept.keyHashes === null ? null : kept.keyHashes.map(keyNumber),
    disabled_server_tools: toolsOf(row),
  };
}

export function toolsOf({ disabled_server_tools: json }: WorkspaceRow): string[] | null {
  return json === null ? null : (JSON.parse(json) as string[]);
}

/** What the audit log holds of a workspace. */
export function workspaceFacts(row: WorkspaceRow) {
  return {
    name: row.name,
    slug: row.slug,
    description: row.description,
    default_text_model: row.default_text_model,
    default_image_model: row.default_image_model,
    default_provider_sort: row.default_provider_sort,
    disabled_server_tools: row.disabled_server_tools,
    is_broadcast_enabled: row.is_broadcast_enabled === 1,
    is_data_discount_enabled: row.is_data_discount_enabled === 1,
  };
}
