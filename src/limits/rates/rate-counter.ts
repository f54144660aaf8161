/** What one subject has used of its rate in the minute of now, and how much of it this node may use. Memory only, and synchronous. */

export const MINUTE_MS = 60_000;

export const UNITS = ['requests', 'tokens'] as const;
export type RateUnit = (typeof UNITS)[number];

export type Amounts = Record<RateUnit, number>;

export class RateCounter {
  readonly name: string;
  /** Minutes since 1970, of UTC. */
  minute: number;
  /** Held, or settled. */
  used: Amounts = { requests: 0, tokens: 0 };
  /** Of the whole, what is this node's, where several count; unused where one counts alone. */
  granted: Amounts = { requests: 0, tokens: 0 };
  /** The requests of this node that wait for more of a unit, with when each began to. */
  readonly #waiting: Readonly<Record<RateUnit, { readonly sinceMs: number }[]>> = {
    requests: [],
    tokens: [],
  };

  constructor(name: string, minute: number) {
    this.name = name;
    this.minute = minute;
  }

  /** A new minute begins with nothing used. A clock that is set back stays in the minute where it was. */
  advance(nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute <= this.minute) return;
    this.minute = minute;
    this.used = { requests: 0, tokens: 0 };
    this.granted = { requests: 0, tokens: 0 };
  }

  /** A request begins to wait for more of it. @returns what ends its waiting */
  beginWaiting(unit: RateUnit, sinceMs: number): () => void {
    const waiting = this.#waiting[unit];
    const place = { sinceMs };
    waiting.push(place);
    return () => void waiting.splice(waiting.indexOf(place), 1);
  }

  /** Since when the request has waited that waits longest; infinity: none does. */
  waitingSinceMs(unit: RateUnit): number {
    return this.#waiting[unit].reduce(
      (first, { sinceMs }) => Math.min(first, sinceMs),
      Number.POSITIVE_INFINITY,
    );
  }
}
