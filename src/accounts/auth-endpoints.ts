/** The way in: which of better-auth's endpoints there are, what each takes, and what must hold before it is asked. */
import type { Attempts } from '../auth/attempts.ts';
import { TurnpikeError, toTurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { JsonObject } from '../json.ts';
import type { Logger } from '../log.ts';
import type { Mailer } from '../mail/mail.ts';
import { type ProtectionChange, passwordChangedLetter, protectionChangedLetter } from '../mail/mail-texts.ts';
import { fieldsOf, textOf } from './auth-fields.ts';
import type { AuthCall, Forward } from './auth-forwarder.ts';
import { mustBeEmail } from './email.ts';
import { cookieName, INVITATION_COOKIE, readCookie } from './sessions/session-cookie.ts';
import type { Sessions, SignedIn } from './sessions/sessions.ts';
import {
  type AttemptKind,
  countAttempts,
  forgetAllAttempts,
  forgetOwnAttempts,
} from './sign-in/attempt-rules.ts';
import type { KnownDevices } from './sign-in/known-device.ts';
import type { SignInPlace } from './sign-in/new-place.ts';
import type { SignInLog } from './sign-in/sign-in-log.ts';
import type { SignUpPolicy } from './sign-in/sign-up-policy.ts';
import type { WaysIn } from './sign-in/ways-in.ts';
import { isOurs, wayBack } from './way-back.ts';

/** What takes less would tell by its time whether an address has an account. */
const SIGN_UP_TAKES_MS = 600;
/** Whatever else is sent names no invitation. */
const INVITATION_TOKEN = /^[A-Za-z0-9_-]{20,128}$/;

const ACCOUNT_PAGE = '/settings/account';

export interface AuthEndpoint {
  readonly method: 'GET' | 'POST';
  /** Below `/api/auth`. */
  readonly path: string;
  readonly answer: (call: AuthCall, body: JsonObject) => Promise<Response>;
}

export interface AuthEndpointServices {
  readonly forward: Forward;
  readonly policy: SignUpPolicy;
  readonly attempts: Attempts;
  readonly sessions: Sessions;
  readonly mailer: Mailer;
  readonly signInLog: SignInLog;
  /** Somebody came in by a browser that did not know them. */
  readonly newPlace: (session: SignedIn, place: SignInPlace) => Promise<void>;
  readonly devices: KnownDevices;
  /** Whose password the call of this id has reset, told once; null: nobody's. */
  readonly resetBy: (callId: string) => string | null;
  readonly waysIn: Pick<WaysIn, 'besidesPassword'>;
  readonly publicUrl: string;
  readonly logger: Logger;
  /** Reads the e-mail address out of a verification token; null unless the token is ours and not too old. */
  readonly readVerificationToken: (token: string) => Promise<string | null>;
  /** The ids of those that are set up, whether they can be reached now or not. */
  readonly openIdProviders: ReadonlySet<string>;
  /** Work that goes on after the answer. */
  readonly inBackground: (work: Promise<unknown>) => void;
}

interface Plain {
  readonly method?: 'GET' | 'POST';
  /** What of the body goes on; everything else is dropped. */
  readonly fields?: readonly string[];
  readonly fixed?: JsonObject;
  /** What is counted by address. */
  readonly counts?: AttemptKind;
  /** Whether somebody must be signed in. `password`: and shows their password again, which is counted. */
  readonly needs?: 'session' | 'password';
  /** The way in that it is, for whoever is not signed in, or is so with another. */
  readonly signsInBy?: 'code' | 'recovery_code' | 'passkey';
  /** What has changed with it, for whoever is signed in; null: nothing. */
  readonly changes?: (session: SignedIn) => Change | null;
  /** What is somebody else's is as unknown as what does not exist. */
  readonly unknown?: { readonly code: string; readonly message: string };
}

type Change = 'password' | ProtectionChange;

const UNKNOWN_PASSKEY = { code: 'PASSKEY_NOT_FOUND', message: 'Passkey not found' };

/** Those that need nothing but to be passed on. */
const plain: Readonly<Record<string, Plain>> = {
  '/change-password': {
    fields: ['currentPassword', 'newPassword'],
    // Whoever changes it may do so because another knows it.
    fixed: { revokeOtherSessions: true },
    needs: 'password',
    changes: () => 'password',
  },
  '/update-user': { fields: ['name'], needs: 'session' },
  '/two-factor/enable': { fields: ['password'], needs: 'password' },
  '/two-factor/disable': { fields: ['password'], needs: 'password', changes: turnsTwoFactorOff },
  '/two-factor/generate-backup-codes': {
    fields: ['password'],
    needs: 'password',
    changes: () => 'recovery_codes_made',
  },
  '/two-factor/verify-totp': {
    fields: ['code'],
    counts: 'secondFactor',
    signsInBy: 'code',
    changes: turnsTwoFactorOn,
  },
  '/two-factor/verify-backup-code': { fields: ['code'], counts: 'secondFactor', signsInBy: 'recovery_code' },
  '/passkey/generate-authenticate-options': { method: 'GET', counts: 'link' },
  '/passkey/verify-authentication': { fields: ['response'], counts: 'signIn', signsInBy: 'passkey' },
  '/passkey/list-user-passkeys': { method: 'GET', needs: 'session' },
  '/passkey/update-passkey': { fields: ['id', 'name'], needs: 'session', unknown: UNKNOWN_PASSKEY },
};

export function createAuthEndpoints(services: AuthEndpointServices): readonly AuthEndpoint[] {
  const { forward, policy, attempts, sessions, devices, waysIn, logger, publicUrl } = services;

  function passOn(path: string, endpoint: Plain): AuthEndpoint {
    const { method = 'POST', fields = [], fixed = {}, counts, needs, signsInBy, changes, unknown } = endpoint;
    return {
      method,
      path,
      answer: async (call, body) => {
        if (counts !== undefined) await countAttempts(attempts, counts, { address: call.clientAddress });
        const session = await sessions.read(call.request);
        if (needs !== undefined && session === null) throw new TurnpikeError('not_signed_in');
        if (needs === 'password')
          await countAttempts(attempts, 'password', { account: session?.userId ?? '' });
        const answer = await forward(call, {
          ...{ method, path },
          ...(method === 'POST' && { body: { ...fieldsOf(body, fields), ...fixed } }),
        });
        if (signsInBy !== undefined && (session === null || signsInBy === 'passkey'))
          await noteSignIn(call, answer, signsInBy);
        const change = session !== null && answer.ok ? changes?.(session) : null;
        if (session !== null && change) await tell(session, change);
        const isHidden = unknown !== undefined && [401, 403, 404].includes(answer.status);
        return isHidden ? refusal(404, unknown.code, unknown.message) : answer;
      },
    };
  }

  async function tell({ userId, email }: SignedIn, change: Change): Promise<void> {
    logger.info('protection_changed', { change, userId });
    const letter =
      change === 'password'
        ? passwordChangedLetter(await waysIn.besidesPassword(userId), `${publicUrl}/forgot-password`)
        : protectionChangedLetter(change, `${publicUrl}${ACCOUNT_PAGE}`);
    services.mailer.send(email, letter);
  }

  async function signIn(call: AuthCall, body: JsonObject): Promise<Response> {
    const answer = await tryPassword(call, body);
    await noteSignIn(call, answer, 'password', textOf(body, 'email'));
    return answer;
  }

  /** What was learnt of who came in: for the log, and for the browser, which is known from then on. */
  async function noteSignIn(call: AuthCall, answer: Response, by: string, email?: string): Promise<void> {
    const session = await services.signInLog.note(answer, by, email);
    if (session === null) return;
    const { headers } = call.request;
    if (devices.of(headers, session.email) === null)
      services.inBackground(
        services.newPlace(session, { address: call.clientAddress, userAgent: headers.get('user-agent') }),
      );
    devices.remember(headers, answer, session.email);
    const subject = { address: call.clientAddress, account: session.email };
    if (by === 'code' || by === 'recovery_code') await forgetOwnAttempts(attempts, 'secondFactor', subject);
  }

  /** `isVouched`: they have a link out of the mailbox. */
  async function tryPassword(call: AuthCall, body: JsonObject, isVouched = false): Promise<Response> {
    const email = textOf(body, 'email');
    const subject = {
      ...{ address: call.clientAddress, account: email },
      ...{ device: devices.of(call.request.headers, email), isVouched },
    };
    await countAttempts(attempts, 'signIn', subject);
    const fields = fieldsOf(body, ['email', 'password', 'rememberMe']);
    const answer = await forward(call, {
      ...{ method: 'POST' as const, path: '/sign-in/email', body: fields },
      invitationToken: invitationOf(call, body),
    });
    if (answer.ok) await forgetOwnAttempts(attempts, 'signIn', subject);
    return answer;
  }

  async function signUp(call: AuthCall, body: JsonObject): Promise<Response> {
    const email = textOf(body, 'email');
    mustBeEmail(email);
    const token = invitationOf(call, body);
    const invited = token === null ? null : await policy.invitedBy(token);
    const isVouched = invited !== null;
    await countAttempts(attempts, 'signUp', { address: call.clientAddress, account: email, isVouched });
    // Before anything else: what comes after tells those who have an account from those who have none.
    const { emailVouched, emailClaimed } = await policy.admit({ email, token });
    const forwarded = {
      ...{ method: 'POST' as const, path: '/sign-up/email', invitationToken: token },
      body: fieldsOf(body, ['name', 'email', 'password']),
    };
    if (!emailVouched && !emailClaimed) {
      const [answer] = await Promise.all([forward(call, forwarded), Bun.sleep(SIGN_UP_TAKES_MS)]);
      return answer;
    }
    const answer = await forward(call, forwarded);
    if (!answer.ok) return answer;
    const signedIn = await forward(call, {
      ...{ method: 'POST' as const, path: '/sign-in/email', invitationToken: token },
      body: fieldsOf(body, ['email', 'password']),
    });
    await noteSignIn(call, signedIn, 'password', email);
    // Somebody who had an account already, with another password, hears no more than a newcomer.
    return signedIn.ok ? signedIn : answer;
  }

  /**
   * The link out of the mail, and the password with it: the one who opens the mailbox must be the one who signed up, or a stranger
   * could sign up with somebody's address and wait until its owner confirms it.
   */
  async function verifyEmail(call: AuthCall, body: JsonObject): Promise<Response> {
    await countAttempts(attempts, 'link', { address: call.clientAddress });
    const token = textOf(body, 'token');
    const email = await services.readVerificationToken(token);
    if (email === null)
      return refusal(400, 'INVALID_TOKEN', 'This link does not work or is too old; ask for a new one');
    const credentials = { email, password: textOf(body, 'password') };
    // Whoever has the link of the mail is no stranger to the address.
    const before = await tryPassword(call, credentials, true);
    const { code } = (await before.clone().json()) as { code?: unknown };
    if (before.status !== 403 || code !== 'EMAIL_NOT_VERIFIED') {
      await noteSignIn(call, before, 'password', email);
      return before;
    }
    const verified = await forward(call, {
      ...{ method: 'GET' as const, path: '/verify-email', query: new URLSearchParams({ token }) },
    });
    return verified.ok ? await signIn(call, credentials) : verified;
  }

  /** Whoever has the mailbox has the account: what others have tried at it is forgotten, and this browser is known from now on. */
  async function resetPassword(call: AuthCall, body: JsonObject): Promise<Response> {
    await countAttempts(attempts, 'link', { address: call.clientAddress });
    const callId = newId();
    const answer = await forward(call, {
      ...{ method: 'POST' as const, path: '/reset-password', callId },
      body: fieldsOf(body, ['token', 'newPassword']),
    });
    const email = services.resetBy(callId);
    if (!answer.ok || email === null) return answer;
    await forgetAllAttempts(attempts, email);
    devices.remember(call.request.headers, answer, email);
    return answer;
  }

  /** Answered alike and at once, whether there is such a user or not; the mail follows. */
  function mailOrder(path: string, kind: AttemptKind): AuthEndpoint {
    return {
      method: 'POST',
      path,
      answer: async (call, body) => {
        const email = textOf(body, 'email');
        const device = devices.of(call.request.headers, email);
        await countAttempts(attempts, kind, { address: call.clientAddress, account: email, device });
        services.inBackground(forward(call, { method: 'POST', path, body: { email } }));
        return Response.json({ status: true });
      },
    };
  }

  async function signOut(call: AuthCall): Promise<Response> {
    const session = await sessions.read(call.request);
    const answer = await forward(call, { method: 'POST', path: '/sign-out', body: {} });
    if (answer.ok && session !== null)
      logger.info('signed_out', { userId: session.userId, sessionId: session.id });
    return answer;
  }

  /** At a provider, from which the browser comes back to `/callback/:provider`. */
  async function toProvider(call: AuthCall, body: JsonObject, path: string): Promise<Response> {
    const provider = textOf(body, 'provider');
    const answer = await forward(call, {
      ...{ method: 'POST' as const, path, waits: true, invitationToken: invitationOf(call, body) },
      body: {
        provider,
        callbackURL: pageOf(body, 'callbackURL', '/'),
        errorCallbackURL: pageOf(body, 'errorCallbackURL', '/error'),
        disableRedirect: true,
      },
    });
    if (answer.status !== 404 || !services.openIdProviders.has(provider)) return answer;
    throw new TurnpikeError('unavailable', {
      message: 'This provider cannot be reached now; try again in a minute, or sign in another way',
      retryAfterSeconds: 60,
    });
  }

  async function signInByProvider(call: AuthCall, body: JsonObject): Promise<Response> {
    await countAttempts(attempts, 'link', { address: call.clientAddress });
    return await toProvider(call, body, '/sign-in/social');
  }

  async function linkProvider(call: AuthCall, body: JsonObject): Promise<Response> {
    await countAttempts(attempts, 'link', { address: call.clientAddress });
    await sessions.mustReadFresh(call.request);
    return await toProvider(call, body, '/link-social');
  }

  /** Somebody's browser is on its way back to us: whatever goes wrong, it must come to a page. */
  async function fromProvider(call: AuthCall): Promise<Response> {
    // Whoever is signed in already was about to connect an account.
    let errorPage = '/error';
    try {
      await countAttempts(attempts, 'link', { address: call.clientAddress });
      const session = await sessions.read(call.request);
      if (session !== null) errorPage = ACCOUNT_PAGE;
      const path = call.url.pathname.slice(call.url.pathname.indexOf('/callback/'));
      const answer = await forward(call, {
        ...{ method: 'GET' as const, path, query: call.url.searchParams, waits: true },
        ...{ invitationToken: invitationOf(call, {}), signedInUserId: session?.userId ?? null },
      });
      const stranded = `${publicUrl}/error?`;
      if (session === null) await noteSignIn(call, answer, path.slice('/callback/'.length));
      const location = answer.headers.get('location') ?? '';
      if (location !== '' && !isOurs(location, publicUrl))
        throw new Error('better-auth leads somewhere else');
      if (location.startsWith(stranded))
        answer.headers.set('location', `${publicUrl}${errorPage}?${location.slice(stranded.length)}`);
      return answer;
    } catch (thrown) {
      const error = toTurnpikeError(thrown);
      if (error.status >= 500) services.logger.error('sign_in_by_provider_failed', { error: thrown });
      const reason = error.code === 'rate_limit_exceeded' ? error.code : 'provider_failed';
      const location = `${publicUrl}${errorPage}?error=${reason}`;
      return new Response(null, { status: 302, headers: { location } });
    }
  }

  /** Addresses of our own pages only, whatever the name we were reached by. */
  function pageOf(body: JsonObject, field: string, standard: string): string {
    return wayBack(body[field], publicUrl) ?? `${publicUrl}${standard}`;
  }

  function invitationOf({ request }: AuthCall, body: JsonObject): string | null {
    const cookie = () => readCookie(request, cookieName(INVITATION_COOKIE, publicUrl));
    const given = body['invitation_token'] ?? request.headers.get('x-invitation-token') ?? cookie();
    return typeof given === 'string' && INVITATION_TOKEN.test(given) ? given : null;
  }

  return [
    ...Object.entries(plain).map(([path, endpoint]) => passOn(path, endpoint)),
    { method: 'POST', path: '/sign-out', answer: signOut },
    { method: 'POST', path: '/sign-in/email', answer: signIn },
    { method: 'POST', path: '/sign-up/email', answer: signUp },
    { method: 'POST', path: '/verify-email', answer: verifyEmail },
    mailOrder('/send-verification-email', 'verificationMail'),
    mailOrder('/request-password-reset', 'resetMail'),
    { method: 'POST', path: '/reset-password', answer: resetPassword },
    { method: 'POST', path: '/sign-in/social', answer: signInByProvider },
    { method: 'POST', path: '/link-social', answer: linkProvider },
    {
      method: 'GET',
      path: '/callback/:provider',
      answer: fromProvider,
    },
  ];
}

/** The first code of an app, by somebody who is signed in: a second one would sign in. */
function turnsTwoFactorOn({ twoFactorEnabled }: SignedIn): Change | null {
  return twoFactorEnabled ? null : 'two_factor_on';
}

function turnsTwoFactorOff({ twoFactorEnabled }: SignedIn): Change | null {
  return twoFactorEnabled ? 'two_factor_off' : null;
}

/** In the shape of better-auth's own. */
export function refusal(status: number, code: string, message: string): Response {
  return Response.json({ code, message }, { status });
}
