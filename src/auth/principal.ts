/** Who is calling: an immutable snapshot of one key, as the gates hand it to the handlers. */
import type { Allowances } from '../allowances/allowances.ts';
import type { Policy } from '../policy/policy.ts';
import type { KeyKind, LimitReset } from '../storage/schema.ts';

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
  /** Grows with every change of what is in here, so that an older snapshot never replaces a newer one. */
  readonly version: number;
}
