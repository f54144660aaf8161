/** Everything about people, put together: one value for app.ts. */
import { createAttempts } from '../auth/attempts.ts';
import { type Clock, endsWithin } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../log.ts';
import { createMailer, type Mailer } from '../mail/mail.ts';
import type { Letter } from '../mail/mail-texts.ts';
import type { Database } from '../storage/database.ts';
import { type AuthEndpoint, createAuthEndpoints } from './auth-endpoints.ts';
import { createForwarder } from './auth-forwarder.ts';
import { BetterAuthHolder } from './better-auth-holder.ts';
import { type EmailChangeServices, forgetOldEmailChanges } from './email-change.ts';
import { deleteEmailChangeOf } from './email-change-store.ts';
import { CLIENT_ADDRESS_HEADER } from './forwarded-headers.ts';
import { forgetOldInvitations, type InvitationServices } from './members/invitations.ts';
import { isMember, type MemberServices } from './members/members.ts';
import { authSecret } from './sessions/session-cookie.ts';
import { createSessions, type Sessions } from './sessions/sessions.ts';
import { countAttempts, isFirstUse } from './sign-in/attempt-rules.ts';
import { createKnownDevices } from './sign-in/known-device.ts';
import { createNewPlace } from './sign-in/new-place.ts';
import { type PasswordCost, PasswordHasher } from './sign-in/password-hash.ts';
import { providersOf } from './sign-in/providers.ts';
import { createSignInLog } from './sign-in/sign-in-log.ts';
import { createSignUpPolicy } from './sign-in/sign-up-policy.ts';
import { createWayInEndpoints } from './sign-in/way-in-endpoints.ts';
import { createWaysIn } from './sign-in/ways-in.ts';
import {
  claimEmail,
  deleteUnfinishedUsers,
  deleteUser,
  deleteVerificationsOf,
  findUserByEmail,
} from './user-store.ts';

const UNFINISHED_USER_KEPT_MS = 7 * 24 * 60 * 60 * 1000;
const CLOSE_WITHIN_MS = 5000;
/** When nothing tells, as behind a Unix socket. */
const UNKNOWN_SOURCE = 'unknown';

export interface AccountOptions {
  readonly config: Pick<Config, 'accounts' | 'mail' | 'publicUrl' | 'masterKey'>;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The instance's own organisation, which people join. */
  readonly accountId: string;
  /** Prints a line for the operator, who alone sees it. */
  readonly announce: (line: string) => void;
  readonly keyChanged: MemberServices['keyChanged'];
  /** Of what is hashed from now on. */
  readonly passwordCost?: PasswordCost | undefined;
}

export interface Accounts extends InvitationServices, MemberServices, EmailChangeServices {
  readonly config: AccountOptions['config'];
  readonly accountId: string;
  readonly sessions: Sessions;
  readonly endpoints: readonly AuthEndpoint[];
  readonly attempts: ReturnType<typeof createAttempts>;
  isMember(accountId: string, userId: string): Promise<boolean>;
  /** For the operator to hand over, instead of a mail; null: there is no such user. */
  resetLink(email: string): Promise<string | null>;
  /** Of the ways to sign in and of the mail server: from the next use on. */
  applySecrets(config: Pick<Config, 'accounts' | 'mail'>): void;
  forgetOld(): Promise<void>;
  close(): Promise<void>;
}

