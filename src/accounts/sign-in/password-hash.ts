/**
 * Passwords as hashes. Argon2id with OWASP's first choice of parameters, in Bun's own threads, so that requests go on meanwhile;
 * and few at once, so that a flood of sign-ins takes neither the processors nor the memory from them.
 */
import { availableParallelism } from 'node:os';
import { TurnpikeError } from '../../errors.ts';

/** Longer than the eight that NIST asks for at least (SP 800-63B, 3.1.1.2), and short enough that no body is a flood. */
export const PASSWORD_MIN_LENGTH = 10;
export const PASSWORD_MAX_LENGTH = 128;

/** Of Argon2id: the memory in KiB, and how often it is gone through. */
export interface PasswordCost {
  readonly memoryCost: number;
  readonly timeCost: number;
}

const OWASP: PasswordCost = { memoryCost: 19_456, timeCost: 2 };
/** Beyond these, whoever comes waits longer than a person would. */
const MAX_WAITING = 100;

interface Bounds {
  readonly maxRunning: number;
  readonly maxWaiting: number;
}

export class PasswordHasher {
  readonly #bounds: Bounds;
  readonly #cost: PasswordCost;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor({
    maxRunning = Math.max(1, Math.floor(availableParallelism() / 2)),
    maxWaiting = MAX_WAITING,
    cost = OWASP,
  }: Partial<Bounds> & { cost?: PasswordCost | undefined } = {}) {
    this.#bounds = { maxRunning, maxWaiting };
    this.#cost = cost;
  }

  get running(): number {
    return this.#running;
  }

  hash(password: string): Promise<string> {
    return this.#inTurn(() => Bun.password.hash(password, { algorithm: 'argon2id', ...this.#cost }));
  }

  verify({ hash, password }: { hash: string; password: string }): Promise<boolean> {
    return this.#inTurn(() => Bun.password.verify(password, hash));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#bounds.maxRunning) {
      if (this.#waiting.length >= this.#bounds.maxWaiting)
        throw new TurnpikeError('unavailable', { retryAfterSeconds: 5 });
      // Whoever is done hands their place on, so the count stays.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
