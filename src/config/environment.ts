/**
 * The variables the program knows, and reading one: empty is unset, `file:/path` stands for a mounted secret, and `vault:`, `aws-sm:` and
 * `gcp-sm:` for one in a secret manager.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { suggestion } from './nearest.ts';
import { type SecretValues, secretReference, standsElsewhere } from './secret-reference.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export const variables = [
  'TURNPIKE_HOST',
  'TURNPIKE_PORT',
  'TURNPIKE_PUBLIC_URL',
  'TURNPIKE_DATA_DIR',
  'TURNPIKE_DATABASE_URL',
  'TURNPIKE_CONFIG',
  'TURNPIKE_MASTER_KEY',
  'TURNPIKE_BOOTSTRAP_MANAGEMENT_KEY',
  'TURNPIKE_METRICS_TOKEN',
  'TURNPIKE_RETENTION_GENERATIONS_DAYS',
  'TURNPIKE_LOG_LEVEL',
  'TURNPIKE_DATA_REGION',
  'TURNPIKE_SECRET_SCANNING',
  'TURNPIKE_SECRET_SCANNING_KEYS_URL',
  'TURNPIKE_STRIPE_SECRET_KEY',
  'TURNPIKE_STRIPE_WEBHOOK_SECRET',
  'TURNPIKE_STRIPE_API_URL',
  'TURNPIKE_SECRETS_REFRESH_SECONDS',
  // Read by fail-point.ts alone.
  'TURNPIKE_FAIL_POINT',
] as const;
export type Variable = (typeof variables)[number];

export interface Reading {
  readonly value: string;
  /** How a message may name the value: in quotes, or by the file it came from, whose content is never shown. */
  readonly shown: string;
}

/** A value that cannot be read is thrown as a `ReadingError`. */
export interface ReadVariable {
  /** Null: unset. */
  (name: string): Reading | null;
  /** What a text stands for that is written in turnpike.yaml. Null: it is a value itself. The error does not name the setting. */
  elsewhere(text: string): Reading | null;
}

export class ReadingError extends Error {}

export function createReader(
  env: Environment,
  cwd: string,
  secrets: SecretValues = NO_MANAGERS,
): ReadVariable {
  const read = (name: string): Reading | null => {
    const text = env[name];
    if (text === undefined || text === '' || isServiceLink(name, text)) return null;
    if (!standsElsewhere(text)) return { value: text, shown: JSON.stringify(text) };
    try {
      return readElsewhere(text, { cwd, secrets, otherwise: `unset ${name}` });
    } catch (thrown) {
      throw thrown instanceof ReadingError ? new ReadingError(`${name}: ${thrown.message}`) : thrown;
    }
  };
  return Object.assign(read, {
    elsewhere: (text: string) =>
      standsElsewhere(text) ? readElsewhere(text, { cwd, secrets, otherwise: 'remove this line' }) : null,
  });
}

const NO_MANAGERS: SecretValues = {
  valueOf: () => {
    throw new ReadingError('secret managers are not asked here; write the value, or file: and a path');
  },
};

function readElsewhere(
  text: string,
  { cwd, secrets, otherwise }: { cwd: string; secrets: SecretValues; otherwise: string },
): Reading {
  const reference = secretReference(text);
  if (reference === null) {
    const path = resolve(cwd, text.slice('file:'.length));
    return { value: readTrimmed(path, otherwise), shown: `the content of ${path}` };
  }
  try {
    return { value: secrets.valueOf(reference), shown: `the value of ${reference.text}` };
  } catch (thrown) {
    throw new ReadingError(
      `${reference.text} cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    );
  }
}

function readTrimmed(path: string, otherwise: string): string {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ReadingError(`cannot read ${path} (${errorCode(error)}); check the path and its permissions`);
  }
  // Editors end a file with a line break, and some of Windows' begin it with a mark that nobody sees.
  const value = content.replace(/^\uFEFF/, '').replace(/[\r\n]+$/, '');
  // Taken as unset, an empty mount would quietly choose a default: another database, another master key.
  if (value === '') throw new ReadingError(`${path} is empty; write the value into it or ${otherwise}`);
  return value;
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

/** One line for every `TURNPIKE_*` variable that means nothing here: a mistyped setting must not pass for its default. */
export function unknownVariables(env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('TURNPIKE_') && !(variables as readonly string[]).includes(name))
    .filter((name) => env[name] !== undefined && env[name] !== '' && !isServiceLink(name, env[name]))
    .sort()
    .map((name) => `${name}: there is no such setting${suggestion(name, variables) || '; unset it'}`);
}

const SERVICE_LINK =
  /_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;

/** Kubernetes describes a service called `turnpike` in variables of our prefix, `TURNPIKE_PORT=tcp://10.0.0.1:4141` among them. */
function isServiceLink(name: string, value: string): boolean {
  if (!name.startsWith('TURNPIKE_')) return false;
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value));
}
