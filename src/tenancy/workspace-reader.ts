/** The workspaces of an account, for whoever lets a person choose one. */
import type { Db } from '../storage/database.ts';
import { findWorkspace, listWorkspaces } from './store.ts';
import { type Person, workspaceRoleOf } from './workspace-rights.ts';

export interface ListedWorkspace {
  readonly id: string;
  readonly name: string;
  readonly isDefault: boolean;
}

export function workspaceReader(db: Db) {
  return {
    async list(accountId: string): Promise<ListedWorkspace[]> {
      const rows = await listWorkspaces(db, accountId);
      return rows.map((row) => ({ id: row.id, name: row.name, isDefault: row.is_default === 1 }));
    },
    /** Those that somebody may make keys in. */
    async listFor(accountId: string, person: Person): Promise<ListedWorkspace[]> {
      const rows = await listWorkspaces(db, accountId);
      const roles = await Promise.all(rows.map((row) => workspaceRoleOf(db, row, person)));
      return rows
        .filter((_, at) => roles[at] !== null)
        .map((row) => ({ id: row.id, name: row.name, isDefault: row.is_default === 1 }));
    },
    async has(accountId: string, workspaceId: string): Promise<boolean> {
      return (await findWorkspace(db, accountId, workspaceId)) !== undefined;
    },
  };
}
