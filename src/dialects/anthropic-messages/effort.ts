/** How hard a model is to work, as `output_config` says it. */
import type { ReasoningWish } from '../../chat/prompt.ts';
import { isJsonObject, textOrNull } from '../../json.ts';

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

/** Null: it names none, or one that is not known here, which goes to whoever reads this dialect and to nobody else. */
export function knownEffort(effort: unknown): ReasoningWish['effort'] {
  return EFFORTS.find((known) => known === effort) ?? null;
}

export function unknownEffort(outputConfig: unknown): string | null {
  const effort = isJsonObject(outputConfig) ? textOrNull(outputConfig['effort']) : null;
  return effort === null || knownEffort(effort) !== null ? null : effort;
}
