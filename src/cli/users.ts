/** `turnpike users`: what an operator does for people by hand, with the database that a running server reads too. */

import { parseArgs } from 'node:util';
import { type Accounts, buildAccounts } from '../accounts/build.ts';
import { createInvitation } from '../accounts/members/invitations.ts';
import { membersOf, removeMember } from '../accounts/members/members.ts';
import { deleteTwoFactor, findUserByEmail, type UserRow } from '../accounts/user-store.ts';
import { recordAudit } from '../audit/record.ts';
import { isoFromMs, systemClock } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { refuseWrongKey } from '../installation/master-key-check.ts';
import { readInstance } from '../keys/bootstrap.ts';
import { createLogger } from '../log.ts';
import { protectionChangedLetter } from '../mail/mail-texts.ts';
import type { Db, Trx } from '../storage/database.ts';
import type { Role } from '../storage/schema.ts';
import type { CommandContext } from './command.ts';
import { openMigrated } from './open.ts';
import { whyItFailed } from './why.ts';

const USAGE = `usage: turnpike users list [--json]
       turnpike users invite EMAIL [--role owner|admin|member]
       turnpike users reset-link EMAIL
       turnpike users two-factor-off EMAIL
       turnpike users remove EMAIL`;

const ROLES: readonly Role[] = ['owner', 'admin', 'member'];
const EMAIL = /^[^\s@]+@[^\s@]+$/;

class UsageError extends Error {}

type Print = (line: string) => void;
type Order = (accounts: Accounts, print: Print) => Promise<void>;

/** 0: done; 1: it failed; 2: the command line makes no sense. */
export async function run(args: string[], context: CommandContext): Promise<number> {
  const { print } = context;
  try {
    const order = parseOrder(args);
    await withAccounts(context, (accounts) => order(accounts, print));
    return 0;
  } catch (thrown) {
    print(whyItFailed(thrown));
    if (!(thrown instanceof UsageError)) return 1;
    print(USAGE);
    return 2;
  }
}

/** The whole command line is judged before the database is opened. */
function parseOrder([name, ...rest]: string[]): Order {
  switch (name) {
    case 'list':
      return list(parse(rest, { json: { type: 'boolean', default: false } }, 0).values['json'] === true);
    case 'invite': {
      const { email, values } = parse(rest, { role: { type: 'string', default: 'member' } }, 1);
      const role = ROLES.find((known) => known === values['role']);
      if (role === undefined) throw new UsageError(`--role must be one of ${ROLES.join(', ')}`);
      return invite(email, role);
    }
    case 'reset-link':
      return resetLink(parse(rest, {}, 1).email);
    case 'two-factor-off':
      return twoFactorOff(parse(rest, {}, 1).email);
    case 'remove':
      return remove(parse(rest, {}, 1).email);
    default:
      throw new UsageError(name === undefined ? 'Which command?' : `Unknown command: ${name}`);
  }
}

function list(asJson: boolean): Order {
  return async (accounts, print) => {
    const members = await membersOf(accounts, accounts.accountId);
    if (asJson) return print(JSON.stringify(members));
    if (members.length === 0) print('Nobody yet: open the link that the server prints at its start');
    for (const { email, name, role, twoFactorEnabled, joinedAtMs } of members) {
      const factors = twoFactorEnabled ? '2 factors' : '1 factor';
      // Names are quoted, so that one with control characters cannot play with the terminal.
      print(
        `${role.padEnd(6)}  ${factors.padEnd(9)}  ${isoFromMs(joinedAtMs)}  ${email}  ${JSON.stringify(name)}`,
      );
    }
  };
}

function invite(email: string, role: Role): Order {
  return async (accounts, print) => {
    const wish = { accountId: accounts.accountId, email, role, invitedByUserId: null };
    const { link } = await createInvitation(accounts, wish);
    print(`For ${email} alone, once, within 7 days: ${link}`);
  };
}

function resetLink(email: string): Order {
  return async (accounts, print) => {
    const { id } = await mustFind(accounts, email);
    const link = await accounts.resetLink(email);
    if (link === null) throw new Error('No link could be made');
    await note(accounts, accounts.database.db, 'user.reset_link_made', id);
    print(`To set a new password, once, within an hour: ${link}`);
  };
}

function twoFactorOff(email: string): Order {
  return async (accounts, print) => {
    const { id } = await mustFind(accounts, email);
    const noteIt = (trx: Trx) => note(accounts, trx, 'user.two_factor_off', id);
    if (await deleteTwoFactor(accounts.database, id, noteIt)) {
      const accountPage = `${accounts.config.publicUrl}/settings/account`;
      accounts.mailer.send(email, protectionChangedLetter('two_factor_off', accountPage));
    }
    print(`${email} signs in with the password alone now`);
  };
}

function remove(email: string): Order {
  return async (accounts, print) => {
    const { id: userId } = await mustFind(accounts, email);
    const { accountId } = accounts;
    try {
      await removeMember(accounts, 'operator', { accountId, userId });
    } catch (thrown) {
      if (thrown instanceof TurnpikeError && thrown.code === 'not_found')
        throw new Error(`${email} is no member`);
      throw thrown;
    }
    print(`Removed ${email}: sessions are ended, and keys made by this user are disabled`);
  };
}

async function note({ accountId }: Accounts, db: Db, action: string, userId: string): Promise<void> {
  await recordAudit(db, { action, target: ['user', userId], accountId, nowMs: systemClock.nowMs() });
}

async function mustFind(accounts: Accounts, email: string): Promise<UserRow> {
  const user = await findUserByEmail(accounts.database.db, email);
  if (user === undefined) throw new Error(`No user has the address ${email}`);
  return user;
}

async function withAccounts(
  { config }: CommandContext,
  use: (accounts: Accounts) => Promise<void>,
): Promise<void> {
  const database = await openMigrated(config);
  try {
    const instance = await readInstance(database);
    if (instance === null)
      throw new Error('This database is empty: start the server once with "turnpike serve"');
    // A link that was made with another key would never work.
    await refuseWrongKey(database, config.masterKey, config.masterKeySource);
    const write = (line: string) => process.stderr.write(line);
    const accounts = buildAccounts({
      ...{ config, database, clock: systemClock, accountId: instance.accountId },
      logger: createLogger({ level: config.logLevel, write, clock: systemClock }),
      announce: () => {},
      // Nothing is held in memory here; running servers learn of the change from the log.
      keyChanged: async () => {},
    });
    await use(accounts);
    await accounts.close();
  } finally {
    await database.close();
  }
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

/** `emails`: how many must stand there, 0 or 1. */
function parse(args: string[], options: Options, emails: 0 | 1) {
  const parsed = parseStrictly(args, options);
  const [email = '', ...others] = parsed.positionals;
  if (parsed.positionals.length !== emails || others.length > 0 || (emails === 1 && !EMAIL.test(email))) {
    throw new UsageError(emails === 1 ? 'Name one person by their e-mail address' : 'This takes no address');
  }
  return { values: parsed.values, email: email.toLowerCase() };
}

function parseStrictly(args: string[], options: Options) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true });
  } catch (thrown) {
    throw new UsageError(thrown instanceof Error ? thrown.message : String(thrown));
  }
}
