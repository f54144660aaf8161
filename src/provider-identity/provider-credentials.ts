/** The credentials of all providers that are signed in to with our own token instead of a stored key. */
import type { Clock } from '../clock.ts';
import type { ProviderTarget } from '../providers/adapter.ts';
import type { ProviderIdentity, VendorCredential } from '../providers/identity.ts';
import { CredentialSource } from './credential-source.ts';
import { type ObtainServices, obtain } from './obtain.ts';

/** As much of a provider as it takes. */
export interface IdentifiedProvider {
  readonly slug: string;
  readonly identity?: ProviderIdentity | undefined;
}

interface Applied {
  readonly credential: VendorCredential;
  readonly target: ProviderTarget;
}

export class ProviderCredentials {
  readonly #sources = new Map<string, CredentialSource>();
  readonly #applied = new WeakMap<ProviderTarget, Applied>();

  constructor(
    providers: readonly IdentifiedProvider[],
    services: ObtainServices & { readonly clock: Clock },
  ) {
    for (const { slug, identity } of providers) {
      if (identity === undefined) continue;
      const source = new CredentialSource(() => obtain(services, slug, identity), services.clock);
      this.#sources.set(slug, source);
    }
  }

  /** Null: there is one. Rejects with a ProviderError. */
  ready(slug: string): Promise<void> | null {
    return this.#sourceOf(slug).ready();
  }

  /** What was obtained for it; null: nothing, or it has been refused. */
  current(slug: string): VendorCredential | null {
    return this.#sourceOf(slug).current;
  }

  /** The same place with what was obtained for it, and never another key. */
  applied(slug: string, target: ProviderTarget): ProviderTarget {
    const credential = this.current(slug);
    if (credential?.kind !== 'bearer') return target;
    const known = this.#applied.get(target);
    if (known?.credential === credential) return known.target;
    const fresh: ProviderTarget = { ...target, apiKey: credential.token, bearer: { of: 'gateway' } };
    this.#applied.set(target, { credential, target: fresh });
    return fresh;
  }

  /** The vendor did not take what it was shown. */
  refused(slug: string, credential: VendorCredential): void {
    this.#sourceOf(slug).refused(credential);
  }

  #sourceOf(slug: string): CredentialSource {
    const source = this.#sources.get(slug);
    if (source === undefined) throw new Error(`The provider "${slug}" has no workload identity`);
    return source;
  }
}
