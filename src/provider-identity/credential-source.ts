/**
 * One provider's credential, got in exchange for our own token: in memory until shortly before its end, renewed once for all who wait,
 * and in the last part of its life behind their backs.
 */
import type { Clock } from '../clock.ts';
import type { VendorCredential } from '../providers/identity.ts';
import type { ProviderError } from '../providers/provider-error.ts';
import type { Obtained } from './exchanges.ts';

/** Not used in its last moments, in which it might end on its way; of short ones, in their last tenth. */
const UNUSED_AT_END_MS = 30_000;
/** Renewed so long before its end, or in the last fifth of a longer life, where requests come. */
const RENEWED_BEFORE_END_MS = 2 * 60_000;
/** After a failure nobody asks the vendor again for a while, which doubles with each further one. */
const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 30_000;
/** A credential that is younger is not the reason why the vendor refuses what is asked with it. */
const LEAST_AGE_TO_BLAME_MS = 30_000;

interface Held extends Obtained {
  readonly obtainedAtMs: number;
  readonly usableUntilMs: number;
  readonly renewedFromMs: number;
}

export class CredentialSource {
  readonly #obtain: () => Promise<Obtained>;
  readonly #clock: Clock;
  #held: Held | null = null;
  #running: Promise<void> | null = null;
  #failure: ProviderError | null = null;
  #failures = 0;
  #restsUntilMs = 0;

  /** `obtain` rejects with a ProviderError that says nothing secret. */
  constructor(obtain: () => Promise<Obtained>, clock: Clock) {
    this.#obtain = obtain;
    this.#clock = clock;
  }

  /** What may be sent now; null: `ready` was not awaited, or failed. */
  get current(): VendorCredential | null {
    return this.#held?.credential ?? null;
  }

  /** Null: there is one. Else it is there once the promise has resolved, which rejects with a ProviderError. */
  ready(): Promise<void> | null {
    const nowMs = this.#clock.nowMs();
    const rests = nowMs < this.#restsUntilMs;
    if (this.#held !== null && nowMs < this.#held.usableUntilMs) {
      // It is still good: a failure here is nobody's yet, and was logged.
      if (nowMs >= this.#held.renewedFromMs && !rests) this.#renew().catch(() => {});
      return null;
    }
    if (this.#running === null && rests && this.#failure !== null) return Promise.reject(this.#failure);
    return this.#renew();
  }

  /** The vendor refused `credential`: it is not shown again, unless it was new or another has taken its place already. */
  refused(credential: VendorCredential): void {
    if (this.#held?.credential !== credential) return;
    if (this.#clock.nowMs() - this.#held.obtainedAtMs >= LEAST_AGE_TO_BLAME_MS) this.#held = null;
  }

  #renew(): Promise<void> {
    this.#running ??= this.#renewOnce().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #renewOnce(): Promise<void> {
    try {
      const obtained = await this.#obtain();
      this.#held = heldFrom(obtained, this.#clock.nowMs());
      this.#failure = null;
      this.#failures = 0;
      this.#restsUntilMs = 0;
    } catch (thrown) {
      this.#failure = thrown as ProviderError;
      const restMs = Math.min(FIRST_REST_MS * 2 ** this.#failures, LONGEST_REST_MS);
      this.#failures += 1;
      this.#restsUntilMs = this.#clock.nowMs() + restMs;
      throw thrown;
    }
  }
}

function heldFrom(obtained: Obtained, nowMs: number): Held {
  const lifeMs = Math.max(0, obtained.expiresAtMs - nowMs);
  const usableMs = lifeMs - Math.min(UNUSED_AT_END_MS, lifeMs / 10);
  const renewedMs = Math.max(lifeMs / 2, lifeMs - Math.max(RENEWED_BEFORE_END_MS, lifeMs / 5));
  return {
    ...obtained,
    obtainedAtMs: nowMs,
    usableUntilMs: nowMs + usableMs,
    renewedFromMs: nowMs + renewedMs,
  };
}
