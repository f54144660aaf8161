/** SQL for how a key stands with its account, its workspace and whoever made it, in one look-up by primary keys. */
import type { Db } from '../storage/database.ts';
import type { Bit, Role } from '../storage/schema.ts';
import type { WorkspaceRole } from '../storage/workspace-tables.ts';

export interface Standing {
  /** How old a secret may be, where that is enforced; null: as old as it likes. */
  readonly rotationDays: number | null;
  /** Of whoever made the key; null: nobody did, or they are no member. */
  readonly role: Role | null;
  readonly isDefaultWorkspace: boolean;
  /** Of its creator in its workspace, as it was given; null: none. */
  readonly workspaceRole: WorkspaceRole | null;
}

interface Whose {
  readonly accountId: string;
  readonly workspaceId: string | null;
  readonly creatorUserId: string | null;
}

/** Undefined: there is no such account. */
export async function findStanding(db: Db, whose: Whose): Promise<Standing | undefined> {
  const { accountId, workspaceId, creatorUserId } = whose;
  const row = await db
    .selectFrom('account')
    .leftJoin('member', (join) =>
      join.onRef('member.account_id', '=', 'account.id').on('member.user_id', '=', creatorUserId ?? ''),
    )
    .leftJoin('workspace', (join) =>
      join.onRef('workspace.account_id', '=', 'account.id').on('workspace.id', '=', workspaceId ?? ''),
    )
    .leftJoin('workspace_member', (join) =>
      join
        .onRef('workspace_member.workspace_id', '=', 'workspace.id')
        .on('workspace_member.user_id', '=', creatorUserId ?? ''),
    )
    .select(['account.key_rotation_days', 'account.is_key_rotation_enforced', 'member.role'])
    .select(['workspace.is_default', 'workspace_member.manual_role', 'workspace_member.scim_role'])
    .where('account.id', '=', accountId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const isDefault: Bit | null = row.is_default;
  return {
    rotationDays: row.is_key_rotation_enforced === 1 ? row.key_rotation_days : null,
    role: row.role,
    isDefaultWorkspace: isDefault === 1,
    workspaceRole: row.manual_role ?? row.scim_role,
  };
}
