/**
 * Another e-mail address for somebody who has one: the password, then a link in the new mailbox, then a yes from the same user.
 * better-auth has a way of its own, whose link is a signed text: it works as often as it is opened, for whoever has the old address
 * by then, and makes a session for whoever opens it.
 */
import { recordAudit } from '../audit/record.ts';
import type { Session } from '../auth/session.ts';
import type { Clock } from '../clock.ts';
import { invalidField, TurnpikeError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Mailer } from '../mail/mail.ts';
import { addressTakenLetter, emailChangedLetter, emailChangeLetter } from '../mail/mail-texts.ts';
import { breaksUniqueness, type Database } from '../storage/database.ts';
import { keyedHash } from '../vault/seal.ts';
import {
  claimEmailChange,
  deleteEmailChangesUntil,
  findEmailChange,
  putEmailChange,
  setVerifiedEmail,
} from './email-change-store.ts';
import { deleteSessionsOf } from './sessions/session-store.ts';
import type { PasswordHasher } from './sign-in/password-hash.ts';
import { deleteVerificationsOf, findPasswordHash, findUserByEmail } from './user-store.ts';

const LINK_LIFE_MS = 60 * 60 * 1000;
const TOKEN_BYTES = 32;

export interface EmailChangeServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly masterKey: Uint8Array;
  readonly publicUrl: string;
  readonly mailer: Mailer;
  readonly hasher: PasswordHasher;
  readonly logger: Logger;
}

/** Throws a 400 that names the field. The caller counts. */
export async function mustKnowPassword(
  { database, hasher }: Pick<EmailChangeServices, 'database' | 'hasher'>,
  { userId }: Pick<Session, 'userId'>,
  password: string,
): Promise<void> {
  const hash = await findPasswordHash(database.db, userId);
  if (hash === undefined) {
    throw new TurnpikeError('conflict', {
      message: 'Set a password first: it is asked for before your e-mail address can change',
      metadata: { reason: 'password_required' },
    });
  }
  if (!(await hasher.verify({ hash, password }))) throw invalidField('password', 'this is not your password');
}

/**
 * Mails a link to the new address, and voids the one before. An address that somebody has gets another mail instead, which is all
 * the difference: the work and the answer are the same.
 */
export async function startEmailChange(
  services: EmailChangeServices,
  session: Pick<Session, 'userId' | 'email' | 'emailVerified'>,
  email: string,
): Promise<void> {
  const { database, clock, masterKey, publicUrl, mailer } = services;
  // Whoever got in by an admin's word shows in the same way that it is theirs.
  const isOwn = email === session.email;
  if (isOwn && session.emailVerified !== false) throw invalidField('email', 'this is your address already');
  const holder = await findUserByEmail(database.db, email);
  const token = Buffer.from(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))).toString('base64url');
  await putEmailChange(database.db, {
    user_id: session.userId,
    token_hash: hashOf(masterKey, token),
    email,
    expires_at_ms: clock.nowMs() + LINK_LIFE_MS,
  });
  await recordAudit(database.db, {
    ...{ action: 'email.change_asked', target: ['user', session.userId], accountId: null },
    ...{ before: { email: session.email }, after: { email }, nowMs: clock.nowMs() },
  });
  const letter =
    holder === undefined || isOwn
      ? emailChangeLetter(`${publicUrl}/change-email?token=${token}`)
      : addressTakenLetter(`${publicUrl}/sign-in`);
  mailer.send(email, letter);
}

/** The address that the link is for. 404 for the link of somebody else, as for one that is used or too old. */
export async function readEmailChange(
  services: EmailChangeServices,
  session: Pick<Session, 'userId'>,
  token: string,
): Promise<string> {
  const email = await findEmailChange(services.database.db, linkOf(services, session, token));
  if (email === undefined) throw unknownLink();
  return email;
}

/** The new address. What was under way for the old one ends: its sessions, links to a new password, half a sign-in. */
export async function finishEmailChange(
  services: EmailChangeServices,
  session: Pick<Session, 'id' | 'userId' | 'email'>,
  token: string,
): Promise<string> {
  const { database, publicUrl, mailer, logger } = services;
  const link = linkOf(services, session, token);
  const changing = database.transaction(async (trx) => {
    const email = await claimEmailChange(trx, link);
    if (email === undefined) throw unknownLink();
    await setVerifiedEmail(database, trx, { ...link, email });
    await deleteSessionsOf(trx, session.userId, session.id);
    await deleteVerificationsOf(trx, session.userId);
    await recordAudit(trx, {
      ...{ action: 'email.changed', target: ['user', session.userId], accountId: null },
      ...{ before: { email: session.email }, after: { email }, nowMs: link.nowMs },
    });
    return email;
  });
  const email = await changing.catch((thrown: unknown) => {
    throw breaksUniqueness(thrown) ? unusableAddress() : thrown;
  });
  logger.info('email_changed', { userId: session.userId });
  if (email !== session.email) mailer.send(session.email, emailChangedLetter(`${publicUrl}/sign-in`));
  return email;
}

export async function forgetOldEmailChanges({
  database,
  clock,
}: Pick<EmailChangeServices, 'database' | 'clock'>): Promise<void> {
  await deleteEmailChangesUntil(database.db, clock.nowMs());
}

function linkOf(
  { masterKey, clock }: Pick<EmailChangeServices, 'masterKey' | 'clock'>,
  { userId }: Pick<Session, 'userId'>,
  token: string,
) {
  return { userId, tokenHash: hashOf(masterKey, token), nowMs: clock.nowMs() };
}

function hashOf(masterKey: Uint8Array, token: string): string {
  return keyedHash(masterKey, 'email-change', token);
}

function unknownLink(): TurnpikeError {
  return new TurnpikeError('not_found', {
    message: 'This link does not work: it was used, is too old, or is for somebody else',
  });
}

function unusableAddress(): TurnpikeError {
  return new TurnpikeError('conflict', {
    message: 'This address cannot be used any more. Your account keeps the one it has',
  });
}
