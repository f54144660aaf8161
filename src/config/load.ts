/** The configuration, once, at the start: environment and turnpike.yaml become one checked and frozen object, or one clear error. */
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { isWellFormedKey } from '../auth/key-secret.ts';
import { isQuoted, QUOTED } from '../providers/provider-key.ts';
import { databaseUrlFault } from '../storage/database-url.ts';
import type { Config, DataRegion, LogLevel } from './config.ts';
import { ConfigError } from './config-error.ts';
import {
  createReader,
  type Environment,
  errorCode,
  type Reading,
  ReadingError,
  type ReadVariable,
  unknownVariables,
  type Variable,
} from './environment.ts';
import { type ConfigFile, type FileConfig, parseConfigFile } from './file.ts';
import { loadMasterKey, type MasterKey } from './master-key.ts';
import { suggestion } from './nearest.ts';
import { STRIPE_API_URL, type StripeAccess } from './purchases.ts';
import { baseUrlFault, MAX_RETENTION_DAYS, MIN_RETENTION_DAYS, withoutTrailingSlash } from './schema.ts';
import { isHeaderSafe } from './schema-object.ts';
import type { SecretValues } from './secret-reference.ts';
import { unchargedPriceWarnings } from './uncharged-prices.ts';

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 4141;
const DEFAULT_FILE = 'turnpike.yaml';
/** As GitHub documents it for its secret scanning partners. */
const SECRET_SCANNING_KEYS_URL = 'https://api.github.com/meta/public_keys/secret_scanning';
const DEFAULT_REFRESH_SECONDS = 300;
const DATA_REGIONS: readonly DataRegion[] = ['global', 'europe', 'us'];
const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export interface LoadOptions {
  readonly env: Environment;
  /** Relative paths start here. */
  readonly cwd: string;
  /** Whether to make the data directory and the master key when they do not exist; default true. */
  readonly createMissing?: boolean;
  /** What secret managers have; without it they are not asked. */
  readonly secrets?: SecretValues;
  /** In the place of the file that the environment names. */
  readonly file?: ConfigFile;
}

export function loadConfig({ env, cwd, createMissing = true, secrets, file: given }: LoadOptions): Config {
  const readVariable = createReader(env, cwd, secrets);
  const problems = unknownVariables(env);
  /** Goes on after a failed step, so that every problem is told at once; nothing made of the stand-in gets out. */
  const collect = <T>(step: () => T, standIn: T): T => {
    try {
      return step();
    } catch (error) {
      if (error instanceof ConfigError) problems.push(...error.problems);
      else if (error instanceof ReadingError) problems.push(error.message);
      else throw error;
      return standIn;
    }
  };
  const setting = <T>(name: Variable, parse: (reading: Reading) => T, unset: T): T =>
    collect(() => {
      const reading = readVariable(name);
      return reading === null ? unset : parse(reading);
    }, unset);

  const host = setting('TURNPIKE_HOST', parseHost, DEFAULT_HOST);
  const port = setting('TURNPIKE_PORT', parsePort, DEFAULT_PORT);
  const publicUrl = setting('TURNPIKE_PUBLIC_URL', parsePublicUrl, defaultPublicUrl(host, port));
  const dataDir = setting('TURNPIKE_DATA_DIR', ({ value }) => resolve(cwd, value), resolve(cwd, 'data'));
  const databaseUrl = setting('TURNPIKE_DATABASE_URL', parseDatabaseUrl, null);
  const bootstrapManagementKey = setting('TURNPIKE_BOOTSTRAP_MANAGEMENT_KEY', parseManagementKey, null);
  const metricsToken = setting('TURNPIKE_METRICS_TOKEN', parseMetricsToken, null);
  const logLevel = setting('TURNPIKE_LOG_LEVEL', parseLogLevel, 'info');
  const dataRegion = setting('TURNPIKE_DATA_REGION', parseDataRegion, 'global');
  const generationsDays = setting('TURNPIKE_RETENTION_GENERATIONS_DAYS', parseRetentionDays, null);
  const secretScanning = setting('TURNPIKE_SECRET_SCANNING', parseSwitch, true);
  const secretScanningKeysUrl = setting(
    'TURNPIKE_SECRET_SCANNING_KEYS_URL',
    parseKeysUrl,
    SECRET_SCANNING_KEYS_URL,
  );
  const stripe = {
    secretKey: setting('TURNPIKE_STRIPE_SECRET_KEY', stripeSecret('TURNPIKE_STRIPE_SECRET_KEY'), null),
    webhookSecret: setting(
      'TURNPIKE_STRIPE_WEBHOOK_SECRET',
      stripeSecret('TURNPIKE_STRIPE_WEBHOOK_SECRET'),
      null,
    ),
    apiUrl: setting('TURNPIKE_STRIPE_API_URL', parseStripeUrl, STRIPE_API_URL),
  };
  const masterKeyText = setting('TURNPIKE_MASTER_KEY', ({ value }) => value, null);
  const secretsRefreshSeconds = setting(
    'TURNPIKE_SECRETS_REFRESH_SECONDS',
    parseRefresh,
    DEFAULT_REFRESH_SECONDS,
  );
  const file = given ?? collect(() => readFile(readVariable, cwd), { name: DEFAULT_FILE, text: '' });
  const fromFile = collect<FileConfig | null>(() => parseConfigFile(file, readVariable), null);
  // Last, and only when all else is well: a refused start leaves nothing behind.
  const masterKey =
    problems.length > 0
      ? null
      : collect<MasterKey | null>(() => {
          if (createMissing) makeDataDir(dataDir);
          return loadMasterKey({ value: masterKeyText, dataDir, createMissing });
        }, null);
  if (problems.length > 0 || fromFile === null || masterKey === null) throw new ConfigError(problems);

  return freeze({
    host,
    port,
    publicUrl,
    dataDir,
    databaseUrl,
    masterKey: masterKey.key,
    masterKeySource: masterKey.source,
    masterKeyIsNew: masterKey.isNew,
    bootstrapManagementKey,
    metricsToken,
    logLevel,
    dataRegion,
    secretScanningKeysUrl: secretScanning ? secretScanningKeysUrl : null,
    stripe,
    secretsRefreshMs: secretsRefreshSeconds * 1000,
    file,
    ...fromFile,
    ...(generationsDays === null ? {} : { retention: { generationsDays } }),
    environmentKeys: (variable: string) => readProviderKey(variable, readVariable),
    warnings: [
      ...(masterKey.warning === null ? [] : [masterKey.warning]),
      ...(createMissing ? dataDirWarnings(dataDir) : []),
      ...unchargedPriceWarnings(fromFile.models),
      ...stripeWarnings(stripe),
      ...publicUrlWarnings(publicUrl),
    ],
  });
}

