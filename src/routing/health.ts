/** Which endpoints failed lately: they are tried last for half a minute. Memory of this process, and only advice. */
import type { Candidate } from './plan.ts';

const OUTAGE_MS = 30_000;

/** By model and tag, so that a catalogue that is built anew finds what is known of the old one's endpoints. */
export class EndpointHealth {
  readonly #failedAtMs = new Map<string, number>();

  failed(candidate: Candidate, nowMs: number): void {
    this.#failedAtMs.set(nameOf(candidate), nowMs);
  }

  succeeded(candidate: Candidate): void {
    // Nearly always nothing is known, and then no name has to be made.
    if (this.#failedAtMs.size > 0) this.#failedAtMs.delete(nameOf(candidate));
  }

  isUnstable(candidate: Candidate, nowMs: number): boolean {
    if (this.#failedAtMs.size === 0) return false;
    const at = this.#failedAtMs.get(nameOf(candidate));
    return at !== undefined && nowMs - at < OUTAGE_MS;
  }
}

function nameOf({ model, endpoint }: Candidate): string {
  return `${model.id} ${endpoint.tag}`;
}
