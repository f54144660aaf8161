/** better-auth, set up as we want it. Loaded when somebody first signs in or up, because a gateway should start at once. */

import { passkey } from '@better-auth/passkey';
import { type BetterAuthOptions, betterAuth } from 'better-auth';
import { APIError, createAuthMiddleware, getOAuthState, getSessionFromCtx } from 'better-auth/api';
import { genericOAuth, twoFactor } from 'better-auth/plugins';
import type { AccountsConfig, OidcConfig } from '../config/config.ts';
import { TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Mailer } from '../mail/mail.ts';
import {
  existingUserLetter,
  passwordChangedLetter,
  resetLetter,
  verificationLetter,
} from '../mail/mail-texts.ts';
import type { Database } from '../storage/database.ts';
import { PASSWORD_PROVIDER } from '../storage/schema.ts';
import { betterAuthDatabase } from './better-auth-store.ts';
import {
  CALL_HEADER,
  CLIENT_ADDRESS_HEADER,
  INVITATION_HEADER,
  SIGNED_IN_USER_HEADER,
} from './forwarded-headers.ts';
import { passkeyPlaceOf } from './passkey-place.ts';
import { cookiePrefix, isHttps } from './sessions/session-cookie.ts';
import { SESSION_LIFE_MS } from './sessions/sessions.ts';
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH, type PasswordHasher } from './sign-in/password-hash.ts';
import { type Person, weaknessOf } from './sign-in/password-rule.ts';
import type { Newcomer, SignUpPolicy } from './sign-in/sign-up-policy.ts';
import type { WaysIn } from './sign-in/ways-in.ts';

const HOUR_SECONDS = 60 * 60;

export interface BetterAuthServices {
  readonly database: Database;
  readonly accounts: AccountsConfig;
  /** Those whose discovery document can be read now. */
  readonly oidc: readonly OidcConfig[];
  readonly publicUrl: string;
  readonly secret: string;
  readonly policy: SignUpPolicy;
  readonly mailer: Mailer;
  readonly hasher: PasswordHasher;
  readonly waysIn: WaysIn;
  readonly logger: Logger;
  readonly deleteUser: (userId: string) => Promise<void>;
  readonly claimEmail: (userId: string) => Promise<void>;
  /** Those that were sent: to a new password, to another address. */
  readonly forgetLinks: (userId: string) => Promise<void>;
  /** False when somebody has shown this code before. */
  readonly redeemCode: (userId: string, code: string) => Promise<boolean>;
  /** Throws a 429 over the limits of second factors. `headers`: of the request as it was forwarded. */
  readonly countSecondFactor: (email: string, headers: Headers) => Promise<void>;
  /** The call of this id has set a new password for whoever has this address. */
  readonly noteReset: (callId: string, email: string) => void;
}

export type BetterAuth = Pick<ReturnType<typeof betterAuth>, 'handler'>;

