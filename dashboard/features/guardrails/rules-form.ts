/** What the form of a guardrail asks, and what of it goes to the gateway. */
import type { Guardrail } from '../../../src/guardrails/answers.ts';
import { amountOf, amountProblem } from '../../shared/forms/amount.ts';
import { optional, type Rule, required, type Values } from '../../shared/forms/use-form.ts';
import type { GuardrailChanges } from './api/save-guardrail.ts';
import { ZDR_GROUPS } from './summary.ts';

export const BUILTINS = [
  { slug: 'email', label: 'E-mail addresses' },
  { slug: 'phone', label: 'Phone numbers' },
  { slug: 'ssn', label: 'Social Security numbers' },
  { slug: 'credit-card', label: 'Card numbers' },
  { slug: 'ip-address', label: 'IP addresses' },
  { slug: 'secrets', label: 'API keys and other secrets' },
  { slug: 'regex-prompt-injection', label: 'Prompt injection' },
] as const;

export const REGIONS = [
  { region: 'global', label: 'Global' },
  { region: 'europe', label: 'Europe' },
  { region: 'us', label: 'United States' },
] as const;

const LISTS = ['allowed_models', 'ignored_models', 'allowed_providers', 'ignored_providers'] as const;
const CHOICES = [
  ...ZDR_GROUPS.map(({ group }) => `enforce_zdr_${group}` as const),
  ...(['no_paid_training', 'no_free_training', 'no_free_publication'] as const),
  ...REGIONS.map(({ region }) => `region_${region}` as const),
  'include_byok_in_budgets' as const,
];
const SELECTS = BUILTINS.map(({ slug }) => `builtin_${slug}` as const);

export type RuleField =
  | 'name'
  | 'description'
  | 'limit_usd'
  | 'reset_interval'
  | 'content_filters'
  | (typeof LISTS)[number]
  | (typeof CHOICES)[number]
  | (typeof SELECTS)[number];

export const GATEWAY_FIELDS: readonly RuleField[] = [
  ...(['name', 'description', 'limit_usd', 'reset_interval', 'content_filters'] as const),
  ...LISTS,
];

export function rulesFor(guardrail: Guardrail | null): Readonly<Record<RuleField, Rule<RuleField>>> {
  const all = [...LISTS, ...CHOICES, ...SELECTS, 'description', 'reset_interval'] as const;
  return {
    ...(Object.fromEntries(all.map((field) => [field, optional])) as unknown as Readonly<
      Record<(typeof all)[number], Rule<RuleField>>
    >),
    name: (guardrail?.applies_to ?? null) === null ? required('Give it a name') : optional,
    limit_usd: amountProblem,
    content_filters: (text) => (parseFilters(text) === null ? FILTER_LINES : null),
  };
}

const FILTER_LINES = 'Each line is an action, a space and a pattern, such as "block ACME-[0-9]+"';
const ACTIONS = ['block', 'redact', 'flag'] as const;
const DIRECTIONS = ['input', 'output', 'both'] as const;

/** An action, and behind a colon what it is of where that is not requests alone: `redact`, `redact:both`. Null: it is neither. */
function parseWish(word: string | undefined) {
  const [name, of = 'input'] = (word ?? '').split(':');
  const action = ACTIONS.find((one) => one === name);
  const direction = DIRECTIONS.find((one) => one === of);
  if (action === undefined || direction === undefined) return null;
  return direction === 'input' ? { action } : { action, direction };
}

export function wishOf({ action, direction = 'input' }: Wish): string {
  return direction === 'input' ? action : `${action}:${direction}`;
}

type Wish = Pick<NonNullable<Guardrail['content_filters']>[number], 'action' | 'direction'>;

/** One a line: the action, the label in brackets where there is one, and the pattern. Null: a line is none. */
function parseFilters(text: string): NonNullable<Guardrail['content_filters']> | null {
  const filters: NonNullable<Guardrail['content_filters']> = [];
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const [, word, label, pattern] = /^\s*([\w:]+)(?:\s+\[([^\]]*)\])?\s(.+)$/.exec(line) ?? [];
    const wish = parseWish(word);
    if (wish === null || pattern === undefined) return null;
    filters.push({ pattern, ...wish, label: label ?? null });
  }
  return filters;
}

export function filterLines(filters: Guardrail['content_filters']): string {
  return (filters ?? [])
    .map((filter) => `${wishOf(filter)}${filter.label == null ? '' : ` [${filter.label}]`} ${filter.pattern}`)
    .join('\n');
}

/** All of them, as the form shows all. */
export function changesOf(values: Values<RuleField>, guardrail: Guardrail | null): GuardrailChanges {
  const isOn = (field: RuleField) => values[field] === 'on';
  const regions = REGIONS.flatMap(({ region }) => (isOn(`region_${region}`) ? [region] : []));
  const stored = guardrail?.content_filter_builtins ?? [];
  const builtins = BUILTINS.flatMap(({ slug }) => {
    const wish = parseWish(values[`builtin_${slug}`]);
    if (wish === null) return [];
    const { direction: _, ...known } = stored.find((one) => one.slug === slug) ?? {};
    return [{ ...known, slug, ...wish }];
  });
  const filters = parseFilters(values.content_filters) ?? [];
  const appliesTo = guardrail?.applies_to ?? null;
  return {
    ...(appliesTo === null ? { name: values.name.trim() } : {}),
    description: values.description.trim() === '' ? null : values.description.trim(),
    ...Object.fromEntries(LISTS.map((field) => [field, lines(values[field])])),
    ...Object.fromEntries(
      ZDR_GROUPS.map(({ group }) => [`enforce_zdr_${group}`, isOn(`enforce_zdr_${group}`) ? true : null]),
    ),
    enable_paid_model_training: isOn('no_paid_training') ? false : null,
    enable_free_model_training: isOn('no_free_training') ? false : null,
    enable_free_model_publication: isOn('no_free_publication') ? false : null,
    allowed_data_regions: regions.length === 0 ? null : regions,
    content_filter_builtins: builtins.length === 0 ? null : builtins,
    content_filters: filters.length === 0 ? null : filters,
    ...(appliesTo === 'account'
      ? {}
      : {
          limit_usd: amountOf(values.limit_usd),
          reset_interval: intervalOf(values.reset_interval),
          include_byok_in_budgets: isOn('include_byok_in_budgets'),
        }),
  };
}

function intervalOf(value: string): Guardrail['reset_interval'] {
  return value === 'daily' || value === 'weekly' || value === 'monthly' ? value : null;
}

/** What decides which models are left: the preview asks for nothing else. */
export function routingOf(values: Values<RuleField>, guardrail: Guardrail | null): GuardrailChanges {
  const changes = changesOf(values, guardrail);
  return {
    ...Object.fromEntries(LISTS.map((field) => [field, changes[field] ?? null])),
    ...Object.fromEntries(
      ZDR_GROUPS.map(({ group }) => [`enforce_zdr_${group}`, changes[`enforce_zdr_${group}`] ?? null]),
    ),
    enable_paid_model_training: changes.enable_paid_model_training ?? null,
    enable_free_model_training: changes.enable_free_model_training ?? null,
    enable_free_model_publication: changes.enable_free_model_publication ?? null,
  };
}

function lines(text: string): string[] | null {
  const found = text.split(/[\n,]/).flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
  return found.length === 0 ? null : found;
}
