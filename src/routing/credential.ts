/** With whose key an endpoint is called. */
import type { ProviderTarget } from '../providers/adapter.ts';

export type Credential = OperatorCredential | OwnCredential;

/** One of several that the operator has with a provider. */
export interface OperatorCredential {
  readonly kind: 'operator';
  /** Unique within the provider, and no secret. */
  readonly id: string;
  /** The endpoint's target with this key in it. */
  readonly apply: (target: ProviderTarget) => ProviderTarget;
}

/** A key that somebody brought: what it is used for, the provider bills to its owner. */
export interface OwnCredential {
  readonly kind: 'byok';
  readonly id: string;
  /** Tried before everything else, or after it. */
  readonly section: 'prioritised' | 'fallback';
  /** Null: nothing is said of what its provider keeps. */
  readonly declaredZdr: boolean | null;
  /** The endpoint's target with this key, and its place where it has one of its own, in it. */
  readonly apply: (target: ProviderTarget) => ProviderTarget;
}
