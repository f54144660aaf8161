/** The address of a PostgreSQL, checked before the driver is loaded. */
import { readFileSync } from 'node:fs';

export class DatabaseUrlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DatabaseUrlError';
  }
}

const UNESCAPED =
  'a character of the user or the password is unescaped; write % as %25, @ as %40, / as %2F, # as %23, ? as %3F, : as %3A';

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/** The driver takes these for `verify-full`, and says in six lines at each start that a later one of its versions may not. */
const VERIFIES_TOO = ['prefer', 'require', 'verify-ca'];

const FILES = ['sslrootcert', 'sslcert', 'sslkey'];

/**
 * What is wrong with it, without a character of it that may be of the password; null: nothing. A password with a sign that means
 * something in an address makes another address of it, often one that is only never there: `u:12#x@host/db` is port 12 of the host `u`.
 */
export function databaseUrlFault(databaseUrl: string): string | null {
  if (!/^postgres(?:ql)?:\/\/./.test(databaseUrl))
    return 'not a PostgreSQL address; write postgres://user:password@host/database, or unset it for SQLite';
  if (!URL.canParse(databaseUrl)) return `not a valid address: ${UNESCAPED}`;
  const { username, password, pathname, search, hash, searchParams } = new URL(databaseUrl);
  if (hash !== '' || `${pathname}${search}`.includes('@')) return `not a valid address: ${UNESCAPED}`;
  if (!succeeds(() => [username, password, pathname].map(decodeURIComponent)))
    return `not a valid address: ${UNESCAPED}`;
  const mode = searchParams.get('sslmode');
  if (mode !== null && !SSL_MODES.includes(mode))
    return `its sslmode is none that Turnpike knows; write ${SSL_MODES.join(', ')}, or leave it out`;
  const missing = FILES.find((name) => {
    const path = searchParams.get(name);
    return path !== null && !succeeds(() => readFileSync(path));
  });
  return missing === undefined
    ? null
    : `the file that its ${missing} names cannot be read; correct the path or its mode`;
}

/** Throws what `databaseUrlFault` says: the driver's own complaint would repeat the text with its password. */
export function checkDatabaseUrl(databaseUrl: string): void {
  const fault = databaseUrlFault(databaseUrl);
  if (fault !== null) throw new DatabaseUrlError(`The database URL: ${fault}`);
}

/** As the driver is given it. Whoever asks for the rules of libpq (`uselibpqcompat`) gets them. */
export function forDriver(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const mode = url.searchParams.get('sslmode');
  if (mode === null || !VERIFIES_TOO.includes(mode) || url.searchParams.has('uselibpqcompat'))
    return databaseUrl;
  url.searchParams.set('sslmode', 'verify-full');
  return url.href;
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
