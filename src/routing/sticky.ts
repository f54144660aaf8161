/**
 * Which endpoint has the beginning of a conversation in its prompt cache, so that its next turn goes there. Memory of this process,
 * and only advice: a conversation that is forgotten costs a cache miss.
 */
import type { Candidate } from './plan.ts';

/** After this long without a turn, providers have let go of the prompt as well. */
const IDLE_MS = 10 * 60_000;
const MOST_CONVERSATIONS = 20_000;

export interface Conversation {
  readonly accountId: string;
  /** What the caller calls it, or what its beginning is. */
  readonly id: string;
  /** The caller calls it so: it stays where it is from its first answer on, and not only once a cache was used. */
  readonly isNamed: boolean;
  /** Of one without a name: by what it is known. */
  readonly knownBy?: 'prompt_cache_key' | 'beginning';
}

export class StickyEndpoints {
  /** The one that was used longest ago comes first. */
  readonly #entries = new Map<string, Entry>();

  /** Null: none is known. */
  tagOf(conversation: Conversation, modelId: string, nowMs: number): string | null {
    return this.#of(conversation, modelId, nowMs)?.tag ?? null;
  }

  /** The id of the key that it was answered with there; null: none is known. */
  credentialOf(conversation: Conversation, { model, endpoint }: Candidate, nowMs: number): string | null {
    const entry = this.#of(conversation, model.id, nowMs);
    return entry?.tag === endpoint.tag ? entry.credentialId : null;
  }

  /** The model that answered the conversation's turn before through a router; null: none is known. */
  modelOf(conversation: Conversation, router: string, nowMs: number): string | null {
    return this.tagOf(conversation, router, nowMs);
  }

  /** A turn that came through a router was answered well. */
  chose(conversation: Conversation, router: string, modelId: string, nowMs: number): void {
    this.#keep(nameOf(conversation, router), modelId, null, nowMs);
  }

  /** A turn was answered well, and `cachedTokens` of its prompt were read from the endpoint's cache or written into it. */
  answered(
    conversation: Conversation,
    { model, endpoint, credential }: Candidate,
    cachedTokens: number,
    nowMs: number,
  ): void {
    if (!conversation.isNamed && cachedTokens === 0) return;
    const { prompt, inputCacheRead } = endpoint.pricing.base;
    if (inputCacheRead === undefined || inputCacheRead >= prompt) return;
    this.#keep(nameOf(conversation, model.id), endpoint.tag, credential?.id ?? null, nowMs);
  }

  #keep(name: string, tag: string, credentialId: string | null, nowMs: number): void {
    this.#entries.delete(name);
    this.#entries.set(name, { tag, credentialId, usedAtMs: nowMs });
    if (this.#entries.size <= MOST_CONVERSATIONS) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  #of(conversation: Conversation, modelId: string, nowMs: number): Entry | null {
    const entry = this.#entries.get(nameOf(conversation, modelId));
    return entry === undefined || nowMs - entry.usedAtMs >= IDLE_MS ? null : entry;
  }
}

interface Entry {
  readonly tag: string;
  readonly credentialId: string | null;
  readonly usedAtMs: number;
}

/** Two accounts never share one, and neither do two models. */
function nameOf({ accountId, id, isNamed }: Conversation, modelId: string): string {
  return JSON.stringify([accountId, modelId, isNamed, id]);
}
