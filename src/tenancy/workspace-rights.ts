/** Who may do what in a workspace: one place, asked when something is made and again when it is used. */
import { TurnpikeError } from '../errors.ts';
import type { Db } from '../storage/database.ts';
import type { Role } from '../storage/schema.ts';
import type { WorkspaceRole } from '../storage/workspace-tables.ts';
import { findMembership, type Membership } from './member-store.ts';
import type { Workspace } from './store.ts';

/** Somebody in the organisation, with their role there as it is now. */
export interface Person {
  readonly userId: string;
  readonly role: Role;
}

/** The higher of what somebody gave them and what groups give them; null: neither. */
export function roleOfMembership(
  row: Pick<Membership, 'manual_role' | 'scim_role'> | undefined,
): WorkspaceRole | null {
  if (row === undefined) return null;
  return row.manual_role === 'admin' || row.scim_role === 'admin'
    ? 'admin'
    : (row.manual_role ?? row.scim_role);
}

/**
 * Owners and admins of the organisation are admins everywhere; of the default workspace everybody is a member. Null: not theirs,
 * and to them as if it did not exist.
 */
export async function workspaceRoleOf(
  db: Db,
  workspace: Pick<Workspace, 'id' | 'is_default'>,
  { userId, role }: Person,
): Promise<WorkspaceRole | null> {
  if (role !== 'member') return 'admin';
  const given = roleOfMembership(await findMembership(db, workspace.id, userId));
  return given ?? (workspace.is_default === 1 ? 'member' : null);
}

/** 404 for a workspace that is not theirs, 403 where they are a member and an admin is asked for. */
export async function mustHaveWorkspaceRole(
  db: Db,
  workspace: Pick<Workspace, 'id' | 'is_default'>,
  person: Person,
  atLeast: WorkspaceRole,
): Promise<WorkspaceRole> {
  const role = await workspaceRoleOf(db, workspace, person);
  if (role === null) throw new TurnpikeError('not_found');
  if (atLeast === 'admin' && role !== 'admin') throw new TurnpikeError('role_required');
  return role;
}
