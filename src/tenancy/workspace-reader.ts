/** The workspaces of an account, for whoever lets a person choose one. */
import type { Db } from '../storage/database.ts';
import { findWorkspace, listWorkspaces } from './store.ts';

export function workspaceReader(db: Db) {
  return {
    async list(accountId: string): Promise<{ id: string; name: string; isDefault: boolean }[]> {
      const rows = await listWorkspaces(db, accountId);
      return rows.map((row) => ({ id: row.id, name: row.name, isDefault: row.is_default === 1 }));
    },
    async has(accountId: string, workspaceId: string): Promise<boolean> {
      return (await findWorkspace(db, accountId, workspaceId)) !== undefined;
    },
  };
}
