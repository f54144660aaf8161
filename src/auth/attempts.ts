/** Counts what must not be tried often, such as passwords and codes: durably, and over all nodes together. */
import type { Clock } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import { keyedHash } from '../vault/seal.ts';
import { countAttempt, deleteAttempts, deleteAttemptsUntil } from './attempts-store.ts';

export interface AttemptRule {
  readonly max: number;
  readonly windowMs: number;
}

export interface Attempts {
  /** Counts one more of `subject`; over the rule it is a 429 that says when the window ends. */
  count(subject: string, rule: AttemptRule): Promise<void>;
  /** After a success: whoever has shown that they may is not held back by their earlier mistakes. */
  forget(subject: string): Promise<void>;
}

export function createAttempts(services: {
  readonly database: Database;
  readonly clock: Clock;
  readonly masterKey: Uint8Array;
}): Attempts {
  const { database, clock, masterKey } = services;
  // Subjects are addresses and e-mails, which the database need not know.
  const hashOf = (subject: string) => keyedHash(masterKey, 'attempt', subject);
  return {
    async count(subject, { max, windowMs }) {
      const nowMs = clock.nowMs();
      const row = await countAttempt(database.db, hashOf(subject), { nowMs, windowMs });
      if (row.attempts <= max) return;
      throw new TurnpikeError('rate_limit_exceeded', {
        message: 'Too many attempts; wait a while and try again',
        retryAfterSeconds: Math.ceil((row.window_ends_at_ms - nowMs) / 1000),
      });
    },
    forget: (subject) => deleteAttempts(database.db, hashOf(subject)),
  };
}

/** For a job that runs now and then. */
export async function forgetOldAttempts(services: { database: Database; clock: Clock }): Promise<void> {
  await deleteAttemptsUntil(services.database.db, services.clock.nowMs());
}

/**
 * Whom to count behind an address. One line at home has a whole IPv6 network of 64 bits, each of whose addresses it may use,
 * so the network is what is counted (RFC 6177).
 */
export function sourceOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  while (tail !== undefined && groups.length + rest.length < 8) groups.push('0');
  const network = [...groups, ...rest].slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''));
  return `${network.join(':')}::/64`;
}