export async function createBetterAuth(services: BetterAuthServices): Promise<BetterAuth> {
  const { publicUrl, secret, mailer, hasher, accounts } = services;
  const link = (page: string, token: string) => `${publicUrl}/${page}?token=${encodeURIComponent(token)}`;
  const auth = betterAuth({
    appName: 'Turnpike',
    baseURL: `${publicUrl}/api/auth`,
    basePath: '/api/auth',
    // As a list, because otherwise a variable of the environment would win.
    secrets: [{ version: 1, value: secret }],
    database: betterAuthDatabase(services.database),
    logger: loggerFor(services.logger),
    telemetry: { enabled: false },
    // Attempts are counted by us, in the database, for all nodes together.
    rateLimit: { enabled: false },
    emailAndPassword: {
      enabled: true,
      requireEmailVerification: true,
      minPasswordLength: PASSWORD_MIN_LENGTH,
      maxPasswordLength: PASSWORD_MAX_LENGTH,
      password: { hash: (password) => hasher.hash(password), verify: (pair) => hasher.verify(pair) },
      revokeSessionsOnPasswordReset: true,
      resetPasswordTokenExpiresIn: HOUR_SECONDS,
      sendResetPassword: async ({ user, token }) => {
        mailer.send(user.email, resetLetter(link('reset-password', token)));
      },
      onPasswordReset: async ({ user }, request) => {
        const callId = request?.headers.get(CALL_HEADER);
        if (callId != null) services.noteReset(callId, user.email);
        services.logger.info('protection_changed', { change: 'password_reset', userId: user.id });
        await services.forgetLinks(user.id);
        // Whoever has the link has the mailbox; and whoever signed up with this address before has lost their way in.
        if (!user.emailVerified || isClaimed(user)) await services.claimEmail(user.id);
        const others = await services.waysIn.besidesPassword(user.id);
        mailer.send(user.email, passwordChangedLetter(others, `${publicUrl}/forgot-password`));
      },
      onExistingUserSignUp: async ({ user }) => {
        mailer.send(user.email, existingUserLetter(`${publicUrl}/sign-in`));
      },
    },
    emailVerification: {
      sendOnSignUp: true,
      autoSignInAfterVerification: false,
      expiresIn: 24 * HOUR_SECONDS,
      sendVerificationEmail: async ({ user, token }) => {
        if (!user.emailVerified) mailer.send(user.email, verificationLetter(link('verify-email', token)));
      },
    },
    session: {
      expiresIn: SESSION_LIFE_MS / 1000,
      // Idle time is ours to count. Nothing prolongs a session.
      disableSessionRefresh: true,
      cookieCache: { enabled: false },
    },
    user: {
      additionalFields: {
        emailClaimed: { type: 'number', required: false, input: false, returned: false },
      },
      validateUserInfo: async ({ user, source }, context) => {
        // Whoever is signed in and connects an account themselves needs no address for it.
        if (source.action !== 'link-account' || (await getOAuthState())?.link !== undefined) return;
        const found = await context.context.internalAdapter.findUserById(String(user.id));
        return found !== null && isClaimed(found) ? { error: 'account_not_linked' } : undefined;
      },
    },
    // `account` is ours.
    account: {
      modelName: 'signInMethod',
      encryptOAuthTokens: true,
      // Only where both sides have shown that the address is theirs, or somebody could wait at an address they do not own.
      accountLinking: {
        ...{ enabled: true, trustedProviders: [], requireLocalEmailVerified: true },
        // Of accounts that somebody who is signed in connects by themselves. Whom a sign-in finds, its address decides all the same.
        allowDifferentEmails: true,
      },
    },
    verification: { storeIdentifier: 'hashed' },
    socialProviders: {
      ...(accounts.github !== null && { github: { ...accounts.github } }),
      ...(accounts.google !== null && { google: { ...accounts.google } }),
    },
    onAPIError: {
      errorURL: `${publicUrl}/error`,
      // What is not a refusal goes up to our own edge, which masks and logs it.
      onError: (thrown) => {
        if (!isRefusal(thrown)) throw thrown;
      },
    },
    advanced: {
      cookiePrefix: cookiePrefix(publicUrl),
      // It would begin the names with a prefix of its own.
      useSecureCookies: false,
      defaultCookieAttributes: { secure: isHttps(publicUrl) },
      disableOriginCheck: false,
      disableCSRFCheck: false,
      ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS_HEADER] },
      database: { generateId: () => newId(), validateSchema: false },
    },
    hooks: { before: beforeHook(services) },
    databaseHooks: hooksFor(services),
    plugins: [
      twoFactor({
        issuer: 'Turnpike',
        totpOptions: { period: 30, digits: 6 },
        // One lock for everybody could be aimed: `attempt-rules.ts` tells the owner's browsers from others.
        accountLockout: { enabled: false },
      }),
      passkeysFor(publicUrl),
      genericOAuth({ config: services.oidc.map(oidcProvider) }),
    ],
  });
  await auth.$context;
  return auth;
}

