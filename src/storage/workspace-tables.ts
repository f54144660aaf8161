/** The tables of workspaces: what they are, who works in them, and what keys of theirs were rotated. */
import type { ColumnType } from 'kysely';
import type { Bit } from './schema.ts';

/** Null where nothing was said, when a row is made. */
type Late<T> = ColumnType<T | null, T | null | undefined, T | null>;

export interface WorkspaceTable {
  id: string;
  account_id: string;
  name: string;
  slug: string;
  is_default: Bit;
  created_at_ms: number;
  description: Late<string>;
  default_text_model: Late<string>;
  default_image_model: Late<string>;
  default_provider_sort: Late<string>;
  /** JSON: a list of names. Null: none is disabled. */
  disabled_server_tools: Late<string>;
  is_broadcast_enabled: ColumnType<Bit, Bit | undefined, Bit>;
  is_data_discount_enabled: ColumnType<Bit, Bit | undefined, Bit>;
  created_by: Late<string>;
  updated_at_ms: Late<number>;
  deleted_at_ms: Late<number>;
}

export type WorkspaceRole = 'admin' | 'member';

export interface WorkspaceMemberTable {
  id: string;
  workspace_id: string;
  account_id: string;
  user_id: string;
  /** As somebody gave it; null: nobody did. */
  manual_role: WorkspaceRole | null;
  /** As the groups of the identity provider give it; null: none does. */
  scim_role: WorkspaceRole | null;
  created_at_ms: number;
}

export interface ExternalUserTable {
  account_id: string;
  name: string;
  is_active: Bit;
  created_at_ms: number;
  updated_at_ms: number;
}

export interface KeySecretTable {
  hash: string;
  key_hash: string;
  created_at_ms: number;
  /** Null: it is the present one. */
  valid_until_ms: number | null;
}

export interface WorkspaceTables {
  workspace: WorkspaceTable;
  workspace_member: WorkspaceMemberTable;
  external_user: ExternalUserTable;
  key_secret: KeySecretTable;
}
