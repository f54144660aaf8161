/** One request as a turn of its conversation: what is known of its prompt by the turns before it, and what it teaches for the next. */
import type { Endpoint } from '../catalogue/model.ts';
import { promptTokensOf, type TokenUsage } from '../chat/usage.ts';
import type { Clock } from '../clock.ts';
import type { InferenceRequest } from '../dialects/dialect.ts';
import type { Fingerprint, LastTurns } from '../limits/last-turns.ts';

export type Learn = (reported: TokenUsage | null) => void;

interface TurnServices {
  readonly lastTurns: LastTurns;
  readonly clock: Clock;
}

export class Turn {
  readonly #services: TurnServices;
  readonly #request: InferenceRequest;
  readonly #accountId: string;
  #bounds: ReadonlyMap<Endpoint, number> | null = null;
  #fingerprint: Fingerprint | null = null;

  constructor(services: TurnServices, request: InferenceRequest, accountId: string) {
    this.#services = services;
    this.#request = request;
    this.#accountId = accountId;
  }

  /** The most prompt tokens, at those of the endpoints that have counted how the conversation begins. */
  bounds(endpoints: readonly Endpoint[], nowMs: number): ReadonlyMap<Endpoint, number> {
    const { payload } = this.#request;
    this.#bounds ??= this.#isBounded
      ? this.#services.lastTurns.boundsOf(this.#accountId, payload, endpoints, nowMs)
      : new Map();
    return this.#bounds;
  }

  /** Keeps by what name to learn, so that the stream of the answer need not keep the request. */
  remember(): void {
    if (!this.#isBounded) return;
    const { payload, bodyBytes } = this.#request;
    this.#fingerprint ??= this.#services.lastTurns.fingerprintOf(this.#accountId, payload, bodyBytes);
  }

  /** Told what the vendor counted in the end; null: nobody wants to know. */
  learner(endpoint: Endpoint): Learn | null {
    const fingerprint = this.#fingerprint;
    if (fingerprint === null) return null;
    const { lastTurns, clock } = this.#services;
    return (reported) => {
      if (reported !== null) lastTurns.learn(fingerprint, endpoint, promptTokensOf(reported), clock.nowMs());
    };
  }

  /** Bytes bound what is added. */
  get #isBounded(): boolean {
    return this.#request.size.promptTokensBound !== null;
  }
}
