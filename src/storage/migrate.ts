/** Brings a database's schema up to this binary's: numbered, forward only, one transaction each, safe when two processes start at once. */
import { sql, type Transaction } from 'kysely';
import type { Database } from './database.ts';
import ground from './migrations/0001-ground.sql' with { type: 'text' };
import exactSpend from './migrations/0002-exact-spend.sql' with { type: 'text' };
import oauthCodes from './migrations/0003-oauth-codes.sql' with { type: 'text' };
import accounts from './migrations/0004-accounts.sql' with { type: 'text' };
import oauthServer from './migrations/0005-oauth-server.sql' with { type: 'text' };
import workloadIdentity from './migrations/0006-workload-identity.sql' with { type: 'text' };
import grantTypes from './migrations/0007-grant-types.sql' with { type: 'text' };
import madeFor from './migrations/0008-made-for.sql' with { type: 'text' };
import emailChanges from './migrations/0009-email-changes.sql' with { type: 'text' };
import journalEpoch from './migrations/0010-journal-epoch.sql' with { type: 'text' };
import boundedByAdmin from './migrations/0011-bounded-by-admin.sql' with { type: 'text' };
import generationRecords from './migrations/0012-generation-records.sql' with { type: 'text' };
import credentials from './migrations/0013-credentials.sql' with { type: 'text' };
import generationScopes from './migrations/0014-generation-scopes.sql' with { type: 'text' };
import keyCheck from './migrations/0015-key-check.sql' with { type: 'text' };
import auditEvents from './migrations/0016-audit-events.sql' with { type: 'text' };
import agents from './migrations/0017-agents.sql' with { type: 'text' };
import usageHours from './migrations/0018-usage-hours.sql' with { type: 'text' };
import refusals from './migrations/0019-refusals.sql' with { type: 'text' };
import contentLogging from './migrations/0020-content-logging.sql' with { type: 'text' };
import generationFeedback from './migrations/0021-generation-feedback.sql' with { type: 'text' };
import usageLabels from './migrations/0023-usage-labels.sql' with { type: 'text' };
import organisationSettings from './migrations/0024-organisation-settings.sql' with { type: 'text' };
import byok from './migrations/0025-byok.sql' with { type: 'text' };
import auditChain from './migrations/0030-audit-chain.sql' with { type: 'text' };
import carriedBalances from './migrations/0031-carried-balances.sql' with { type: 'text' };
import guardrails from './migrations/0032-guardrails.sql' with { type: 'text' };
import workspaces from './migrations/0034-workspaces.sql' with { type: 'text' };
import ownKeyFees from './migrations/0035-own-key-fees.sql' with { type: 'text' };
import budgets from './migrations/0036-budgets.sql' with { type: 'text' };
import payments from './migrations/0037-payments.sql' with { type: 'text' };
import notifications from './migrations/0038-notifications.sql' with { type: 'text' };
import keyLeaks from './migrations/0039-key-leaks.sql' with { type: 'text' };
import keyOnExhaust from './migrations/0040-key-on-exhaust.sql' with { type: 'text' };
import coarseUsage from './migrations/0041-coarse-usage.sql' with { type: 'text' };
import hoursThatAreOver from './migrations/0042-hours-that-are-over.sql' with { type: 'text' };
import type { Tables } from './schema.ts';

export interface Migration {
  /** Greater than those before it in the list. */
  readonly version: number;
  readonly name: string;
  /** A statement ends with `;` at the end of a line. */
  readonly text: string;
}

