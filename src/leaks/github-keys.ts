/**
 * The public keys that GitHub signs its reports of found secrets with, kept for an hour, and asked for anew when a report names one that
 * is not known. Whoever sends names that nobody knows makes us ask once a minute at most.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { GuardedGet } from '../egress/guarded-get.ts';
import { TurnpikeError } from '../errors.ts';
import type { Logger } from '../log.ts';

const FRESH_MS = 60 * 60_000;
/** While they cannot be had, those from before are believed for so long. */
const STALE_MS = 24 * FRESH_MS;
const ASK_EVERY_MS = 60_000;
const MOST_KEYS = 100;
/** P-256, the one curve that GitHub says it signs with. */
const CURVE = 'prime256v1';

const answer = z.object({
  public_keys: z.array(z.object({ key_identifier: z.string(), key: z.string() })).max(MOST_KEYS),
});

export interface GithubKeys {
  /** Null: GitHub has no such key. Throws 503 while nobody can say. */
  find(identifier: string): Promise<KeyObject | null>;
}

export function createGithubKeys(services: {
  readonly get: GuardedGet;
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
}): GithubKeys {
  const { get, url, clock, logger } = services;
  let known: ReadonlyMap<string, KeyObject> = new Map();
  let readAtMs = Number.NEGATIVE_INFINITY;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | null = null;

  async function ask(): Promise<void> {
    askedAtMs = clock.nowMs();
    try {
      known = keysOf(await get(url));
      readAtMs = clock.nowMs();
    } catch (error) {
      logger.warn('secret_scanning_keys_not_read', { error });
    }
  }

  /** One question at a time, whoever waits for it. */
  function refresh(): Promise<void> {
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  }

  return {
    async find(identifier) {
      const isFresh = clock.nowMs() - readAtMs < FRESH_MS;
      const mayAsk = clock.nowMs() - askedAtMs >= ASK_EVERY_MS;
      if (asking !== null || ((!isFresh || !known.has(identifier)) && mayAsk)) await refresh();
      if (clock.nowMs() - readAtMs >= STALE_MS)
        throw new TurnpikeError('unavailable', { retryAfterSeconds: ASK_EVERY_MS / 1000 });
      return known.get(identifier) ?? null;
    },
  };
}

/** Throws where it is not what GitHub documents; a key of another kind is left out. */
function keysOf(text: string): Map<string, KeyObject> {
  const { public_keys } = answer.parse(JSON.parse(text));
  const keys = new Map<string, KeyObject>();
  for (const { key_identifier, key } of public_keys) {
    const publicKey = createPublicKey(key);
    const isP256 =
      publicKey.asymmetricKeyType === 'ec' && publicKey.asymmetricKeyDetails?.namedCurve === CURVE;
    if (isP256) keys.set(key_identifier, publicKey);
  }
  return keys;
}
