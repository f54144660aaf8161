/**
 * A pattern of somebody's own. RE2's algorithm takes linear time, but as much for each character as the pattern has states, and a few signs
 * can say tens of thousands: what would take longer than a turn is matched in a thread of its own.
 */
import { patternProblem } from '../../policy/pattern.ts';
import { awaited, type Work } from '../work.ts';
import { Matching } from './matching.ts';
import { isQuick, isSmall, statesOf } from './states.ts';
import { patternThread } from './thread.ts';

export class OwnPattern {
  readonly #source: string;
  readonly #states: number;
  #matching: Matching | undefined;

  constructor(source: string) {
    this.#source = source;
    this.#states = statesOf(source);
  }

  /** As `Matching.in`. Throws where the thread could not do it. */
  *matches(text: string, from: number, to: number, isEnd: boolean): Work<readonly number[]> {
    if (isQuick(this.#states, text.length - from)) {
      this.#matching ??= new Matching(this.#source);
      return this.#matching.in(text, from, to, isEnd);
    }
    return yield* awaited(patternThread.ask({ kind: 'find', source: this.#source, text, from, to, isEnd }));
  }
}

/** As `patternProblem`, without holding up requests. */
export async function problemOf(source: string): Promise<string | null> {
  if (isSmall(statesOf(source))) return patternProblem(source);
  try {
    return await patternThread.ask({ kind: 'problem', source });
  } catch {
    return 'it takes too long to be made ready';
  }
}