function parseHost({ value, shown }: Reading): string {
  const host = value.replace(/^\[(.*)\]$/, '$1');
  if (!/^[A-Za-z0-9._:%-]+$/.test(host)) {
    throw new ConfigError([
      `TURNPIKE_HOST: ${shown} is not a host; use an address or a name, like ${DEFAULT_HOST} or 0.0.0.0`,
    ]);
  }
  return host;
}

function parsePort({ value, shown }: Reading): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (port < 1 || port > 65535) {
    throw new ConfigError([`TURNPIKE_PORT: ${shown} is not a port; use a number from 1 to 65535`]);
  }
  return port;
}

function parsePublicUrl({ value }: Reading): string {
  const fault = baseUrlFault(value, 'https://ai.example.com');
  if (fault !== null) throw new ConfigError([`TURNPIKE_PUBLIC_URL: ${fault}`]);
  return withoutTrailingSlash(value);
}

/** The pages ask for what they need from the root of their host, wherever a proxy puts the API. */
function publicUrlWarnings(publicUrl: string): string[] {
  const { pathname, host } = new URL(publicUrl);
  if (pathname === '/') return [];
  return [
    `TURNPIKE_PUBLIC_URL has the path ${pathname}: behind a proxy that takes it away the API works there, the dashboard and sign-in do not; ` +
      `give Turnpike a host of its own, such as turnpike.${host}`,
  ];
}

/** Listening everywhere is not an address that a client can be given. */
function defaultPublicUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** Never shown: it holds a password. */
function parseDatabaseUrl({ value }: Reading): string {
  const fault = databaseUrlFault(value);
  if (fault !== null) throw new ConfigError([`TURNPIKE_DATABASE_URL: ${fault}`]);
  return value;
}

function parseManagementKey({ value }: Reading): string {
  if (!isWellFormedKey(value)) {
    throw new ConfigError([
      'TURNPIKE_BOOTSTRAP_MANAGEMENT_KEY: not a well-formed key; it is "sk-or-v1-" and 64 digits 0-9 a-f, of which the last 8 are a checksum',
    ]);
  }
  return value;
}

function parseRetentionDays({ value, shown }: Reading): number {
  const days = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (days < MIN_RETENTION_DAYS || days > MAX_RETENTION_DAYS) {
    throw new ConfigError([
      `TURNPIKE_RETENTION_GENERATIONS_DAYS: ${shown} is no number of days from ${MIN_RETENTION_DAYS} to ${MAX_RETENTION_DAYS}; unset it to keep generations for ever`,
    ]);
  }
  return days;
}

function parseRefresh({ value, shown }: Reading): number {
  const seconds = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (seconds < 1 || seconds > 86_400) {
    throw new ConfigError([
      `TURNPIKE_SECRETS_REFRESH_SECONDS: ${shown} is no number of seconds from 1 to 86400; unset it for ${DEFAULT_REFRESH_SECONDS}`,
    ]);
  }
  return seconds;
}

