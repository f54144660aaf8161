/** The tables of what is kept of generations beside their records: prompts and answers, and what callers think of them. */
import type { Bit } from './schema.ts';

export interface ContentLoggingTable {
  workspace_id: string;
  account_id: string;
  enabled: Bit;
  /** Of a million requests, so many are kept. */
  sampling_ppm: number;
  /** JSON: a list of key hashes. Null: of every key. */
  key_hashes: string | null;
  retention_days: number;
  updated_at_ms: number;
}

export interface ContentKeyTable {
  id: string;
  account_id: string;
  workspace_id: string;
  /** UTC: `2026-11-29`. */
  day: string;
  /** Empty: what it sealed is about to go. */
  sealed_key: string;
}

export interface ContentRecordTable {
  generation_id: string;
  account_id: string;
  key_id: string;
  sealed_content: string;
}

export interface GenerationFeedbackTable {
  generation_id: string;
  key_hash: string;
  category: string;
  account_id: string;
  comment: string | null;
  created_at_ms: number;
}
