/** The operator's keys with one provider: what each has under way, and which of them a request goes out with. */
import type { Provider } from '../catalogue/model.ts';
import type { ProviderTarget } from '../providers/adapter.ts';
import type { ProviderKey } from '../providers/provider-key.ts';
import { withKey } from '../providers/with-key.ts';
import type { OperatorCredential } from './credential.ts';

const MINUTE_MS = 60_000;
/** A conversation that is not known yet takes the key that its name falls on, unless that one has so many more under way than another. */
const SLACK = 4;
/** One that is known stays where its prompt is cached, unless that key has as many more: some clients call everything one session. */
const KEPT_SLACK = 16;

/** One key, with what is under way by it at all endpoints of its provider. */
export class KeyUse {
  readonly credential: OperatorCredential;
  readonly #key: ProviderKey;
  inFlight = 0;
  #minute = 0;
  #inMinute = 0;

  constructor(key: ProviderKey) {
    this.#key = key;
    this.credential = credentialOf(key);
  }

  get id(): string {
    return this.#key.id;
  }

  isOf({ apiKey }: ProviderKey): boolean {
    return this.#key.apiKey === apiKey;
  }

  /** 0: it may be used now. Otherwise after how long that may be so; by its own limits alone. */
  fullForMs(nowMs: number): number {
    const { maxConcurrent, requestsPerMinute } = this.#key;
    if (maxConcurrent !== null && this.inFlight >= maxConcurrent) return 1000;
    if (requestsPerMinute === null || Math.floor(nowMs / MINUTE_MS) !== this.#minute) return 0;
    return this.#inMinute >= requestsPerMinute ? MINUTE_MS - (nowMs % MINUTE_MS) : 0;
  }

  begin(nowMs: number): void {
    this.inFlight += 1;
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#inMinute = 0;
    }
    this.#inMinute += 1;
  }

  end(): void {
    this.inFlight -= 1;
  }
}

/** By provider and id, so that a catalogue that is built anew finds what its predecessor has under way. */
export class KeyUses {
  readonly #uses = new Map<string, KeyUse>();

  of({ slug, keys = [] }: Provider): readonly KeyUse[] {
    return keys.map((key) => {
      const name = `${slug} ${key.id}`;
      const known = this.#uses.get(name);
      // Another secret is another key: what the old one has under way ends with it.
      const use = known?.isOf(key) === true ? known : new KeyUse(key);
      this.#uses.set(name, use);
      return use;
    });
  }
}

function credentialOf({ id, apiKey }: ProviderKey): OperatorCredential {
  const targets = new WeakMap<ProviderTarget, ProviderTarget>();
  return {
    kind: 'operator',
    id,
    apply: (target) => {
      // Adapters make headers once for each target.
      const known = targets.get(target) ?? withKey(target, apiKey);
      targets.set(target, known);
      return known;
    },
  };
}

/** What ties a request to a key: a provider's prompt cache belongs to the account of the key that filled it. */
export interface Affinity {
  /** The key that the conversation was answered with last; null: none is known. */
  readonly credentialId: string | null;
  /** The same for every turn of the conversation; null: it has none. */
  readonly seed: string | null;
}

export const NO_AFFINITY: Affinity = { credentialId: null, seed: null };

/** Of keys that may all be used now: that of the conversation, else the one with the least under way, in turns from `turn` on. */
export function pickKey<K extends { readonly use: KeyUse }>(
  open: readonly K[],
  { credentialId, seed }: Affinity,
  turn: number,
): K | null {
  let least: K | null = null;
  for (let at = 0; at < open.length; at += 1) {
    const one = open[(turn + at) % open.length];
    if (one !== undefined && (least === null || one.use.inFlight < least.use.inFlight)) least = one;
  }
  if (least === null) return null;
  const kept = credentialId === null ? undefined : open.find(({ use }) => use.id === credentialId);
  if (kept !== undefined && kept.use.inFlight <= least.use.inFlight + KEPT_SLACK) return kept;
  if (seed === null) return least;
  const own = highest(open, seed);
  return own !== null && own.use.inFlight <= least.use.inFlight + SLACK ? own : least;
}

/** Rendezvous hashing: a key that is away moves its own conversations alone, and every node picks the same one. */
function highest<K extends { readonly use: KeyUse }>(open: readonly K[], seed: string): K | null {
  let best: K | null = null;
  let most = -1;
  for (const one of open) {
    const weight = Bun.hash.xxHash32(`${one.use.id}\0${seed}`);
    if (weight <= most) continue;
    most = weight;
    best = one;
  }
  return best;
}
