/** `turnpike doctor`: looks at everything a start depends on, changes nothing, and says what to do where something is wrong. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isWellFormedKey } from '../auth/key-secret.ts';
import { buildCatalogue } from '../catalogue/build.ts';
import { listAtStart } from '../catalogue/price-list-file.ts';
import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import { credentials } from '../doctor/credentials.ts';
import { backup, type DatabaseLook, lookIntoDatabase } from '../doctor/database.ts';
import { type Finding, fail, ok, reasonOf, warn } from '../doctor/finding.ts';
import { identityFindings } from '../doctor/identity.ts';
import { readJournal } from '../doctor/journal.ts';
import { clock, disk, files, port, roomFor, runtime } from '../doctor/machine.ts';
import { suspectHashes, withoutOwn } from '../doctor/own-keys.ts';
import { packages } from '../doctor/packages.ts';
import { providers } from '../doctor/providers.ts';
import { proxies } from '../doctor/proxies.ts';
import { secretFindings } from '../doctor/secrets.ts';
import { isUsed, readDataDir } from '../installation/data-dir.ts';
import { ONLY_KEY } from '../providers/provider-key.ts';
import { LATER_VARIABLES } from '../secrets/later-variables.ts';
import { SecretSource } from '../secrets/secret-source.ts';
import { isLocked } from '../storage/data-dir-lock.ts';
import { sqlitePath } from '../storage/database-files.ts';
import { createUpstreamClient } from '../upstream/client.ts';
import { VERSION } from '../version.ts';
import type { CommandContext } from './command.ts';

const USAGE = [
  'usage: turnpike doctor [--json]',
  '       turnpike doctor --before-upgrade [--backup FILE] [--json]',
];

type Options = NonNullable<ReturnType<typeof parse>>;

/** 0: a start will go well, though there may be warnings; 1: something FAILs; 2: the command line makes no sense. */
export async function run(args: string[], { print }: Pick<CommandContext, 'print'>): Promise<number> {
  const options = parse(args);
  if (options === null) {
    for (const line of USAGE) print(line);
    return 2;
  }
  const findings = await look(options);
  const isWell = findings.every(({ level }) => level !== 'FAIL');
  if (options.json) {
    print(JSON.stringify({ version: VERSION, ok: isWell, findings }));
    return isWell ? 0 : 1;
  }
  for (const { level, check, text, remedy } of findings)
    print(`${level.padEnd(4)}  ${check}: ${text}${remedy === null ? '' : ` -> ${remedy}`}`);
  return isWell ? 0 : 1;
}

function parse(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        json: { type: 'boolean', default: false },
        'before-upgrade': { type: 'boolean', default: false },
        backup: { type: 'string' },
      },
    });
    if (values.backup !== undefined && !values['before-upgrade']) return null;
    return { json: values.json, beforeUpgrade: values['before-upgrade'], backup: values.backup ?? null };
  } catch {
    return null;
  }
}

async function look(options: Options): Promise<Finding[]> {
  const { env } = process;
  const found: Finding[] = [ok('turnpike', `version ${VERSION}`), ...runtime(env), await clock()];
  const read = await readConfig();
  found.push(...read.findings);
  const { config } = read;
  if (config === null) return found;
  const running = runningPid(config.dataDir);
  const configFile = resolve(process.cwd(), env['TURNPIKE_CONFIG'] || 'turnpike.yaml');
  found.push(...files(config, existsSync(configFile) ? configFile : null), ...disk(config));
  found.push(await port(config, running), proxies(config));
  const asked: DatabaseLook = {
    config,
    masterKey: read.hasMasterKey ? config.masterKey : null,
    masterKeySource: config.masterKeySource,
    providerKeyHashes: suspectHashes(config),
  };
  const database = await lookIntoDatabase(asked);
  found.push(...database.findings);
  found.push(...readJournal(config.dataDir, running !== null, database.flushedSeq));
  if (options.beforeUpgrade) {
    found.push(await backup(options.backup, asked, database.instanceId));
    if (config.databaseUrl === null) found.push(roomFor(sqlitePath(config.dataDir)));
    else
      found.push(
        warn('room', "on the database's server cannot be seen from here", 'have twice its size free'),
      );
    if (database.pending !== null)
      found.push(ok('migrations', database.pending.join(', ') || 'none will run'));
  }
  const own = database.ownKeyHashes;
  const cleaned = await withoutOwn(config, own);
  found.push(...cleaned.findings);
  if (cleaned.config !== null)
    found.push(...(await behind(cleaned.config, (key) => own !== null || !isWellFormedKey(key))));
  return found;
}

