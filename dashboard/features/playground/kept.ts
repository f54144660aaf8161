/**
 * The conversation outlives a reload and a look at another page, and ends with the tab: prompts are nobody else's who sits down at
 * this browser. Nothing of it is stored at the gateway.
 */
import type { Turn } from './conversation.ts';

export interface Kept {
  readonly turns: readonly Turn[];
  readonly system: string;
  readonly tools: string;
  readonly draft: string;
}

const NOTHING: Kept = { turns: [], system: '', tools: '', draft: '' };
const nameOf = (userId: string): string => `playground ${userId}`;

export function keptOf(userId: string): Kept {
  try {
    const kept = JSON.parse(sessionStorage.getItem(nameOf(userId)) ?? 'null') as Kept | null;
    if (kept === null || !Array.isArray(kept.turns)) return NOTHING;
    return { ...NOTHING, ...kept, turns: kept.turns.map(ended) };
  } catch {
    return NOTHING;
  }
}

/** Pictures are the first that there is no room for. */
export function keep(userId: string, kept: Kept): void {
  const light = { ...kept, turns: kept.turns.map((turn) => ({ ...turn, pictures: [] })) };
  for (const each of [kept, light]) {
    try {
      sessionStorage.setItem(nameOf(userId), JSON.stringify(each));
      return;
    } catch {
      // Full, or forbidden: then with less, or not at all.
    }
  }
}

/** What was still coming when the page went away was stopped by that. */
function ended(turn: Turn): Turn {
  const answers = Object.entries(turn.answers).map(([model, answer]) => [
    model,
    answer.status === 'streaming' ? { ...answer, status: 'stopped' as const } : answer,
  ]);
  return { ...turn, answers: Object.fromEntries(answers) };
}
