/** The address of a PostgreSQL, checked before the driver is loaded. */

export class DatabaseUrlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DatabaseUrlError';
  }
}

/** Checked before the driver sees it, because the driver's own complaint repeats the text with its password. */
export function checkDatabaseUrl(databaseUrl: string): void {
  if (!/^postgres(?:ql)?:\/\//.test(databaseUrl)) {
    throw new DatabaseUrlError('The database URL must begin with postgres:// or postgresql://');
  }
  if (!URL.canParse(databaseUrl)) {
    throw new DatabaseUrlError(
      'The database URL is not a valid URL (is a character of the password unescaped?)',
    );
  }
}
