/** Keeps the one better-auth of this process: made on first use, and made again when an OpenID provider that was away is back. */
import type { Clock } from '../clock.ts';
import type { OidcConfig } from '../config/config.ts';
import type { BetterAuth, BetterAuthServices } from './better-auth.ts';

const DISCOVERY_TIMEOUT_MS = 5000;
const RETRY_AFTER_MS = 30_000;

export class BetterAuthHolder {
  readonly #services: Omit<BetterAuthServices, 'oidc'>;
  readonly #clock: Clock;
  #made: Promise<BetterAuth> | null = null;
  /** Null: every provider is there. */
  #retryAtMs: number | null = null;

  constructor(services: Omit<BetterAuthServices, 'oidc'>, clock: Clock) {
    this.#services = services;
    this.#clock = clock;
  }

  /** Made anew for the next who comes, with what its services have by then. */
  renew(): void {
    this.#made = null;
  }

  /** `waits`: for whoever comes because of a provider; everybody else goes on with what there is. */
  async get({ waits }: { waits: boolean }): Promise<BetterAuth> {
    if (this.#made === null) {
      this.#made = this.#make();
      // A start that failed is tried again by the next who comes.
      this.#made.catch(() => {
        this.#made = null;
      });
      return await this.#made;
    }
    if (this.#retryAtMs !== null && this.#clock.nowMs() >= this.#retryAtMs) {
      this.#retryAtMs = this.#clock.nowMs() + RETRY_AFTER_MS;
      const again = this.#make().then((made) => {
        this.#made = Promise.resolve(made);
        return made;
      });
      if (waits) return await again;
      again.catch((error) => this.#services.logger.warn('better_auth_not_renewed', { error }));
    }
    return await this.#made;
  }

  async #make(): Promise<BetterAuth> {
    const { oidc } = this.#services.accounts;
    const { createBetterAuth, discoveryUrl } = await import('./better-auth.ts');
    const reachable = await Promise.all(
      oidc.map((provider) => this.#isReachable(provider, discoveryUrl(provider))),
    );
    const present = oidc.filter((_, index) => reachable[index]);
    this.#retryAtMs = present.length === oidc.length ? null : this.#clock.nowMs() + RETRY_AFTER_MS;
    return await createBetterAuth({ ...this.#services, oidc: present });
  }

  /** better-auth reads the document without a timeout and drops whom it cannot read for good: so look first. */
  async #isReachable(provider: OidcConfig, url: string): Promise<boolean> {
    try {
      const { betterFetch } = await import('@better-fetch/fetch');
      const { data, error } = await betterFetch<{ issuer?: unknown }>(url, { timeout: DISCOVERY_TIMEOUT_MS });
      const isIts =
        typeof data?.issuer === 'string' && withoutSlash(data.issuer) === withoutSlash(provider.issuer);
      if (isIts) return true;
      const problem =
        error === null ? `the document names ${data?.issuer} as issuer` : `status ${error.status}`;
      this.#services.logger.warn('openid_provider_unusable', { id: provider.id, problem });
    } catch (error) {
      this.#services.logger.warn('openid_provider_unusable', { id: provider.id, error });
    }
    return false;
  }
}

function withoutSlash(issuer: string): string {
  return issuer.replace(/\/$/, '');
}
