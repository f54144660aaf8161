/** A guardrail in a few words. */
import type { Guardrail } from '../../../src/guardrails/answers.ts';

/** Null: it says nothing. */
export function summaryOf(guardrail: Guardrail): string | null {
  const zdr = ZDR_GROUPS.filter(({ group }) => guardrail[`enforce_zdr_${group}`] === true);
  const filters = (guardrail.content_filter_builtins?.length ?? 0) + (guardrail.content_filters?.length ?? 0);
  const parts = [
    counted('Only', guardrail.allowed_models, 'model'),
    counted('Not', guardrail.ignored_models, 'model'),
    counted('Only', guardrail.allowed_providers, 'provider'),
    counted('Not', guardrail.ignored_providers, 'provider'),
    zdr.length === 0
      ? null
      : `No retention${zdr.length < ZDR_GROUPS.length ? ` for ${zdr.map(({ label }) => label).join(', ')}` : ''}`,
    isTrainingOff(guardrail) ? 'No training' : null,
    guardrail.allowed_data_regions === null ? null : `Regions: ${guardrail.allowed_data_regions.join(', ')}`,
    filters === 0 ? null : plural(filters, 'content filter'),
    guardrail.limit_usd === null ? null : budget(guardrail.limit_usd, guardrail.reset_interval),
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(' · ');
}

const isTrainingOff = (guardrail: Guardrail): boolean =>
  guardrail.enable_paid_model_training === false ||
  guardrail.enable_free_model_training === false ||
  guardrail.enable_free_model_publication === false;

export const ZDR_GROUPS = [
  { group: 'anthropic', label: 'Anthropic' },
  { group: 'openai', label: 'OpenAI' },
  { group: 'google', label: 'Google' },
  { group: 'xai', label: 'xAI' },
  { group: 'other', label: 'all others' },
] as const;

function counted(word: string, list: readonly string[] | null, noun: string): string | null {
  if (list === null) return null;
  const [first] = list;
  return list.length === 1 && first !== undefined
    ? `${word} ${first}`
    : `${word} ${plural(list.length, noun)}`;
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const INTERVALS = { daily: 'a day', weekly: 'a week', monthly: 'a month' } as const;

function budget(usd: number, interval: Guardrail['reset_interval']): string {
  return `$${usd} ${interval === null ? 'in all' : INTERVALS[interval]}`;
}

/** What people call it. */
export function titleOf({ applies_to, name }: Pick<Guardrail, 'applies_to' | 'name'>): string {
  if (applies_to === 'account') return 'Whole organisation';
  return applies_to === 'workspace' ? 'Everybody in the workspace' : name;
}
