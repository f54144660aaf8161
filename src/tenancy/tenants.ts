/** What other folders may ask of the instance, its accounts and their workspaces. */
import * as members from './member-store.ts';
import * as standing from './standing-store.ts';
import * as store from './store.ts';

export type { Membership } from './member-store.ts';
export type { Standing } from './standing-store.ts';
export type { Account, Workspace } from './store.ts';

export const { findStanding } = standing;

export const {
  findAccount,
  findDefaultWorkspace,
  findInstance,
  findWorkspace,
  findWorkspaceByRef,
  findWorkspaceBySlug,
  insertAccount,
  insertInstance,
  insertWorkspace,
  listWorkspaces,
  lockAccount,
  lockWorkspace,
  pageOfWorkspaces,
  updateAccount,
  updateWorkspace,
} = store;

export const {
  emptyWorkspace,
  findMembership,
  joinWorkspace,
  leaveWorkspace,
  leaveWorkspacesOf,
  membershipsOf,
  pageOfMemberships,
  setScimRole,
} = members;
