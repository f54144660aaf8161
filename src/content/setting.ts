/** What of a workspace's requests is kept, and for how long. No I/O. */
import { z } from 'zod';
import type { Principal } from '../auth/principal.ts';
import { isoFromMs } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { flag, parse } from '../keys/key-fields.ts';
import { isKeyHash } from '../keys/keys.ts';
import type { ContentLoggingTable } from '../storage/content-tables.ts';
import type { ContentSettingAnswer } from './answers.ts';

export interface ContentSetting {
  readonly enabled: boolean;
  /** From 0.0001 to 1: which share of the requests is kept. */
  readonly samplingRate: number;
  /** Of these keys alone; null: of all. */
  readonly keyHashes: readonly string[] | null;
  readonly retentionDays: number;
}

/** Nothing is kept until somebody asks for it; three months is what OpenRouter keeps. */
export const NOTHING_KEPT: ContentSetting = {
  enabled: false,
  samplingRate: 1,
  keyHashes: null,
  retentionDays: 90,
};

const MAX_RETENTION_DAYS = 3650;
const MAX_KEYS = 1000;
const PPM = 1_000_000;

const patch = z.strictObject(
  {
    enabled: flag.optional(),
    sampling_rate: z
      .number('must be a number from 0.0001 to 1')
      .min(0.0001, 'must be a number from 0.0001 to 1')
      .max(1, 'must be a number from 0.0001 to 1')
      .optional(),
    api_key_hashes: z
      .array(
        z.string().refine(isKeyHash, 'must be hashes of keys'),
        'must be a list of hashes of keys, or null',
      )
      .min(1, 'must name a key; null means every key')
      .max(MAX_KEYS, `must name at most ${MAX_KEYS} keys`)
      .nullable()
      .optional(),
    retention_days: z
      .int('must be a whole number of days')
      .min(1, 'must be at least 1')
      .max(MAX_RETENTION_DAYS, `must be at most ${MAX_RETENTION_DAYS}`)
      .optional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has no member ${issue.keys.join(', ')}; there are enabled, sampling_rate, api_key_hashes and retention_days`
        : 'must be a JSON object',
  },
);

/** What a body changes; throws a 400 that names the member. */
export function parseContentPatch(body: unknown): Partial<ContentSetting> {
  const { enabled, sampling_rate, api_key_hashes, retention_days } = parse(patch, body);
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(sampling_rate === undefined ? {} : { samplingRate: sampling_rate }),
    ...(api_key_hashes === undefined ? {} : { keyHashes: api_key_hashes }),
    ...(retention_days === undefined ? {} : { retentionDays: retention_days }),
  };
}

export function settingOf(row: ContentLoggingTable): ContentSetting {
  return {
    enabled: row.enabled === 1,
    samplingRate: row.sampling_ppm / PPM,
    keyHashes: row.key_hashes === null ? null : (JSON.parse(row.key_hashes) as string[]),
    retentionDays: row.retention_days,
  };
}

export function rowOf(
  workspaceId: string,
  accountId: string,
  setting: ContentSetting,
  nowMs: number,
): ContentLoggingTable {
  return {
    workspace_id: workspaceId,
    account_id: accountId,
    enabled: setting.enabled ? 1 : 0,
    sampling_ppm: Math.round(setting.samplingRate * PPM),
    key_hashes: setting.keyHashes === null ? null : JSON.stringify(setting.keyHashes),
    retention_days: setting.retentionDays,
    updated_at_ms: nowMs,
  };
}

/** `isAllowed`: whether the operator lets anybody keep content at all. */
export function settingJson(
  workspaceId: string,
  setting: ContentSetting,
  isAllowed: boolean,
  updatedAtMs: number | null,
): ContentSettingAnswer {
  return {
    workspace_id: workspaceId,
    allowed: isAllowed,
    enabled: setting.enabled,
    sampling_rate: setting.samplingRate,
    api_key_hashes: setting.keyHashes === null ? null : [...setting.keyHashes],
    retention_days: setting.retentionDays,
    updated_at: updatedAtMs === null ? null : isoFromMs(updatedAtMs),
  };
}

/** For the audit. */
export function settingFacts({ enabled, samplingRate, keyHashes, retentionDays }: ContentSetting) {
  return {
    enabled,
    sampling_rate: samplingRate,
    api_key_hashes: keyHashes === null ? null : keyHashes.join(' '),
    retention_days: retentionDays,
  };
}

/**
 * Whether a request is one of those that are kept. All of one session are, or none: half a conversation explains nothing. The same
 * for every node, without a word between them.
 */
export function isSampled(
  { samplingRate }: ContentSetting,
  sessionId: string | null,
  generationId: string,
): boolean {
  if (samplingRate >= 1) return true;
  return Number(BigInt(Bun.hash(sessionId ?? generationId))) / 2 ** 64 < samplingRate;
}

/** Content is what people said: an organisation's is for those who manage it, somebody's own for themselves. */
export function mustMayRead(principal: Principal, account: { readonly kind: string } | undefined): void {
  if (principal.kind === 'management') return;
  const isOwn = account?.kind === 'personal' && principal.isDelegated !== true;
  if (!isOwn) throw new TurnpikeError('management_key_required');
}
