/**
 * The keys of other people's identity providers: pinned, or fetched and held in memory. A provider that is down for a while does
 * not stop its tokens, and nobody can make us ask it more than now and then.
 */
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../clock.ts';
import type { GuardedGet } from '../egress/guarded-get.ts';
import { parseJwks } from './jwks.ts';

const MINUTE_MS = 60_000;
/** How soon a key that its provider took back is refused here. */
const FRESH_FOR_MS = 10 * MINUTE_MS;
/** How long the last good copy serves while the provider cannot be reached. */
const USABLE_FOR_MS = 24 * 60 * MINUTE_MS;
/** An unknown key may be a new one; but anybody can send a token with an unknown key. */
const ASK_AGAIN_AFTER_MS = MINUTE_MS;
const RETRY_FAILED_AFTER_MS = 10_000;
const MAX_SOURCES = 1000;

/** Where an issuer's keys come from. */
export interface KeySource {
  readonly issuerUrl: string;
  /** Null: from the issuer's discovery document. */
  readonly jwksUrl: string | null;
  /** A JWK Set as JSON, in place of anything fetched. */
  readonly pinnedJwks: string | null;
}

/** The keys cannot be had right now. */
export class IssuerUnavailable extends Error {
  readonly retryAfterSeconds = RETRY_FAILED_AFTER_MS / 1000;

  constructor(options: { cause: unknown }) {
    super('The keys of the issuer cannot be fetched', options);
    this.name = 'IssuerUnavailable';
  }
}

interface Copy {
  readonly find: JWTVerifyGetKey;
  readonly fetchedAtMs: number;
}

interface Source {
  copy: Copy | null;
  failure: unknown;
  askedAtMs: number;
  asking: Promise<void> | null;
}

export class IssuerKeys {
  readonly #get: GuardedGet;
  readonly #clock: Clock;
  /** Least recently made first. */
  readonly #sources = new Map<string, Source>();

  constructor(options: { get: GuardedGet; clock: Clock }) {
    this.#get = options.get;
    this.#clock = options.clock;
  }

  /** For jose: finds the one key that a token's header names. Rejects with `IssuerUnavailable`, or with jose's own errors. */
  finder(from: KeySource): JWTVerifyGetKey {
    if (from.pinnedJwks !== null) return createLocalJWKSet(parseJwks(from.pinnedJwks));
    const source = this.#sourceOf(from);
    return async (header, token) => {
      const copy = await this.#usableCopy(source, from);
      try {
        return await copy.find(header, token);
      } catch (thrown) {
        const nowMs = this.#clock.nowMs();
        const mayAsk = nowMs - source.askedAtMs >= ASK_AGAIN_AFTER_MS;
        if (!(thrown instanceof errors.JWKSNoMatchingKey) || !mayAsk) throw thrown;
        await this.#ask(source, from);
        if (source.copy === null || source.copy === copy)
          throw new IssuerUnavailable({ cause: source.failure });
        return await source.copy.find(header, token);
      }
    };
  }

  async #usableCopy(source: Source, from: KeySource): Promise<Copy> {
    const ageMs = () =>
      source.copy === null ? Number.POSITIVE_INFINITY : this.#clock.nowMs() - source.copy.fetchedAtMs;
    const hasJustFailed =
      source.failure !== null && this.#clock.nowMs() - source.askedAtMs < RETRY_FAILED_AFTER_MS;
    if (ageMs() > FRESH_FOR_MS && !hasJustFailed) await this.#ask(source, from);
    if (source.copy === null || ageMs() > USABLE_FOR_MS)
      throw new IssuerUnavailable({ cause: source.failure });
    return source.copy;
  }

  /** Callers at the same time share one fetch. Never rejects: what went wrong is left in `failure`. */
  #ask(source: Source, from: KeySource): Promise<void> {
    source.asking ??= this.#fetch(source, from).finally(() => {
      source.asking = null;
    });
    return source.asking;
  }

  async #fetch(source: Source, from: KeySource): Promise<void> {
    const nowMs = this.#clock.nowMs();
    source.askedAtMs = nowMs;
    try {
      const jwksUrl = from.jwksUrl ?? (await this.#discover(from.issuerUrl));
      const find = createLocalJWKSet(parseJwks(await this.#get(jwksUrl)));
      source.copy = { find, fetchedAtMs: nowMs };
      source.failure = null;
    } catch (cause) {
      source.failure = cause;
    }
  }

  /** OpenID Connect Discovery 1.0, sections 4.1 and 4.3. */
  async #discover(issuerUrl: string): Promise<string> {
    const address = `${issuerUrl.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const found: unknown = JSON.parse(await this.#get(address));
    const { issuer, jwks_uri } = (found ?? {}) as Record<string, unknown>;
    if (issuer !== issuerUrl) throw new Error('The discovery document is of another issuer');
    if (typeof jwks_uri !== 'string') throw new Error('The discovery document names no jwks_uri');
    return jwks_uri;
  }

  #sourceOf(from: KeySource): Source {
    const name = JSON.stringify([from.issuerUrl, from.jwksUrl]);
    const known = this.#sources.get(name);
    if (known !== undefined) return known;
    const source = { copy: null, failure: null, askedAtMs: Number.NEGATIVE_INFINITY, asking: null };
    this.#sources.set(name, source);
    for (const oldest of this.#sources.keys()) {
      if (this.#sources.size <= MAX_SOURCES) break;
      this.#sources.delete(oldest);
    }
    return source;
  }
}
