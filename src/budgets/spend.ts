/** What scopes have spent, told by whoever counts it. */
import type { NanoUsd } from '../money.ts';

/** One counter. */
export interface ScopeWindow {
  readonly kind: string;
  readonly id: string;
  readonly windowId: string;
}

export interface Spend {
  readonly costNanoUsd: NanoUsd;
  readonly byokNanoUsd: NanoUsd;
}

/** In the order of what is asked. */
export type SpendReader = (asked: readonly ScopeWindow[]) => Promise<readonly Spend[]>;

/** What counts in a budget. */
export function counted({ costNanoUsd, byokNanoUsd }: Spend, includesByok: boolean): NanoUsd {
  return includesByok ? costNanoUsd + byokNanoUsd : costNanoUsd;
}