/** Embedded, so that the single executable carries them. */
export const migrations: readonly Migration[] = [
  { version: 1, name: '0001-ground', text: ground },
  { version: 2, name: '0002-exact-spend', text: exactSpend },
  { version: 3, name: '0003-oauth-codes', text: oauthCodes },
  { version: 4, name: '0004-accounts', text: accounts },
  { version: 5, name: '0005-oauth-server', text: oauthServer },
  { version: 6, name: '0006-workload-identity', text: workloadIdentity },
  { version: 7, name: '0007-grant-types', text: grantTypes },
  { version: 8, name: '0008-made-for', text: madeFor },
  { version: 9, name: '0009-email-changes', text: emailChanges },
  { version: 10, name: '0010-journal-epoch', text: journalEpoch },
  { version: 11, name: '0011-bounded-by-admin', text: boundedByAdmin },
  { version: 12, name: '0012-generation-records', text: generationRecords },
  { version: 13, name: '0013-credentials', text: credentials },
  { version: 14, name: '0014-generation-scopes', text: generationScopes },
  { version: 15, name: '0015-key-check', text: keyCheck },
  { version: 16, name: '0016-audit-events', text: auditEvents },
  { version: 17, name: '0017-agents', text: agents },
  { version: 18, name: '0018-usage-hours', text: usageHours },
  { version: 19, name: '0019-refusals', text: refusals },
  { version: 20, name: '0020-content-logging', text: contentLogging },
  { version: 21, name: '0021-generation-feedback', text: generationFeedback },
  { version: 23, name: '0023-usage-labels', text: usageLabels },
  { version: 24, name: '0024-organisation-settings', text: organisationSettings },
  { version: 25, name: '0025-byok', text: byok },
  { version: 30, name: '0030-audit-chain', text: auditChain },
  { version: 31, name: '0031-carried-balances', text: carriedBalances },
  { version: 32, name: '0032-guardrails', text: guardrails },
  { version: 34, name: '0034-workspaces', text: workspaces },
  { version: 35, name: '0035-own-key-fees', text: ownKeyFees },
  { version: 36, name: '0036-budgets', text: budgets },
  { version: 37, name: '0037-payments', text: payments },
  { version: 38, name: '0038-notifications', text: notifications },
  { version: 39, name: '0039-key-leaks', text: keyLeaks },
  { version: 40, name: '0040-key-on-exhaust', text: keyOnExhaust },
  { version: 41, name: '0041-coarse-usage', text: coarseUsage },
  { version: 42, name: '0042-hours-that-are-over', text: hoursThatAreOver },
];

export class MigrationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MigrationError';
  }
}

const POSTGRES_LOCK_ID = 7_236_017_455;

export async function migrate(
  database: Database,
  wanted: readonly Migration[] = migrations,
): Promise<{ applied: string[] }> {
  const applied: string[] = [];
  for (;;) {
    const next = await database.transaction(async (trx) => {
      await lock(database, trx);
      const migration = nextOf(wanted, await readApplied(trx));
      if (migration !== null) await apply(trx, migration);
      return migration;
    });
    if (next === null) return { applied };
    applied.push(next.name);
  }
}

/** SQLite's transactions begin with the write lock; on PostgreSQL this lock ends with the transaction. */
async function lock(database: Database, trx: Transaction<Tables>): Promise<void> {
  if (database.engine === 'sqlite') return;
  // A big table's migration, or waiting for another process that runs one, may take long.
  await sql`SET LOCAL statement_timeout = 0`.execute(trx);
  await sql`SET LOCAL lock_timeout = 0`.execute(trx);
  await sql`SELECT pg_advisory_xact_lock(${POSTGRES_LOCK_ID})`.execute(trx);
}

interface Applied {
  readonly version: number;
  readonly name: string;
}

async function readApplied(trx: Transaction<Tables>): Promise<readonly Applied[]> {
  await sql`
    CREATE TABLE IF NOT EXISTS schema_migration (
      version        INTEGER PRIMARY KEY,
      name           TEXT NOT NULL,
      applied_at_ms  BIGINT NOT NULL
    )`.execute(trx);
  const { rows } = await sql<Applied>`SELECT version, name FROM schema_migration ORDER BY version`.execute(
    trx,
  );
  return rows;
}

/** The first migration still to apply, or null; refuses a history that is not ours. */
function nextOf(wanted: readonly Migration[], applied: readonly Applied[]): Migration | null {
  const newest = applied.at(-1)?.version ?? 0;
  const newestWanted = wanted.at(-1)?.version ?? 0;
  if (newest > newestWanted) {
    throw new MigrationError(
      `The database's schema is version ${newest}, but this turnpike knows only version ${newestWanted}: run a newer turnpike`,
    );
  }
  for (const [index, row] of applied.entries()) {
    const expected = wanted[index];
    if (expected === undefined || row.version !== expected.version || row.name !== expected.name) {
      throw new MigrationError(
        `The database's migration ${row.version} is ${row.name}, where this turnpike has ${expected?.name ?? 'none'}: ` +
          'it was made by a different program',
      );
    }
  }
  return wanted[applied.length] ?? null;
}

async function apply(trx: Transaction<Tables>, migration: Migration): Promise<void> {
  for (const statement of migration.text.split(/;[ \t]*$/m)) {
    if (statement.replace(/--.*$/gm, '').trim() !== '') await sql.raw(statement).execute(trx);
  }
  await sql`
    INSERT INTO schema_migration (version, name, applied_at_ms)
    VALUES (${migration.version}, ${migration.name}, ${Date.now()})`.execute(trx);
}
