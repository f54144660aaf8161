/** The variables the program knows, and reading one: empty is unset, and `file:/path` stands for a mounted secret. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { suggestion } from './nearest.ts';

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
  // Read by fail-point.ts alone.
  'TURNPIKE_FAIL_POINT',
] as const;
export type Variable = (typeof variables)[number];

export interface Reading {
  readonly value: string;
  /** How a message may name the value: in quotes, or by the file it came from, whose content is never shown. */
  readonly shown: string;
}

/** Null: unset. A value that cannot be read is thrown as a `ReadingError`. */
export type ReadVariable = (name: string) => Reading | null;

export class ReadingError extends Error {}

export function createReader(env: Environment, cwd: string): ReadVariable {
  return (name) => {
    const text = env[name];
    if (text === undefined || text === '' || isServiceLink(name, text)) return null;
    if (!text.startsWith('file:')) return { value: text, shown: JSON.stringify(text) };
    const path = resolve(cwd, text.slice('file:'.length));
    const value = readTrimmed(name, path);
    return { value, shown: `the content of ${path}` };
  };
}

function readTrimmed(name: string, path: string): string {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ReadingError(
      `${name}: cannot read ${path} (${errorCode(error)}); check the path and its permissions`,
    );
  }
  const value = content.replace(/[\r\n]+$/, '');
  // Taken as unset, an empty mount would quietly choose a default: another database, another master key.
  if (value === '')
    throw new ReadingError(`${name}: ${path} is empty; write the value into it or unset ${name}`);
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
