/** The three records that are compared: what clients received, what the provider did, what the ledger says. */

/** One request as its client saw it; `tag` is its own, and travels to the provider and into the ledger. */
export interface Sent {
  readonly tag: string;
  readonly key: string;
  /** The base URL that it was sent to. */
  readonly gateway: string;
  /**
   * `complete`: the last byte came, with a cost. `refused`: for want of money. `busy`: the same, because of others in
   * flight, and tried again. `unavailable`: 503 with Retry-After. `failed`: any other answer. `cut`: the client left. `broken`:
   * the connection was refused or lost.
   */
  readonly ending: 'complete' | 'refused' | 'busy' | 'unavailable' | 'failed' | 'cut' | 'broken';
  /** 0: not a byte of an answer came. */
  readonly status: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly costNanoUsd: bigint | null;
  /** The most it can cost; null when the client named no cap. */
  readonly boundNanoUsd: bigint | null;
  /** What was said, when it was no answer. */
  readonly message: string;
}

/** One request as the provider saw it. */
export interface Seen {
  readonly tag: string;
  readonly nonce: string;
  readonly isComplete: boolean;
  readonly costNanoUsd: bigint;
}

/** One charge in the ledger. */
export interface Charge {
  readonly id: string;
  readonly tag: string;
  /** As `Sent.key` names it. */
  readonly key: string;
  readonly createdAtMs: number;
  readonly costNanoUsd: bigint;
}

/** A limit that held throughout. */
export interface Allowance {
  /** The keys whose spend counts against it. */
  readonly keys: readonly string[];
  readonly windowKind: 'all' | 'daily' | 'weekly' | 'monthly';
  readonly limitNanoUsd: bigint;
}

/** Money that no node could hold for a while: what a dead one had leased and had not charged, until it was back. */
export interface Frozen {
  readonly key: string;
  readonly amountNanoUsd: bigint;
  readonly fromMs: number;
  readonly untilMs: number;
}
