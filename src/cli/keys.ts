/** `turnpike keys`: makes, lists and revokes keys in the database that a running server reads too. */

import { parseArgs } from 'node:util';
import { newKeySecret } from '../auth/key-secret.ts';
import { isoFromMs, systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { TurnpikeError } from '../errors.ts';
import { readInstance } from '../keys/bootstrap.ts';
import { changeKey, deleteKey } from '../keys/change-key.ts';
import { createKey, type KeyCreationServices } from '../keys/create-key.ts';
import { ACCOUNT_ITSELF } from '../keys/key-bounds.ts';
import { keyJson } from '../keys/key-json.ts';
import { parseNewKey } from '../keys/keys.ts';
import { listAllKeys } from '../keys/list-keys.ts';
import { NO_USAGE } from '../keys/usage.ts';
import { usdFromNanoUsd } from '../money.ts';
import type { Database } from '../storage/database.ts';
import type { ApiKeyTable, KeyKind } from '../storage/schema.ts';
import type { CommandContext } from './command.ts';
import { openMigrated } from './open.ts';
import { whyItFailed } from './why.ts';

const USAGE = `usage: turnpike keys create --name NAME [--management] [--limit USD] [--limit-reset daily|weekly|monthly]
                            [--expires ISO] [--workspace ID] [--json]
       turnpike keys list [--all] [--management] [--json]
       turnpike keys disable HASH
       turnpike keys enable HASH
       turnpike keys delete HASH
       turnpike keys generate`;

const EITHER_KIND: readonly KeyKind[] = ['api', 'management'];

class UsageError extends Error {}

interface Session {
  readonly services: KeyCreationServices;
  readonly accountId: string;
  readonly print: (line: string) => void;
}

type Command = (session: Session) => Promise<void>;

/** 0: done; 1: it failed; 2: the command line makes no sense. */
export async function run(args: string[], context: CommandContext): Promise<number> {
  const { print } = context;
  try {
    if (args[0] === 'generate') {
      print(newKeySecret().key);
      return 0;
    }
    const command = parseCommand(args);
    await withDatabase(context.config, (database) => runOn(database, command, print));
    return 0;
  } catch (thrown) {
    print(whyItFailed(thrown));
    if (!(thrown instanceof UsageError))
      return thrown instanceof TurnpikeError && thrown.status === 400 ? 2 : 1;
    print(USAGE);
    return 2;
  }
}

async function withDatabase(config: Config, use: (database: Database) => Promise<void>): Promise<void> {
  const database = await openMigrated(config);
  try {
    await use(database);
  } finally {
    await database.close();
  }
}

async function runOn(database: Database, command: Command, print: (line: string) => void): Promise<void> {
  const instance = await readInstance(database);
  if (instance === null)
    throw new Error('This database is empty: start the server once with "turnpike serve"');
  // Nothing is held in memory here; running servers learn of the change from the log.
  const changed = async () => {};
  const account = { isMember: async () => false, staysMember: async () => undefined };
  const services = { database, clock: systemClock, changed, account };
  await command({ services, accountId: instance.accountId, print });
}

/** The whole command line is judged before the database is opened. */
function parseCommand(args: string[]): Command {
  const [name, ...rest] = args;
  switch (name) {
    case 'create':
      return parseCreate(rest);
    case 'list':
      return parseList(rest);
    case 'disable':
    case 'enable':
      return parseSwitch(name, rest);
    case 'delete':
      return parseDelete(rest);
    case undefined:
      throw new UsageError('Which command?');
    default:
      throw new UsageError(`Unknown command: ${name}`);
  }
}

function parseCreate(args: string[]): Command {
  const values = parseOptions(args, {
    name: { type: 'string' },
    management: { type: 'boolean', default: false },
    limit: { type: 'string' },
    'limit-reset': { type: 'string' },
    expires: { type: 'string' },
    workspace: { type: 'string' },
    json: { type: 'boolean', default: false },
  });
  if (values.name === undefined) throw new UsageError('--name is required');
  const isSpender = [values.limit, values['limit-reset'], values.workspace].some(
    (value) => value !== undefined,
  );
  if (values.management && isSpender) {
    throw new UsageError(
      'A management key spends nothing and belongs to no workspace: leave out its limit and workspace',
    );
  }
  const body = {
    name: values.name,
    limit: values.limit === undefined ? null : parseUsd(values.limit),
    limit_reset: values['limit-reset'] ?? null,
    expires_at: values.expires ?? null,
    ...(values.workspace !== undefined && { workspace_id: values.workspace }),
  };
  const kind = values.management ? 'management' : 'api';
  const key = parseNewKey(body, systemClock.nowMs());
  return async ({ services, accountId, print }) => {
    const created = await createKey(services, { accountId, kind, key, defaultCreatorUserId: null });
    if (values.json) return print(JSON.stringify({ ...listingJson(created.row), key: created.key }));
    print(`key   ${created.key}`);
    print(`hash  ${created.row.hash}`);
    print('The key is shown this once and stored nowhere: keep it safe.');
  };
}

function parseList(args: string[]): Command {
  const values = parseOptions(args, {
    all: { type: 'boolean', default: false },
    management: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  });
  const kind = values.management ? 'management' : 'api';
  return async ({ services, accountId, print }) => {
    const rows = await listAllKeys(services.database.db, { accountId, kind, includeDisabled: values.all });
    if (values.json) print(JSON.stringify(rows.map(listingJson)));
    else for (const line of rows.length === 0 ? ['No keys'] : rows.map(listingLine)) print(line);
  };
}

function parseSwitch(name: 'disable' | 'enable', args: string[]): Command {
  const hash = parseHash(args);
  const isDisable = name === 'disable';
  return async ({ services, accountId, print }) => {
    const target = { accountId, hash, kinds: EITHER_KIND };
    await orUnknown(changeKey(services, ACCOUNT_ITSELF, target, { disabled: isDisable ? 1 : 0 }));
    print(`${isDisable ? 'Disabled' : 'Enabled'} ${hash}`);
  };
}

function parseDelete(args: string[]): Command {
  const hash = parseHash(args);
  return async ({ services, accountId, print }) => {
    await orUnknown(deleteKey(services, { accountId, hash, kinds: EITHER_KIND }));
    print(`Deleted ${hash}`);
  };
}

async function orUnknown<T>(done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (thrown) {
    if (thrown instanceof TurnpikeError && thrown.code === 'not_found')
      throw new Error('No key has this hash');
    throw thrown;
  }
}

function parseHash(args: string[]): string {
  const [hash, ...rest] = args;
  if (hash === undefined || rest.length > 0) throw new UsageError('Name one key by its hash');
  return hash;
}

function parseUsd(text: string): number {
  if (!/^\d+(?:\.\d+)?$/.test(text)) throw new UsageError('--limit must be an amount of USD, such as 12.50');
  return Number(text);
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

function parseOptions<const T extends Options>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (thrown) {
    throw new UsageError(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** Spend is not shown: part of it may still be on its way into the database. */
function listingJson(row: ApiKeyTable): Record<string, unknown> {
  const fields = Object.entries(keyJson(row, NO_USAGE));
  const settings = fields.filter(([field]) => !/usage|remaining/.test(field));
  return { kind: row.kind, ...Object.fromEntries(settings) };
}

/** Names are quoted, so that one with control characters cannot play with the terminal. */
function listingLine(row: ApiKeyTable): string {
  const limit = row.limit_nano_usd === null ? 'no limit' : `${usdFromNanoUsd(row.limit_nano_usd)} USD`;
  const expiry = row.expires_at_ms === null ? 'never expires' : `expires ${isoFromMs(row.expires_at_ms)}`;
  const state = row.disabled === 1 ? 'disabled' : 'enabled';
  return [
    row.hash,
    row.label,
    state,
    limit,
    row.limit_reset ?? 'no reset',
    expiry,
    JSON.stringify(row.name),
  ].join('  ');
}