/** Never shown. */
function parseMetricsToken({ value }: Reading): string {
  if (isHeaderSafe(value) && value.length >= 16) return value;
  throw new ConfigError([
    'TURNPIKE_METRICS_TOKEN: must have at least 16 characters and no spaces; `openssl rand -hex 24` makes a good one',
  ]);
}

/** Never shown. Nothing but spaces is nothing: what such a secret signs, anybody could sign. */
function stripeSecret(name: Variable) {
  return ({ value }: Reading): string | null => {
    if (value.trim() === '') return null;
    if (isHeaderSafe(value)) return value;
    throw new ConfigError([`${name}: has spaces or characters that no secret has; check how it was copied`]);
  };
}

function parseStripeUrl({ value }: Reading): string {
  const fault =
    baseUrlFault(value) ?? (new URL(value).pathname === '/' ? null : 'has a path; name the host alone');
  if (fault !== null) throw new ConfigError([`TURNPIKE_STRIPE_API_URL: ${fault}`]);
  return withoutTrailingSlash(value);
}

function stripeWarnings({ secretKey, webhookSecret }: StripeAccess): string[] {
  if ((secretKey === null) === (webhookSecret === null)) return [];
  return [
    secretKey === null
      ? 'TURNPIKE_STRIPE_WEBHOOK_SECRET is set and TURNPIKE_STRIPE_SECRET_KEY is not: nothing can be bought'
      : 'TURNPIKE_STRIPE_SECRET_KEY is set and TURNPIKE_STRIPE_WEBHOOK_SECRET is not: nothing can be bought before Stripe can tell of payments',
  ];
}

function parseLogLevel({ value, shown }: Reading): LogLevel {
  const level = LOG_LEVELS.find((known) => known === value);
  if (level === undefined) {
    const remedy = suggestion(value, LOG_LEVELS) || `; use ${LOG_LEVELS.join(', ')}`;
    throw new ConfigError([`TURNPIKE_LOG_LEVEL: ${shown} is not a level${remedy}`]);
  }
  return level;
}

function parseDataRegion({ value, shown }: Reading): DataRegion {
  const region = DATA_REGIONS.find((known) => known === value);
  if (region !== undefined) return region;
  const remedy = suggestion(value, DATA_REGIONS) || `; use ${DATA_REGIONS.join(', ')}`;
  throw new ConfigError([`TURNPIKE_DATA_REGION: ${shown} is not a region${remedy}`]);
}

function parseSwitch({ value, shown }: Reading): boolean {
  if (value === 'on' || value === 'off') return value === 'on';
  throw new ConfigError([`TURNPIKE_SECRET_SCANNING: ${shown} is neither on nor off`]);
}

function parseKeysUrl({ value }: Reading): string {
  const fault = baseUrlFault(value);
  if (fault !== null) throw new ConfigError([`TURNPIKE_SECRET_SCANNING_KEYS_URL: ${fault}`]);
  return value;
}

function readFile(readVariable: ReadVariable, cwd: string): ConfigFile {
  const named = readVariable('TURNPIKE_CONFIG');
  const path = resolve(cwd, named?.value ?? DEFAULT_FILE);
  const inside = relative(cwd, path);
  const name = inside.startsWith('..') || isAbsolute(inside) ? path : inside;
  if (named === null && !existsSync(path)) return { name, text: '' };
  try {
    return { name, text: readFileSync(path, 'utf8') };
  } catch (error) {
    const source = named === null ? name : `TURNPIKE_CONFIG: ${name}`;
    throw new ConfigError([
      `${source}: cannot read the file (${errorCode(error)}); check the path and its permissions`,
    ]);
  }
}

function makeDataDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ConfigError([
      `TURNPIKE_DATA_DIR: cannot create ${path} (${errorCode(error)}); name a directory that can be written`,
    ]);
  }
}

/** Kubernetes makes its volumes so, which is why the start goes on. */
function dataDirWarnings(path: string): string[] {
  if ((statSync(path).mode & 0o002) === 0) return [];
  return [
    `every user of this machine may write into the data directory ${path}, and so replace its database and key: chmod 700 it`,
  ];
}

function readProviderKey(variable: string, readVariable: ReadVariable): string | null {
  try {
    const reading = readVariable(variable);
    if (reading === null) return null;
    if (isQuoted(reading.value))
      throw new ConfigError([`${variable}: ${QUOTED}; \`docker --env-file\` makes them a part of the value`]);
    if (isHeaderSafe(reading.value)) return reading.value;
  } catch (error) {
    if (error instanceof ReadingError) throw new ConfigError([error.message]);
    throw error;
  }
  throw new ConfigError([`${variable}: has spaces or characters that no key has; check how it was copied`]);
}

/** All the way down, bytes excepted, which cannot be frozen. */
function freeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null && !ArrayBuffer.isView(member)) freeze(member);
  }
  return Object.freeze(value);
}