/** Wherever somebody chooses a password, what it must not be depends on whose it is; and second factors are counted by account. */
function beforeHook({ countSecondFactor }: BetterAuthServices) {
  return createAuthMiddleware(async (context) => {
    const { internalAdapter } = context.context;
    const refuse = (field: string, person: Person): void => {
      const problem = weaknessOf(String(context.body?.[field] ?? ''), person);
      if (problem === null) return;
      throw new APIError('BAD_REQUEST', { code: 'PASSWORD_TOO_EASY', message: `${field}: ${problem}` });
    };
    switch (context.path) {
      case '/sign-up/email': {
        const { email, name } = context.body ?? {};
        return refuse('password', { email: String(email ?? ''), name: String(name ?? '') });
      }
      case '/change-password':
        return refuse('newPassword', (await getSessionFromCtx(context))?.user ?? {});
      case '/reset-password': {
        // Looked at and not used up: whoever chooses again has the same link.
        const link = await internalAdapter.findVerificationValue(`reset-password:${context.body?.token}`);
        const user = link === null ? null : await internalAdapter.findUserById(link.value);
        return refuse('newPassword', user ?? {});
      }
      case TOTP_PATH:
      case BACKUP_CODE_PATH: {
        // Of whoever has shown the password in this browser a moment ago.
        const { name } = context.context.createAuthCookie('two_factor');
        const challenge = await context.getSignedCookie(name, context.context.secret);
        const waiting = challenge ? await internalAdapter.findVerificationValue(challenge) : null;
        const user = waiting === null ? null : await internalAdapter.findUserById(waiting.value);
        if (user !== null) await countSecondFactor(user.email, context.headers ?? new Headers());
      }
    }
  });
}

function hooksFor({
  policy,
  deleteUser,
  redeemCode,
  waysIn,
}: BetterAuthServices): BetterAuthOptions['databaseHooks'] {
  return {
    user: {
      create: {
        before: async (user, context) => {
          const admission = await refusing(400, () => policy.admit(newcomer(user.email, context)));
          const isShown = user.emailVerified || admission.emailVouched;
          const isClaimed = !isShown && admission.emailClaimed && context?.path === '/sign-up/email';
          const emailVerified = isShown || isClaimed;
          // A user without a password could show that the address is theirs by a mail only if they had made one first, and until
          // then would wait in the organisation for the address' true owner.
          if (!emailVerified && context?.path !== '/sign-up/email') throw notVerified();
          return {
            data: { ...user, name: onOneLine(user.name), emailVerified, emailClaimed: isClaimed ? 1 : 0 },
          };
        },
        after: async (user, context) => {
          try {
            await refusing(400, () => policy.join(user.id, newcomer(user.email, context)));
          } catch (thrown) {
            await deleteUser(user.id);
            throw thrown;
          }
        },
      },
    },
    session: {
      create: {
        before: async (session, context) => {
          const user = await context?.context.internalAdapter.findUserById(session.userId);
          if (!user?.emailVerified) throw notVerified();
          await refusing(403, () => policy.mustBelong(user.id, newcomer(user.email, context)));
          if (context?.path !== TOTP_PATH || (await redeemCode(user.id, String(context.body?.code)))) return;
          throw new APIError('UNAUTHORIZED', { code: 'INVALID_CODE', message: 'Invalid code' });
        },
      },
    },
    // Nothing here calls a provider after the sign-in, so its tokens are not kept.
    account: {
      create: {
        before: async (account, context) => {
          if (!(await isStillTheirs(context))) return false;
          return { data: { ...account, ...NO_TOKENS } };
        },
        after: async ({ userId, providerId }) => {
          if (providerId !== PASSWORD_PROVIDER) await waysIn.added(userId, { kind: 'provider', providerId });
        },
      },
      update: { before: async (account) => ({ data: { ...account, ...NO_TOKENS } }) },
    },
  };
}

/** Nobody has shown yet that the address is theirs: see `SignUpPolicy`. */
const isClaimed = (user: object): boolean => 'emailClaimed' in user && user.emailClaimed === 1;

const TOTP_PATH = '/two-factor/verify-totp';
const BACKUP_CODE_PATH = '/two-factor/verify-backup-code';

function notVerified(): APIError {
  return new APIError('FORBIDDEN', { code: 'EMAIL_NOT_VERIFIED', message: 'Email not verified' });
}

