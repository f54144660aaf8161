/** What other folders may ask of the instance, its accounts and their workspaces. */
export {
  findAccount,
  findDefaultWorkspace,
  findInstance,
  findWorkspace,
  insertAccount,
  insertInstance,
  insertWorkspace,
} from './store.ts';
