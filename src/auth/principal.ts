/** Who is calling: an immutable snapshot of one key, as the gates hand it to the handlers. */
import type { Allowances } from '../allowances/allowances.ts';
import type { Policy } from '../policy/policy.ts';
import type { KeyKind, LimitReset } from '../storage/schema.ts';

/** A key's limit, as the scope that several keys count against. */
export interface ParentLimit {
  /** The key's hash. */
  readonly id: string;
  readonly limitNanoUsd: bigint | null;
  readonly windowKind: LimitReset | 'all';
  readonly countsByok: boolean;
  readonly version: number;
}

/** When the money that a request needs is spent. `model`: who takes over, by its listed id; null: nobody. */
export interface OnExhaust {
  readonly action: 'refuse' | 'downgrade';
  readonly model: string | null;
}

export interface Principal {
  readonly keyHash: string;
  readonly kind: KeyKind;
  readonly accountId: string;
  /** Null for management keys, which act on every workspace. */
  readonly workspaceId: string | null;
  readonly name: string;
  readonly label: string;
  readonly creatorUserId: string | null;
  readonly externalUser: string | null;
  readonly limitNanoUsd: bigint | null;
  readonly limitReset: LimitReset | null;
  readonly includeByokInLimit: boolean;
  readonly disabled: boolean;
  readonly expiresAtMs: number | null;
  /** Whether its running streams end when it is disabled or deleted; otherwise they may finish. */
  readonly cutStreamsWhenRevoked: boolean;
  /** Whether it was made for an app, so that it authorises no other key; absent: no. */
  readonly isDelegated?: boolean;
  /** What its workspace may spend, and how fast it may ask; null, and unless told: nothing limits it. */
  readonly allowances?: Allowances | null;
  /** What guardrails make of it; null, and unless told: none binds it. */
  readonly policy?: Policy | null;
  /** Whether a key made it for itself; absent: no. */
  readonly isChild?: boolean;
  /** Of a key that was made by keys: their limits, which its spend counts against too; absent: none. */
  readonly parentLimits?: readonly ParentLimit[];
  /** The models that it may ask for, by their ids; absent: all. */
  readonly allowedModels?: ReadonlySet<string>;
  /** What it says of requests that money stands in the way of; absent: nothing, so that the installation's settings hold. */
  readonly onExhaust?: OnExhaust;
  /** Of a key that was rotated: its secrets, by their hashes, and until when each is good (null: for good); absent: `keyHash` is its only one. */
  readonly secrets?: ReadonlyMap<string, number | null>;
  /** From when on its secret is too old to be used; absent: never. */
  readonly rotateByMs?: number;
  /** Grows with every change of what is in here, so that an older snapshot never replaces a newer one. */
  readonly version: number;
  /** Grows with every change of its own limit; absent: as `version`. */
  readonly limitVersion?: number;
}
