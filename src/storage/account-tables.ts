/** The tables of accounts: who owns everything else, and how they look. */
import type { ColumnType } from 'kysely';

export interface AccountTable {
  id: string;
  kind: 'personal' | 'organisation';
  name: string;
  /** Where the days of its figures begin: an IANA zone, such as `Europe/Berlin`. */
  time_zone: ColumnType<string, string | undefined, string>;
  /** Whether `GET /models` shows its keys only what they may use. */
  is_model_catalogue_filtered: ColumnType<0 | 1, 0 | 1 | undefined, 0 | 1>;
  /** How old a key's secret may be; null: as old as it likes. */
  key_rotation_days: ColumnType<number | null, number | null | undefined, number | null>;
  /** Whether an older one is refused, and not only reported. */
  is_key_rotation_enforced: ColumnType<0 | 1, 0 | 1 | undefined, 0 | 1>;
  created_at_ms: number;
}

export interface AccountLogoTable {
  account_id: string;
  /** SHA-256 of the picture. */
  hash: string;
  /** Base64. */
  png: string;
  updated_at_ms: number;
}
