/** The commands by name; each is loaded only when it is the one that runs, because a server should start at once. */
import type { Command } from './command.ts';

export const commands: Readonly<Record<string, Command>> = {
  serve: { summary: 'run the gateway (the default)', load: () => import('./serve.ts') },
  migrate: { summary: "bring the database's schema up to date", load: () => import('./migrate.ts') },
  keys: {
    summary: 'create, list, disable, enable and delete keys',
    needsInstallation: true,
    load: () => import('./keys.ts'),
  },
  users: {
    summary: 'invite, list and remove people, and let them back in',
    needsInstallation: true,
    load: () => import('./users.ts'),
  },
  credits: {
    summary: 'grant credits to the account, or adjust them',
    needsInstallation: true,
    load: () => import('./credits.ts'),
  },
  ledger: {
    summary: 'verify that generations, counters and ledger agree',
    needsInstallation: true,
    load: () => import('./ledger.ts'),
  },
  reconcile: {
    summary: "compare a provider's bill with the ledger",
    needsInstallation: true,
    load: () => import('./reconcile.ts'),
  },
  audit: {
    summary: 'verify that the audit log is as it was written',
    needsInstallation: true,
    load: () => import('./audit.ts'),
  },
  export: {
    summary: 'write generations into a file or into S3-compatible storage',
    needsInstallation: true,
    load: () => import('./export.ts'),
  },
  nodes: {
    summary: 'list the nodes that share a PostgreSQL, and give back what one had that is gone',
    needsInstallation: true,
    load: () => import('./nodes.ts'),
  },
  catalogue: {
    summary: 'list models, check their prices and bring in new ones',
    load: () => import('./catalogue.ts'),
  },
  byok: {
    summary: 'list, add, rotate, disable and delete keys that the organisation brings for providers',
    needsInstallation: true,
    load: () => import('./byok.ts'),
  },
  secrets: {
    summary: 'put another master key in the place of the present one, while gateways run',
    needsInstallation: true,
    load: () => import('./secrets.ts'),
  },
  scan: {
    summary: 'look for keys in files or in what is piped in, and say which of them work',
    readsConfigItself: true,
    load: () => import('./scan.ts'),
  },
  doctor: {
    summary: 'say what is wrong, or may go wrong at the next start or upgrade',
    readsConfigItself: true,
    load: () => import('./doctor.ts'),
  },
  recover: {
    summary: 'go on without a master key or a journal that is lost for good',
    needsInstallation: true,
    load: () => import('./recover.ts'),
  },
  backup: {
    summary: 'copy the SQLite database while the gateway runs',
    needsInstallation: true,
    load: () => import('./backup.ts'),
  },
};
