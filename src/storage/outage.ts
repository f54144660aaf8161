/**
 * What a failure of the database means: that it cannot be asked now, which the callers of every route are told with one 503, and
 * at the start whether waiting can mend it. Codes are PostgreSQL's SQLSTATE (its manual, appendix A), SQLite's result codes, and
 * the operating system's.
 */
import { TurnpikeError } from '../errors.ts';

/** The database cannot be asked now: 503 with `Retry-After`. `cause` is what the driver said, for the operator's log. */
export class DatabaseUnavailableError extends TurnpikeError {
  constructor(cause: unknown) {
    super('unavailable', {
      message: 'The database does not answer; repeat this request in a moment',
      detail: messageOf(cause),
      retryAfterSeconds: 1,
      cause,
    });
  }
}

/**
 * Classes of SQLSTATE that say nothing about the statement: connection (08), login (28), unknown database (3D), lost race (40),
 * short of resources (53), stopped by an operator or by its own time-out (57), system error (58).
 */
const POSTGRES_OUTAGE = /^(?:08|28|3D|40|53|57|58)...$/;
/** A failover has left us on a replica; a lock was not given in time. */
const LOCK_NOT_AVAILABLE = '55P03';
const POSTGRES_OUTAGE_CODES = new Set(['25006', LOCK_NOT_AVAILABLE]);
const SQLITE_OUTAGE =
  /^SQLITE_(?:FULL|IOERR|BUSY|LOCKED|CANTOPEN|READONLY|NOMEM|PROTOCOL|CORRUPT|NOTADB|CLOSED)/;
/** What `pg` and `pg-pool` throw of their own, without a code. */
const DRIVER_OUTAGE =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client (?:has|was) |Query read timeout|Cannot use a pool|Postgres connection has been discarded)/;
/** `ECONNREFUSED`, `EAI_AGAIN`, and what TLS has to say of a certificate. */
const SYSTEM_OUTAGE = /^(?:E[A-Z_]+|CERT_[A-Z_]+|SELF_SIGNED_[A-Z_]+|DEPTH_ZERO_[A-Z_]+|UNABLE_TO_[A-Z_]+)$/;

/** The error to throw for what a driver threw: a 503 when the database cannot be asked, else the same. */
export function orUnavailable(thrown: unknown): unknown {
  return isOutage(thrown) ? new DatabaseUnavailableError(thrown) : thrown;
}

/** Others held a lock for longer than whoever waits for it may: nothing is wrong, and it is tried again. */
export function isLockTimeout(thrown: unknown): boolean {
  const cause = thrown instanceof DatabaseUnavailableError ? thrown.cause : thrown;
  return cause instanceof Error && codeOf(cause) === LOCK_NOT_AVAILABLE;
}

function isOutage(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const code = codeOf(thrown);
  if (code === null) return DRIVER_OUTAGE.test(thrown.message);
  return (
    POSTGRES_OUTAGE.test(code) ||
    POSTGRES_OUTAGE_CODES.has(code) ||
    SQLITE_OUTAGE.test(code) ||
    SYSTEM_OUTAGE.test(code)
  );
}

/** A start that no waiting can mend: the message says what to change, in one line. */
export class DatabaseStartError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'DatabaseStartError';
  }
}

/**
 * Why the gateway cannot start on this PostgreSQL, as an error for the operator when waiting is no use; null when it is: the
 * server is not up yet, is starting, has no connection left, or cannot be found yet. `databaseUrl` is named by host and database,
 * never with its password.
 */
export function hopelessStart(thrown: unknown, databaseUrl: string): DatabaseStartError | null {
  const cause = thrown instanceof DatabaseUnavailableError ? thrown.cause : thrown;
  if (!(cause instanceof Error)) return null;
  const remedy = remedyFor(cause, databaseUrl);
  if (remedy === null) return null;
  const said = withoutPassword(cause.message, databaseUrl);
  return new DatabaseStartError(
    `The database at ${nameOf(databaseUrl)} refuses us: ${said}. ${remedy}`,
    cause,
  );
}

/** Host, port and database of an address, for messages. */
export function nameOf(databaseUrl: string): string {
  const { host, pathname } = new URL(databaseUrl);
  return `${host}${pathname === '' ? '' : pathname}`;
}

const CHECK_LOGIN = 'Check the user and the password in TURNPIKE_DATABASE_URL';

/** By what was said first: PgBouncer gives nearly all its refusals the code 08P01, and older ones none that helps. */
function remedyFor(cause: Error, databaseUrl: string): string | null {
  const { message } = cause;
  const code = codeOf(cause) ?? '';
  const user = decodeURIComponent(new URL(databaseUrl).username) || 'our user';
  const database = new URL(databaseUrl).pathname.slice(1);
  if (/unsupported startup parameter/i.test(message))
    return 'Remove the parameter from TURNPIKE_DATABASE_URL, or let the pooler pass it (PgBouncer: ignore_startup_parameters)';
  if (/not allowed in statement pooling mode|transaction blocks not allowed/i.test(message))
    return 'Turnpike needs transactions: set the pooler to pool_mode = transaction or session, or give the address of PostgreSQL itself';
  if (/no such database|database ".*" does not exist/i.test(message) || code === '3D000')
    return `Create it (CREATE DATABASE "${database}" OWNER "${user}"), or correct the name in TURNPIKE_DATABASE_URL`;
  if (/no such user|client password must be a string|(?:password|SASL) authentication failed/i.test(message))
    return CHECK_LOGIN;
  if (/^28/.test(code)) return `${CHECK_LOGIN}, and the server's pg_hba.conf`;
  if (code === '42501')
    return `Let it: GRANT ALL ON DATABASE "${database}" TO "${user}", and GRANT ALL ON SCHEMA public TO "${user}"`;
  if (/does not support SSL/i.test(message))
    return 'Remove sslmode from TURNPIKE_DATABASE_URL, or switch TLS on at the server';
  if (/^(?:CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|ERR_TLS_)/.test(code))
    return 'Give the certificate authority with sslrootcert in TURNPIKE_DATABASE_URL, or correct the host name';
  // The server understood us and said no to the statement itself: the same statement fails again.
  if (/^(?:0A|21|22|23|42)...$/.test(code))
    return 'Turnpike needs PostgreSQL 14 or newer, and a database of its own';
  return null;
}

function codeOf(thrown: Error): string | null {
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function withoutPassword(text: string, databaseUrl: string): string {
  const { password } = new URL(databaseUrl);
  return password === ''
    ? text
    : text.replaceAll(password, '***').replaceAll(decodeURIComponent(password), '***');
}
