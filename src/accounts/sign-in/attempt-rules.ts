/** How often may be tried what guesses, sends mail or costs much: by where it comes from, and by whom it is about. */
import { type AttemptRule, type Attempts, sourceOf } from '../../auth/attempts.ts';
import { TurnpikeError } from '../../errors.ts';

const MINUTE_MS = 60_000;

/** Enough for an office behind one address, and for somebody who mistypes; far too little to guess. */
const rules = {
  signIn: { address: { max: 60, windowMs: 15 * MINUTE_MS }, account: { max: 15, windowMs: 15 * MINUTE_MS } },
  signUp: { address: { max: 20, windowMs: 60 * MINUTE_MS }, account: { max: 5, windowMs: 60 * MINUTE_MS } },
  /** A mail to somebody: a reset, a verification. */
  mail: { address: { max: 20, windowMs: 60 * MINUTE_MS }, account: { max: 5, windowMs: 60 * MINUTE_MS } },
  /** By one inviter, who may have a whole team to invite. */
  invitation: { account: { max: 200, windowMs: 60 * MINUTE_MS } },
  /** To one address. Apart from `mail`: no invitation may keep somebody from the mail that they ask for themselves. */
  invitationMail: { account: { max: 5, windowMs: 60 * MINUTE_MS } },
  /** A token out of a mail or a link, which nobody can guess; and first steps, each of which writes a row. */
  link: { address: { max: 120, windowMs: 15 * MINUTE_MS } },
  secondFactor: { address: { max: 30, windowMs: 15 * MINUTE_MS } },
  /** The password again, by somebody who is signed in. */
  password: { account: { max: 15, windowMs: 15 * MINUTE_MS } },
} satisfies Record<string, { address?: AttemptRule; account?: AttemptRule }>;

export type AttemptKind = keyof typeof rules;

export interface Subject {
  readonly address?: string;
  /** An e-mail address, or a user's id. */
  readonly account?: string;
}

/** Throws a 429 over either limit. The address comes first: one that is over it takes nothing from anybody's account. */
export async function countAttempts(attempts: Attempts, kind: AttemptKind, subject: Subject): Promise<void> {
  const { address, account }: { address?: AttemptRule; account?: AttemptRule } = rules[kind];
  if (address !== undefined && subject.address !== undefined) {
    await attempts.count(`${kind} address ${sourceOf(subject.address)}`, address);
  }
  if (account !== undefined && subject.account !== undefined) {
    await attempts.count(accountSubject(kind, subject.account), account);
  }
}

export async function forgetAttempts(attempts: Attempts, kind: AttemptKind, account: string): Promise<void> {
  await attempts.forget(accountSubject(kind, account));
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