export function buildAccounts(options: AccountOptions): Accounts {
  const { config, database, clock, logger, accountId, keyChanged } = options;
  const { publicUrl, masterKey } = config;
  const invitations: InvitationServices = { database, clock, masterKey, publicUrl, logger };
  const mailer = createMailer({ config: config.mail, logger, announce: options.announce });
  const attempts = createAttempts({ database, clock, masterKey });
  const sessions = createSessions({ database, clock, masterKey, publicUrl, logger });
  const policy = createSignUpPolicy({
    ...invitations,
    ...{ signUp: config.accounts.signUp, accountId, hasMail: config.mail !== null },
  });
  const secret = authSecret(masterKey);
  const hasher = new PasswordHasher({ cost: options.passwordCost });
  const providers = providersOf(config.accounts);
  const waysIn = createWaysIn({ database, mailer, providers, publicUrl, logger });
  const devices = createKnownDevices({ masterKey, publicUrl });
  /** Between the hook that resets a password and the endpoint that asked for it. */
  const resets = new Map<string, string>();
  const services = {
    ...{ database, accounts: config.accounts, publicUrl, secret, policy, mailer, hasher, waysIn, logger },
    deleteUser: (userId: string) => deleteUser(database.db, userId),
    claimEmail: (userId: string) => claimEmail(database, userId),
    forgetLinks: async (userId: string) => {
      await deleteVerificationsOf(database.db, userId);
      await deleteEmailChangeOf(database.db, userId);
    },
    redeemCode: (userId: string, code: string) => isFirstUse(attempts, userId, code),
    countSecondFactor: (email: string, headers: Headers) => {
      const address = headers.get(CLIENT_ADDRESS_HEADER) ?? UNKNOWN_SOURCE;
      const subject = { address, account: email, device: devices.of(headers, email) };
      return countAttempts(attempts, 'secondFactor', subject);
    },
    noteReset: (callId: string, email: string) => void resets.set(callId, email),
  };
  const holder = new BetterAuthHolder(services, clock);
  const running = new Set<Promise<unknown>>();
  const forward = createForwarder(holder, publicUrl);
  const authEndpoints = createAuthEndpoints({
    ...{ forward, policy, attempts, sessions, devices, mailer, waysIn, publicUrl, logger },
    resetBy: (callId) => {
      const email = resets.get(callId) ?? null;
      resets.delete(callId);
      return email;
    },
    newPlace: createNewPlace({ database, clock }),
    openIdProviders: new Set(config.accounts.oidc.map(({ id }) => id)),
    signInLog: createSignInLog({
      ...{ sessions, logger },
      findUserId: async (email) => (await findUserByEmail(database.db, email))?.id ?? null,
    }),
    readVerificationToken: (token) => readVerificationToken(token, secret),
    inBackground: (work) => {
      const done = work
        .catch((error: unknown) => logger.error('account_work_failed', { error }))
        .finally(() => running.delete(done));
      running.add(done);
    },
  });
  return {
    ...invitations,
    ...{ config, accountId, sessions, mailer, attempts, hasher, keyChanged },
    endpoints: [...authEndpoints, ...createWayInEndpoints({ forward, sessions, waysIn })],
    isMember: (account, userId) => isMember({ database }, account, userId),
    async resetLink(email) {
      const letters: Letter[] = [];
      const keep = (_to: string, letter: Letter) => void letters.push(letter);
      const kept: Mailer = {
        send: keep,
        deliver: async (to, letter) => keep(to, letter),
        close: async () => {},
      };
      const own = { ...services, mailer: kept, accounts: { ...config.accounts, oidc: [] } };
      const forward = createForwarder(new BetterAuthHolder(own, clock), publicUrl);
      const call = { request: new Request(publicUrl), url: new URL(publicUrl), clientAddress: '' };
      await forward(call, { method: 'POST', path: '/request-password-reset', body: { email } });
      return letters[0]?.link ?? null;
    },
    applySecrets({ accounts, mail }) {
      mailer.renew(mail);
      if (JSON.stringify(accounts) === JSON.stringify(services.accounts)) return;
      services.accounts = accounts;
      holder.renew();
    },
    async forgetOld() {
      await sessions.forgetOld();
      await forgetOldInvitations(invitations);
      await forgetOldEmailChanges({ database, clock });
      await deleteUnfinishedUsers(database, clock.nowMs() - UNFINISHED_USER_KEPT_MS);
    },
    async close() {
      await endsWithin(Promise.allSettled([...running]), CLOSE_WITHIN_MS);
      await mailer.close();
    },
  };
}

/** better-auth's verification token is a JWT (RFC 7519) that its own secret signs. */
async function readVerificationToken(token: string, secret: string): Promise<string | null> {
  const { jwtVerify } = await import('jose');
  try {
    const key = new TextEncoder().encode(secret);
    const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'] });
    return typeof payload['email'] === 'string' ? payload['email'] : null;
  } catch {
    return null;
  }
}
