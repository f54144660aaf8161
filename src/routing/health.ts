/** Which endpoints failed lately: they are tried last for half a minute. Memory of this process, and only advice. */
import type { Endpoint } from '../catalogue/model.ts';

const OUTAGE_MS = 30_000;

export class EndpointHealth {
  readonly #failedAtMs = new WeakMap<Endpoint, number>();

  failed(endpoint: Endpoint, nowMs: number): void {
    this.#failedAtMs.set(endpoint, nowMs);
  }

  succeeded(endpoint: Endpoint): void {
    this.#failedAtMs.delete(endpoint);
  }

  isUnstable(endpoint: Endpoint, nowMs: number): boolean {
    const at = this.#failedAtMs.get(endpoint);
    return at !== undefined && nowMs - at < OUTAGE_MS;
  }
}
