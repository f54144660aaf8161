/** What is said of a provider and its keys, in a word and in a sentence. */
import type { BadgeTone } from '../../shared/components/badge.tsx';
import { formatTime } from '../../shared/format/time.ts';
import type { Bench, BenchReason, Provider } from './api/get-providers.ts';

export interface State {
  readonly label: string;
  readonly tone: BadgeTone;
}

/** The worst of what is known of it. */
export function stateOf({ credentials, endpoints, endpoints_down, probe }: Provider): State {
  if (probe?.is_up === false) return { label: 'Down', tone: 'danger' };
  const out = credentials.filter(({ bench }) => bench !== null).length;
  if (out > 0 && out === credentials.length) return { label: 'Sits out', tone: 'danger' };
  if (endpoints > 0 && endpoints_down === endpoints) return { label: 'Down', tone: 'danger' };
  const isPartlyOut = out > 0 || endpoints_down > 0 || credentials.some(({ models }) => models.length > 0);
  if (isPartlyOut || (probe?.missing_models.length ?? 0) > 0) return { label: 'Partly out', tone: 'warning' };
  return { label: 'Well', tone: 'success' };
}

const REASONS: Readonly<Record<BenchReason, string>> = {
  rate: 'Too many requests',
  refused: 'Key or balance refused',
  forbidden: 'Not allowed',
  hanging: 'Does not answer',
  unreachable: 'Not reachable',
};

export function benchText({ reason, until, decided_by }: Bench): string {
  const by = decided_by === 'provider' ? ', as the provider asked' : '';
  return `${REASONS[reason]}; out until ${formatTime(until)}${by}`;
}
