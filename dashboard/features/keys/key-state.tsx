/** Whether a key works, as a word with a colour. */
import type { PageKey } from '../../../src/keys/answers.ts';
import { Badge, type BadgeTone } from '../../shared/components/badge.tsx';
import { type KeyState, stateOf } from './api-key.ts';

const STATES: Readonly<Record<KeyState, readonly [tone: BadgeTone, word: string]>> = {
  quarantined: ['danger', 'Quarantined'],
  active: ['success', 'Active'],
  disabled: ['neutral', 'Disabled'],
  expired: ['warning', 'Expired'],
  exhausted: ['danger', 'Limit reached'],
};

export function KeyStateBadge({ apiKey }: { apiKey: PageKey }) {
  const [tone, word] = STATES[stateOf(apiKey)];
  return <Badge tone={tone}>{word}</Badge>;
}
