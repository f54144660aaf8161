/** With whose key an endpoint is called. */
import type { Model } from '../catalogue/model.ts';
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
  /** Another one after each change: what a provider had against the key before says nothing of the one in its place. */
  readonly version: number;
  /** The provider's slug. */
  readonly provider: string;
  /** Tried before everything else, or after it. */
  readonly section: 'prioritised' | 'fallback';
  /** Of a prioritised one: for what it may serve, the provider's other credentials of the operator are not used. */
  readonly isRequired: boolean;
  /** Null: nothing is said of what its provider keeps. */
  readonly declaredZdr: boolean | null;
  /** Ids of models, in lower case; null: any. */
  readonly models: ReadonlySet<string> | null;
  /**
   * The endpoint's target with this key, and its place where it has one of its own, in it; null: it has none for this model.
   * Throws a ProviderError where its secret cannot be opened.
   */
  readonly apply: (target: ProviderTarget, model: NamedModel) => ProviderTarget | null;
}

/** By either of which its owner may mean it. */
export type NamedModel = Pick<Model, 'id' | 'canonicalSlug'>;

/** Those that may serve one caller. */
export interface OwnCredentials {
  /** In the order in which they are tried within a provider and section. */
  readonly all: readonly OwnCredential[];
  /** Providers of which nothing of the operator's is used at all. */
  readonly withoutShared: ReadonlySet<string>;
}

/** Whether somebody's own key is used. */
export function isOwn({ credential }: { readonly credential?: Credential }): boolean {
  return credential !== undefined && credential.kind === 'byok';
}
