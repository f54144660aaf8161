/** The log: one JSON object a line, with a stable event name, and nothing secret in any value. Never throws. */
import { type Clock, isoFromMs } from './clock.ts';
import type { LogLevel } from './config/config.ts';

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  /** `event` is a stable snake_case name; what varies goes into the fields. */
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Receives one line with its newline. */
  readonly write: (line: string) => void;
  readonly clock: Clock;
  /** One line for a person instead of JSON; for a terminal. */
  readonly human?: boolean;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export function createLogger(options: LoggerOptions): Logger {
  return bind(options, {});
}

function bind(options: LoggerOptions, bound: LogFields): Logger {
  const threshold = LEVELS.indexOf(options.level);
  const at = (level: LogLevel) => (event: string, fields?: LogFields) => {
    if (LEVELS.indexOf(level) < threshold) return;
    try {
      options.write(line(options, level, event, { ...bound, ...fields }));
    } catch {
      // A log that cannot be written must not fail the request it tells of.
    }
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => bind(options, { ...bound, ...fields }),
  };
}

function line(options: LoggerOptions, level: LogLevel, event: string, fields: LogFields): string {
  const time = isoFromMs(options.clock.nowMs());
  const safe = redactFields(fields);
  const name = redactText(event);
  if (!options.human) {
    const head = { time, level, event: name };
    // Spread twice: the first fixes the order, the second keeps a field from passing itself off as one of these.
    const entry = { ...head, ...safe, ...head };
    return `${escapeControls(JSON.stringify(entry))}\n`;
  }
  const pairs = Object.entries(safe).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  return `${escapeControls(`${time.slice(11, 19)} ${level.toUpperCase().padEnd(5)} ${name}${pairs.join('')}`)}\n`;
}

/** JSON leaves these alone, but a terminal obeys C1 controls and text direction marks, and some readers split at U+2028. */
function escapeControls(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point.
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const MASK = '[redacted]';
const MAX_DEPTH = 6;
const MAX_ENTRIES = 100;
const MAX_TEXT = 8192;

const SECRET_NAME =
  /authorization|cookie|apikey|password|passphrase|secret|masterkey|privatekey|^credentials?$|^token$|(access|refresh|bearer|session|id|auth|setup|reset)token$/;

/** What a key looks like wherever it stands, most specific first; each is linear in the length of the text. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/sk-or-v1-[0-9a-f]{4,}/gi, `sk-or-v1-${MASK}`],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+/gi, `$1 ${MASK}`],
  [/\b(?:sk|pk|rk|gsk|whsec|xai|r8|pplx|nvapi|fw)[-_][A-Za-z0-9_-]{12,}/g, MASK],
  [/\b(?:gh[opusr]|github_pat|hf|glpat|xox[abprs])[-_][A-Za-z0-9_-]{12,}/g, MASK],
  [/\bAIza[A-Za-z0-9_-]{20,}/g, MASK],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}/g, MASK],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g, MASK],
  [/(:\/\/[^/\s:@]{0,256}:)[^/\s@]{1,512}@/g, `$1${MASK}@`],
  [/([?&](?:key|api_key|apikey|token|access_token|code|secret)=)[^&\s"']+/gi, `$1${MASK}`],
  [
    /((?:x-api-key|api[_-]?key|authorization|cookie|password|secret)["']?\s?[:=]\s?["']?)[^\s"',;&[]{4,}/gi,
    `$1${MASK}`,
  ],
];

/** Text with everything that looks like a credential masked. */
export function redactText(text: string): string {
  let safe = text;
  for (const [pattern, replacement] of SECRET_TEXTS) safe = safe.replace(pattern, replacement);
  return safe.length <= MAX_TEXT ? safe : `${safe.slice(0, MAX_TEXT)}… (${safe.length} characters)`;
}

/** A copy fit for the log, of any value: plain, bounded, and without secrets. */
export function redact(value: unknown): unknown {
  return copy(value, 0);
}

function redactFields(fields: LogFields): Record<string, unknown> {
  return copyEntries(fields, 0);
}

function copy(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
    case 'undefined':
      return value;
    case 'object':
      break;
    default:
      return typeof value === 'bigint' ? String(value) : `[${typeof value}]`;
  }
  if (value === null) return null;
  try {
    return copyObject(value, depth);
  } catch {
    return '[unreadable]';
  }
}

function copyObject(value: object, depth: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  // Bytes may be a key; their number is enough.
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (value instanceof Error) return copyError(value, depth);
  if (value instanceof URL) return redactText(value.href);
  if (value instanceof Headers || value instanceof Map) return copyEntries(Object.fromEntries(value), depth);
  if (value instanceof Set) return copyArray([...value], depth);
  return Array.isArray(value) ? copyArray(value, depth) : copyEntries(value, depth);
}

function copyArray(values: readonly unknown[], depth: number): unknown[] {
  const copies = values.slice(0, MAX_ENTRIES).map((value) => copy(value, depth + 1));
  if (values.length > MAX_ENTRIES) copies.push(`[${values.length - MAX_ENTRIES} more]`);
  return copies;
}

function copyError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const inherited = { name, message, stack, ...(cause === undefined ? {} : { cause }) };
  return copyEntries({ ...inherited, ...error }, depth);
}

function copyEntries(value: object, depth: number): Record<string, unknown> {
  const copies: Record<string, unknown> = {};
  for (const key of Object.keys(value).slice(0, MAX_ENTRIES)) {
    // A key can be the caller's text too: a header's name, a mistyped body.
    Object.defineProperty(copies, redactText(key), {
      value: copyEntry(value, key, depth),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return copies;
}

function copyEntry(owner: object, key: string, depth: number): unknown {
  try {
    const value: unknown = Reflect.get(owner, key);
    const isSecret = SECRET_NAME.test(key.toLowerCase().replace(/[-_\s]/g, ''));
    return isSecret && value !== null && value !== undefined && typeof value !== 'boolean'
      ? MASK
      : copy(value, depth + 1);
  } catch {
    return '[unreadable]';
  }
}
