/** The tables of what an identity provider tells us of people and groups. */
import type { Bit } from './schema.ts';
import type { WorkspaceRole } from './workspace-tables.ts';

export interface ScimUserTable {
  id: string;
  account_id: string;
  /** Whom of ours it is; null: somebody who has not signed in yet. */
  user_id: string | null;
  user_name: string;
  /** In lower case: names differ by more than their case (RFC 7643, 4.1.1). */
  user_name_key: string;
  external_id: string | null;
  email: string;
  is_active: Bit;
  /** JSON: what else was said, as it was said. */
  attributes: string;
  created_at_ms: number;
  updated_at_ms: number;
  deleted_at_ms: number | null;
}

export interface ScimGroupTable {
  id: string;
  account_id: string;
  display_name: string;
  external_id: string | null;
  created_at_ms: number;
  updated_at_ms: number;
  deleted_at_ms: number | null;
}

export interface ScimGroupMemberTable {
  group_id: string;
  scim_user_id: string;
}

export interface ScimGroupMappingTable {
  id: string;
  account_id: string;
  group_id: string;
  workspace_id: string;
  role: WorkspaceRole;
  created_at_ms: number;
  updated_at_ms: number;
}

export type SyncStatus = 'queued' | 'running' | 'succeeded' | 'failed';

export interface ScimSyncJobTable {
  id: string;
  account_id: string;
  status: SyncStatus;
  created_at_ms: number;
  started_at_ms: number | null;
  finished_at_ms: number | null;
  synced_groups: number | null;
  deleted_groups: number | null;
  error_message: string | null;
}

export interface ScimTables {
  scim_user: ScimUserTable;
  scim_group: ScimGroupTable;
  scim_group_member: ScimGroupMemberTable;
  scim_group_mapping: ScimGroupMappingTable;
  scim_sync_job: ScimSyncJobTable;
}
