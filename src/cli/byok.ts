/** `turnpike byok`: keys that the organisation brings for providers. A secret comes from a file or standard input, never as an argument. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { changeOwnKey, createOwnKey, deleteOwnKey, type OwnKeyServices } from '../byok/change-own-key.ts';
import { parseNewOwnKey } from '../byok/fields.ts';
import { allOwnKeys } from '../byok/list-own-keys.ts';
import { ownKeysJson } from '../byok/own-key-json.ts';
import { OPENROUTER_PROVIDERS } from '../byok/providers.ts';
import { secretKindOf } from '../byok/secret.ts';
import { findKnownProvider } from '../catalogue/known-providers.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { TurnpikeError } from '../errors.ts';
import { refuseWrongKey } from '../installation/master-key-check.ts';
import { readInstance } from '../keys/bootstrap.ts';
import type { Database } from '../storage/database.ts';
import { findDefaultWorkspace } from '../tenancy/tenants.ts';
import type { CommandContext } from './command.ts';
import { openMigrated } from './open.ts';
import { whyItFailed } from './why.ts';

const USAGE = `usage: turnpike byok list [--json]
       turnpike byok add --provider SLUG --key-file FILE [--name NAME] [--fallback | --required | --only] [--every-workspace]
       turnpike byok rotate ID --key-file FILE
       turnpike byok disable ID
       turnpike byok enable ID
       turnpike byok delete ID
FILE holds the key alone, or the provider's JSON document; "-" reads standard input.`;

const OPTIONS = {
  provider: { type: 'string' },
  'key-file': { type: 'string' },
  name: { type: 'string' },
  fallback: { type: 'boolean', default: false },
  required: { type: 'boolean', default: false },
  only: { type: 'boolean', default: false },
  'every-workspace': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

class UsageError extends Error {}

/** 0: done; 1: it failed; 2: the command line makes no sense. */
export async function run(args: string[], { config, print }: CommandContext): Promise<number> {
  let database: Database | undefined;
  try {
    const [action, id, values] = parse(args);
    database = await openMigrated(config);
    await refuseWrongKey(database, config.masterKey, config.masterKeySource);
    const instance = await readInstance(database);
    if (instance === null)
      throw new Error('This database is empty: start the server once with "turnpike serve"');
    const { accountId } = instance;
    const services = servicesOf(config, database);
    switch (action) {
      case 'list':
        await list(database, accountId, values.json, print);
        break;
      case 'add': {
        const wanted = parseNewOwnKey(
          {
            ...{ provider: values.provider, key: secretIn(values['key-file']) },
            ...(values.name === undefined ? {} : { name: values.name }),
            ...{ is_fallback: values.fallback, is_required: values.required, is_byok_only: values.only },
          },
          true,
        );
        const workspace = values['every-workspace']
          ? null
          : await findDefaultWorkspace(database.db, accountId);
        const place = workspace === null ? null : (workspace?.id ?? null);
        const row = await createOwnKey(services, { accountId, userId: null }, place, wanted);
        print(`${row.id}  ${row.provider}  ${row.label}`);
        break;
      }
      case 'rotate':
        print((await changeOwnKey(services, accountId, id, { key: secretIn(values['key-file']) })).label);
        break;
      case 'delete':
        await deleteOwnKey(services, accountId, id);
        print('Deleted.');
        break;
      default:
        await changeOwnKey(services, accountId, id, { disabled: action === 'disable' });
        print(action === 'disable' ? 'Disabled.' : 'Enabled.');
    }
    return 0;
  } catch (thrown) {
    print(whyItFailed(thrown));
    if (thrown instanceof UsageError) print(USAGE);
    return thrown instanceof UsageError || (thrown instanceof TurnpikeError && thrown.status === 400) ? 2 : 1;
  } finally {
    await database?.close();
  }
}

const WITH_ID = ['rotate', 'disable', 'enable', 'delete'];

function parse(args: string[]) {
  const { values, positionals } = parsed(args);
  const [action = '', id = '', ...rest] = positionals;
  const wantsId = WITH_ID.includes(action);
  if (rest.length > 0 || (id !== '') !== wantsId || !(wantsId || action === 'list' || action === 'add'))
    throw new UsageError('This is no command');
  if (action === 'add' && values.provider === undefined) throw new UsageError('--provider is missing');
  if ((action === 'add' || action === 'rotate') && values['key-file'] === undefined)
    throw new UsageError('--key-file is missing');
  return [action, id, values] as const;
}

function parsed(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options: OPTIONS });
  } catch {
    // The parser's own message may repeat what was meant as a secret.
    throw new UsageError('The arguments make no sense');
  }
}

function secretIn(path: string | undefined): string {
  try {
    return readFileSync(path === '-' ? 0 : (path ?? ''), 'utf8');
  } catch {
    throw new UsageError('The file with the key cannot be read');
  }
}

/** Nothing is held in memory here; running servers learn of the change from the log. */
function servicesOf(config: Config, database: Database): OwnKeyServices {
  const providerOf = (slug: string) => config.providers.find((provider) => provider.slug === slug);
  return {
    ...{ database, clock: systemClock, masterKey: config.masterKey },
    privateHosts: config.egress.privateHosts,
    kindOf: (slug) => secretKindOf(slug, providerOf(slug)?.sdk?.packageName ?? null),
    isProvider: (slug) =>
      OPENROUTER_PROVIDERS.has(slug) || findKnownProvider(slug) !== null || providerOf(slug) !== undefined,
    isMember: async () => false,
    changed: async () => undefined,
  };
}

async function list(
  database: Database,
  accountId: string,
  isJson: boolean,
  print: (line: string) => void,
): Promise<void> {
  const rows = await allOwnKeys(database.db, accountId);
  if (isJson) {
    print(JSON.stringify(await ownKeysJson(database.db, rows), null, 2));
    return;
  }
  if (rows.length === 0) print('There are no keys.');
  for (const row of rows) {
    const section =
      row.is_fallback === 1
        ? 'fallback'
        : row.is_byok_only === 1
          ? 'only'
          : row.is_required === 1
            ? 'required'
            : 'first';
    print(
      [row.id, row.provider, row.label, section, row.disabled === 1 ? 'off' : 'on', row.name ?? '']
        .join('  ')
        .trimEnd(),
    );
  }
}
