/**
 * How often may be tried what guesses, sends mail or costs much. An outsider can name any account, so no number that they can reach
 * may keep its owner out: tight is what one source tries at one account; what all sources together try is bounded high, and that
 * bound is not for browsers that signed in before, which have a number of their own.
 */
import { type AttemptRule, type Attempts, sourceOf } from '../../auth/attempts.ts';
import { TurnpikeError } from '../../errors.ts';

const MINUTE_MS = 60_000;

interface Rules {
  /** Of one address (IPv6: a /64), whatever it is about. */
  readonly source?: AttemptRule;
  /** Of one address at one account; and of one browser that is known to the account. */
  readonly pair?: AttemptRule;
  /** About one account, from all addresses that are not known to it. */
  readonly account?: AttemptRule;
}

const perQuarter = (max: number): AttemptRule => ({ max, windowMs: 15 * MINUTE_MS });
const perHour = (max: number): AttemptRule => ({ max, windowMs: 60 * MINUTE_MS });
/** Each link that one of them brings works for as long: who is kept from asking has one in the mailbox. */
const mail: Rules = { source: perHour(20), pair: perHour(5), account: perHour(20) };

/** Enough for an office behind one address, and for somebody who mistypes; far too little to guess. */
const rules = {
  signIn: { source: perQuarter(60), pair: perQuarter(15), account: perQuarter(100) },
  /** Whoever has an invitation is not counted with those who have none. */
  signUp: { source: perHour(20), pair: perHour(5), account: perHour(30) },
  // Each apart: what brings no link must not keep anybody from what does.
  resetMail: mail,
  verificationMail: mail,
  changeMail: mail,
  /** By one inviter, who may have a whole team to invite. */
  invitation: { account: perHour(200) },
  /** To one mailbox: by one inviter, and by all of them. */
  invitationMail: { pair: perHour(5), account: perHour(20) },
  /** A token out of a mail or a link, which nobody can guess; and first steps, each of which writes a row. */
  link: { source: perQuarter(120) },
  /** Behind the password: six figures, of which three are right at any time. */
  secondFactor: { source: perQuarter(30), pair: perQuarter(10), account: perHour(30) },
  /** The password again, by somebody who is signed in. */
  password: { account: perQuarter(15) },
} satisfies Record<string, Rules>;

export type AttemptKind = keyof typeof rules;

export interface Subject {
  readonly address?: string;
  /** An e-mail address, or a user's id. */
  readonly account?: string;
  /** The browser, if it is known to the account: see `known-device.ts`. */
  readonly device?: string | null;
  /** Whether they have shown what no stranger has, such as a link out of the account's mailbox; absent: no. */
  readonly isVouched?: boolean;
}

/** Throws a 429 over any of the limits. The nearest comes first: who is over it takes nothing from anybody else. */
export async function countAttempts(attempts: Attempts, kind: AttemptKind, subject: Subject): Promise<void> {
  const { source, pair, account }: Rules = rules[kind];
  if (pair !== undefined && subject.device != null) {
    return await attempts.count(deviceSubject(kind, subject, subject.device), pair);
  }
  if (source !== undefined && subject.address !== undefined) {
    await attempts.count(`${kind} address ${sourceOf(subject.address)}`, source);
  }
  if (pair !== undefined && subject.address !== undefined && subject.account !== undefined) {
    await attempts.count(pairSubject(kind, subject, subject.address), pair);
  }
  if (account !== undefined && subject.account !== undefined && subject.isVouched !== true) {
    await attempts.count(accountSubject(kind, subject.account), account);
  }
}

/** After a success: the mistakes of the one who made it. What others have tried is still counted. */
export async function forgetOwnAttempts(
  attempts: Attempts,
  kind: AttemptKind,
  subject: Subject,
): Promise<void> {
  if (subject.device != null) await attempts.forget(deviceSubject(kind, subject, subject.device));
  if (subject.address !== undefined) await attempts.forget(pairSubject(kind, subject, subject.address));
}

/** After a reset by mail, whose owner is whoever has the mailbox. */
export async function forgetAllAttempts(attempts: Attempts, email: string): Promise<void> {
  for (const kind of ['signIn', 'secondFactor', 'resetMail'] as const)
    await attempts.forget(accountSubject(kind, email));
}

/** Longer than an authenticator's code is taken: for its own half minute, the one before and the one after. */
const CODE_LIFE_MS = 2 * MINUTE_MS;

/** A code that was read over somebody's shoulder is no second factor (RFC 6238, 5.2: accepted once). */
export async function isFirstUse(attempts: Attempts, userId: string, code: string): Promise<boolean> {
  try {
    await attempts.count(`code ${userId} ${code.replaceAll(/\s/g, '')}`, { max: 1, windowMs: CODE_LIFE_MS });
    return true;
  } catch (thrown) {
    if (thrown instanceof TurnpikeError && thrown.code === 'rate_limit_exceeded') return false;
    throw thrown;
  }
}

function accountSubject(kind: AttemptKind, account: string): string {
  return `${kind} account ${account.toLowerCase()}`;
}

function pairSubject(kind: AttemptKind, { account = '' }: Subject, address: string): string {
  return `${kind} pair ${sourceOf(address)} ${account.toLowerCase()}`;
}

function deviceSubject(kind: AttemptKind, { account = '' }: Subject, device: string): string {
  return `${kind} device ${device} ${account.toLowerCase()}`;
}
