/** The keys of a soak, and what may come of a request that is made with one of them. */
import type { Random } from '../random.ts';

/** What was promised: so long after the answer to a change, no request begins that it does not count for. */
export const BOUND_MS = 2000;
/** So many revoked keys are tried on. */
const REVOKED_TRIED = 64;

/** One key. Changes are told when they begin and when they were answered: in between, both is right. */
export interface SoakKey {
  /** Its place among all keys that there ever were. */
  readonly index: number;
  readonly key: string;
  readonly hash: string;
  /** When it was last switched off: asked for, and answered. Null: it is on, or being switched on. */
  revokeBegunAtMs: number | null;
  revokedAtMs: number | null;
  /** When it was last switched on again, answered. */
  restoredAtMs: number | null;
  isDeleted: boolean;
  /** Null: never had one. The highest that it ever had. */
  mostNanoUsd: number | null;
  limitNanoUsd: number | null;
  /** From then on nothing fits its limit. */
  exhaustedAtMs: number | null;
  /** What its complete answers cost, as they told. */
  toldNanoUsd: number;
}

export function newKey(index: number, made: { key: string; hash: string }): SoakKey {
  return {
    ...{ index, key: made.key, hash: made.hash },
    ...{ revokeBegunAtMs: null, revokedAtMs: null, restoredAtMs: null, isDeleted: false },
    ...{ mostNanoUsd: null, limitNanoUsd: null, exhaustedAtMs: null, toldNanoUsd: 0 },
  };
}

/** Whether a request that began then may be served, as far as the key's state goes. */
export function mayServe(key: SoakKey, beganAtMs: number): boolean {
  return key.revokedAtMs === null || beganAtMs <= key.revokedAtMs + BOUND_MS;
}

/** Whether a request that began then may be refused because the key is off. */
export function mayRefuse(key: SoakKey, beganAtMs: number): boolean {
  if (key.revokeBegunAtMs !== null) return true;
  return key.restoredAtMs !== null && beganAtMs <= key.restoredAtMs + BOUND_MS;
}

/** Whether a request that began then may be served, as far as the key's limit goes. */
export function fitsLimit(key: SoakKey, beganAtMs: number): boolean {
  return key.exhaustedAtMs === null || beganAtMs <= key.exhaustedAtMs + BOUND_MS;
}

export class Keyring {
  /** In the order of their index. */
  readonly all: SoakKey[] = [];
  /** Serve everything. */
  readonly open: SoakKey[] = [];
  readonly limited: SoakKey[] = [];
  /** Disabled or deleted; the newest last. */
  readonly revoked: SoakKey[] = [];
  /** How long after the answer to its revocation the last request began that was served all the same. */
  latestServedAfterRevocationMs = Number.NEGATIVE_INFINITY;

  add(made: { key: string; hash: string }, list: SoakKey[]): SoakKey {
    const key = newKey(this.all.length, made);
    this.all.push(key);
    list.push(key);
    return key;
  }

  /** Takes one of the open ones off the load, to be revoked. */
  takeOpen(random: Random): SoakKey {
    const key = random.pick(this.open);
    this.open.splice(this.open.indexOf(key), 1);
    return key;
  }

  /** From now on, requests are made with it that must not be served. */
  tryOn(key: SoakKey): void {
    this.revoked.push(key);
    if (this.revoked.length > REVOKED_TRIED) this.revoked.shift();
  }

  /** One that is disabled, to be switched on again; undefined without any. */
  takeDisabled(): SoakKey | undefined {
    const at = this.revoked.findIndex(({ isDeleted }) => !isDeleted);
    return at === -1 ? undefined : this.revoked.splice(at, 1)[0];
  }

  served(key: SoakKey, beganAtMs: number, costNanoUsd: number): void {
    key.toldNanoUsd += costNanoUsd;
    if (key.revokedAtMs === null) return;
    this.latestServedAfterRevocationMs = Math.max(
      this.latestServedAfterRevocationMs,
      beganAtMs - key.revokedAtMs,
    );
  }
}
