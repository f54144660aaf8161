/** Whether what stands in secret managers can be read: each reference by its own text, and nothing of any secret. */
import type { ReferenceState } from '../secrets/secret-source.ts';
import { type Finding, fail, ok } from './finding.ts';

export function secretFindings(states: readonly ReferenceState[]): Finding[] {
  return states.map(({ text, problem }) =>
    problem === null
      ? ok('secret', `${text} can be read`)
      : fail(
          'secret',
          `${text} cannot be read: ${problem}`,
          'mend it there, or write the value in its place',
        ),
  );
}
