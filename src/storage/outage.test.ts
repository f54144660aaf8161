import { describe, expect, test } from 'bun:test';
import { TurnpikeError } from '../errors.ts';
import { hopelessStart, isLockTimeout, orUnavailable } from './outage.ts';

const URL_TEXT = 'postgres://turnpike:hunter%212@db.example:5432/turnpike';

/** As `pg` has it: `code` is an SQLSTATE, or the operating system's word. First its text, for the test's name. */
function failure(message: string, code?: string): [string, Error] {
  return [message, Object.assign(new Error(message), code === undefined ? {} : { code })];
}

describe('a failure of the database', () => {
  test.each([
    failure('connect ECONNREFUSED 127.0.0.1:5432', 'ECONNREFUSED'),
    failure('getaddrinfo ENOTFOUND db', 'ENOTFOUND'),
    failure('Connection terminated unexpectedly'),
    failure('timeout exceeded when trying to connect'),
    failure('Query read timeout'),
    failure('sorry, too many clients already', '53300'),
    failure('terminating connection due to administrator command', '57P01'),
    failure('canceling statement due to statement timeout', '57014'),
    failure('cannot execute UPDATE in a read-only transaction', '25006'),
    failure('deadlock detected', '40P01'),
    failure('password authentication failed', '28P01'),
    failure('database or disk is full', 'SQLITE_FULL'),
    failure('disk I/O error', 'SQLITE_IOERR_WRITE'),
    failure('database is locked', 'SQLITE_BUSY'),
  ])('“%s” is a 503 that says when to come back, and keeps the reason for the log', (_, thrown) => {
    const error = orUnavailable(thrown);
    expect(error).toBeInstanceOf(TurnpikeError);
    expect(error).toMatchObject({ status: 503, retryAfterSeconds: 1, cause: thrown, detail: thrown.message });
  });

  test.each([
    failure('duplicate key value violates unique constraint', '23505'),
    failure('syntax error', '42601'),
    failure('UNIQUE constraint failed', 'SQLITE_CONSTRAINT_UNIQUE'),
    failure('Cannot read properties of undefined'),
    failure('no such table', 'SQLITE_ERROR'),
  ])('“%s” is about the statement, and stays what it is', (_, thrown) => {
    expect(orUnavailable(thrown)).toBe(thrown);
  });
});

test('a lock that others held for too long is told from a database that is away', () => {
  expect(isLockTimeout(orUnavailable(failure('canceling statement due to lock timeout', '55P03')[1]))).toBe(
    true,
  );
  expect(isLockTimeout(orUnavailable(failure('terminating connection', '57P01')[1]))).toBe(false);
});

describe('a start', () => {
  test.each([
    [
      ...failure('password authentication failed for user "turnpike"', '28P01'),
      'Check the user and the password',
    ],
    [...failure('SASL authentication failed', '08P01'), 'Check the user and the password'],
    [...failure('no pg_hba.conf entry for host "10.0.0.1"', '28000'), 'pg_hba.conf'],
    [...failure('no such database: turnpike', '08P01'), 'CREATE DATABASE "turnpike" OWNER "turnpike"'],
    [...failure('unsupported startup parameter: search_path', '08P01'), 'ignore_startup_parameters'],
    [
      ...failure('transaction blocks not allowed in statement pooling mode', '08P01'),
      'pool_mode = transaction',
    ],
    [...failure('permission denied for schema public', '42501'), 'GRANT ALL ON SCHEMA public TO "turnpike"'],
    [...failure('self-signed certificate in certificate chain', 'SELF_SIGNED_CERT_IN_CHAIN'), 'sslrootcert'],
    [...failure('unrecognized configuration parameter', '42704'), 'PostgreSQL 14'],
  ])('that is refused with “%s” ends with the remedy', (_, thrown, remedy) => {
    const error = hopelessStart(orUnavailable(thrown), URL_TEXT);
    expect(error?.message).toContain(remedy);
    expect(error?.message).toStartWith('The database at db.example:5432/turnpike refuses us: ');
    expect(error?.message).not.toContain('\n');
  });

  test('never shows the password, as it was written or as it reads', () => {
    const error = hopelessStart(failure('bad login hunter!2 hunter%212', '28P01')[1], URL_TEXT);
    expect(error?.message).not.toContain('hunter');
  });

  test.each([
    failure('connect ECONNREFUSED 127.0.0.1:5432', 'ECONNREFUSED'),
    failure('getaddrinfo EAI_AGAIN db', 'EAI_AGAIN'),
    failure('the database system is starting up', '57P03'),
    failure('sorry, too many clients already', '53300'),
    failure('no more connections allowed (max_client_conn)', '08P01'),
    failure('server login has been failing, try again later (server_login_retry)', '08P01'),
    failure('pgbouncer cannot connect to server', '08P01'),
    failure('query_wait_timeout', '08P01'),
    failure('cannot execute CREATE TABLE in a read-only transaction', '25006'),
    failure('Connection terminated due to connection timeout'),
  ])('that fails with “%s” waits', (_, thrown) => {
    expect(hopelessStart(orUnavailable(thrown), URL_TEXT)).toBeNull();
  });
});