/** What requests go to. `mayShow` says whether a provider may be shown a key. */
async function behind(config: Config, mayShow: (key: string) => boolean): Promise<Finding[]> {
  const behindPackages = await packages(config);
  const found = [...identityFindings(config), ...behindPackages];
  const addresses = await reachable(config);
  if (addresses.length > 0 || behindPackages.length === 0)
    found.push(...(await providers(addresses, process.env)));
  found.push(...(await keysOf(config, mayShow)));
  return found;
}

interface ConfigRead {
  readonly config: Config | null;
  readonly hasMasterKey: boolean;
  readonly findings: readonly Finding[];
}

/** Without a master key the rest can still be looked at, with one that is used for nothing. */
async function readConfig(): Promise<ConfigRead> {
  const { env } = process;
  const cwd = process.cwd();
  const found: Finding[] = [];
  const load = async (masterKey?: string) => {
    const source = new SecretSource({
      env: masterKey === undefined ? env : { ...env, TURNPIKE_MASTER_KEY: masterKey },
      ...{ cwd, createMissing: false, laterVariables: LATER_VARIABLES },
    });
    try {
      return await source.load();
    } finally {
      source.close();
      found.splice(0, found.length, ...secretFindings(source.states));
    }
  };
  try {
    const config = await load();
    const warnings = config.warnings.map((text) => warn('configuration', text, 'see the configuration'));
    const findings = [ok('configuration', 'can be read'), ...warnings, ...found];
    return { config, hasMasterKey: true, findings };
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    const problems = thrown.problems.map((text) => fail('configuration', text, 'correct it there'));
    try {
      const config = await load(Buffer.alloc(32).toString('base64'));
      const isFirst = !isUsed(readDataDir(config.dataDir)) && !existsSync(sqlitePath(config.dataDir));
      const isUnset =
        (env['TURNPIKE_MASTER_KEY'] ?? '') === '' && !existsSync(join(config.dataDir, 'master.key'));
      const findings =
        isFirst && isUnset && config.databaseUrl === null
          ? [warn('master key', 'there is none yet', 'the first start makes one: back it up')]
          : problems;
      return { config, hasMasterKey: false, findings: [...findings, ...found] };
    } catch {
      return { config: null, hasMasterKey: false, findings: [...problems, ...found] };
    }
  }
}

function runningPid(dataDir: string): string | null {
  if (!isLocked(dataDir)) return null;
  try {
    return readFileSync(join(dataDir, 'server.pid'), 'utf8').trim() || 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Each key of each provider that is switched on, and may be shown to it. */
async function keysOf(config: Config, mayShow: (key: string) => boolean): Promise<Finding[]> {
  const { providers: on } = await buildCatalogue(config, Date.now(), listAtStart(config.dataDir));
  const keys = on.flatMap(({ slug, format, baseUrl, apiKey, keys: several }) => {
    const only = apiKey === null ? [] : [{ id: ONLY_KEY, apiKey }];
    const shown = (several ?? only).filter(({ apiKey: one }) => mayShow(one));
    return shown.map((key) => ({ slug, format, baseUrl, id: key.id, apiKey: key.apiKey }));
  });
  const client = createUpstreamClient();
  try {
    return await credentials(client, keys);
  } finally {
    client.close();
  }
}

/** Each address once, under the first provider that has it. */
async function reachable(config: Config): Promise<{ slug: string; baseUrl: string }[]> {
  try {
    const { models } = await buildCatalogue(config, Date.now(), listAtStart(config.dataDir));
    const used = models.flatMap(({ endpoints }) => endpoints.map(({ provider }) => provider));
    const stated = config.providers.map(({ slug, baseUrl }) => ({ slug, baseUrl }));
    const bySlug = new Map([...used, ...stated].map(({ slug, baseUrl }) => [slug, baseUrl]));
    // An exchange is asked before the provider itself.
    for (const { slug, identity } of config.providers)
      if (identity !== undefined) bySlug.set(`${slug}, where it is signed in to`, identity.tokenUrl);
    return [...bySlug].flatMap(([slug, baseUrl]) => (URL.canParse(baseUrl) ? [{ slug, baseUrl }] : []));
  } catch (thrown) {
    throw new Error(`the catalogue cannot be built: ${reasonOf(thrown)}`);
  }
}
