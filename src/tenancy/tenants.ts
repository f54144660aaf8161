/** What other folders may ask of the instance, its accounts and their workspaces. */
import * as store from './store.ts';

export const {
  findAccount,
  findDefaultWorkspace,
  findInstance,
  findWorkspace,
  findWorkspaceByRef,
  insertAccount,
  insertInstance,
  insertWorkspace,
} = store;