const NAME_MAX_LENGTH = 120;

/** A provider may say anything. */
function onOneLine(name: string): string {
  return (
    name
      .replace(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/gu, ' ')
      .trim()
      .slice(0, NAME_MAX_LENGTH) || 'Unnamed'
  );
}

const NO_TOKENS = {
  accessToken: null,
  refreshToken: null,
  idToken: null,
  accessTokenExpiresAt: null,
  refreshTokenExpiresAt: null,
};

type HookContext = { readonly headers?: Headers | undefined } | null;

function newcomer(email: string, context: HookContext): Newcomer {
  return { email, token: context?.headers?.get(INVITATION_HEADER) ?? null };
}

/**
 * Who was signed in when they left to connect an account must be so when they come back, which better-auth does not ask: or a
 * session that was ended meanwhile could leave a way in behind.
 */
async function isStillTheirs(context: HookContext): Promise<boolean> {
  const link = (await getOAuthState())?.link;
  return link === undefined || link.userId === context?.headers?.get(SIGNED_IN_USER_HEADER);
}

/** Our refusals as better-auth's, which it also turns into a redirect where a provider sends somebody back. */
async function refusing<T>(status: 400 | 403, decide: () => Promise<T>): Promise<T> {
  try {
    return await decide();
  } catch (thrown) {
    if (!(thrown instanceof TurnpikeError) || thrown.status >= 500) throw thrown;
    const reason = thrown.metadata['reason'];
    throw new APIError(status === 400 ? 'BAD_REQUEST' : 'FORBIDDEN', {
      code: typeof reason === 'string' ? reason : thrown.code,
      message: thrown.message,
    });
  }
}

function isRefusal(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'APIError';
}

/** A passkey stands for password and second factor together, so whoever uses it has shown more than that they hold it. */
function passkeysFor(publicUrl: string) {
  const { host, origins } = passkeyPlaceOf(publicUrl);
  const mustBeUserVerified = (isVerified: boolean | undefined) => {
    if (isVerified === true) return;
    throw new APIError('BAD_REQUEST', {
      code: 'USER_VERIFICATION_REQUIRED',
      message: 'This passkey must ask for a fingerprint, a face or a PIN',
    });
  };
  return passkey({
    rpID: host ?? new URL(publicUrl).hostname,
    rpName: 'Turnpike',
    origin: [...origins],
    // As our connection spells the column's name on the way back; else whoever has a passkey could add no other.
    schema: { passkey: { fields: { credentialID: 'credentialId' } } },
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    registration: {
      afterVerification: ({ verification }) =>
        mustBeUserVerified(verification.registrationInfo?.userVerified),
    },
    authentication: {
      afterVerification: ({ verification }) =>
        mustBeUserVerified(verification.authenticationInfo.userVerified),
    },
  });
}

function oidcProvider(provider: OidcConfig) {
  return {
    providerId: provider.id,
    name: provider.name,
    clientId: provider.clientId,
    clientSecret: provider.clientSecret,
    discoveryUrl: discoveryUrl(provider),
    scopes: [...provider.scopes],
    pkce: true,
    requireIdTokenVerification: true,
    mapProfileToUser: (profile: Record<string, unknown>) => ({
      name: firstText(profile['name'], profile['preferred_username'], profile['email']),
      emailVerified: provider.trustEmail || profile['email_verified'] === true,
    }),
  };
}

/** OpenID Connect Discovery, 4. */
export function discoveryUrl({ issuer }: Pick<OidcConfig, 'issuer'>): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

function firstText(...values: readonly unknown[]): string {
  const found = values.find((value): value is string => typeof value === 'string' && value !== '');
  return found ?? 'Unnamed';
}

/** What it has to say to developers is no operator's business; an error is. */
function loggerFor(logger: Logger): BetterAuthOptions['logger'] {
  return {
    level: 'warn',
    log: (level, message, ...details) => {
      const error = details.find((detail) => detail instanceof Error);
      if (level === 'error') logger.warn('better_auth', { message, error });
      else logger.debug('better_auth', { message });
    },
  };
}
