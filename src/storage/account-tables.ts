/** The tables of accounts: who owns everything else, and how they look. */
import type { ColumnType } from 'kysely';

export interface AccountTable {
  id: string;
  kind: 'personal' | 'organisation';
  name: string;
  /** Where the days of its figures begin: an IANA zone, such as `Europe/Berlin`. */
  time_zone: ColumnType<string, string | undefined, string>;
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
