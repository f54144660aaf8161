/** The part of a scope's remaining money in one window that this node may hold against, as this node knows it. */
import type { NanoUsd } from '../../money.ts';

export class Lease {
  /** What was granted, less what was flushed out of it. Never more than the database has: taken from here first, added here last. */
  grantedNanoUsd: NanoUsd = 0n;
  /**
   * Names the last grant that this node knows of. What shrinks the row names it too, so that a statement which arrives late,
   * out of a connection that was cut, cannot shrink a later grant.
   */
  grantId: string | null = null;
  /** When a request last counted on it. */
  usedAtMs: number;
  /** When it was last granted or restated: a renewal that was sent before says nothing about it. */
  writtenAtMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: number) {
    this.usedAtMs = nowMs;
  }
}
