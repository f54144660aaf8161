/** Guardrails as rows to the policy of one key. No I/O. */
import type { GuardrailTable } from '../storage/guardrail-tables.ts';
import type { Bit } from '../storage/schema.ts';
import type {
  Allow,
  ContentFilter,
  FilterAction,
  FilterDirection,
  LayerRules,
  LayerScope,
  Policy,
  PolicyBudget,
  PolicyLayer,
  Region,
  ScanScope,
} from './policy.ts';
import type { BindingGuardrail, KeyPlace } from './store.ts';

/** A row, and the key or member that it binds: the key asked about, or one that authorised it. */
export interface BoundRow {
  readonly row: BindingGuardrail;
  readonly place: KeyPlace;
}

const ORDER: readonly LayerScope[] = ['account', 'workspace', 'member', 'key'];

/** Null: no guardrail binds the key. The same guardrail over a key and over the key that authorised it is one layer. */
export function foldPolicy(bound: readonly BoundRow[]): Policy | null {
  if (bound.length === 0) return null;
  const sorted = bound.toSorted((a, b) => ORDER.indexOf(a.row.via) - ORDER.indexOf(b.row.via));
  const isFirst = ({ row }: BoundRow, at: number) =>
    sorted.findIndex((other) => other.row.id === row.id && other.row.via === row.via) === at;
  const distinct = sorted.filter(isFirst).map(({ row }) => row);
  const layers = distinct.map(layerOf);
  const rules = layers.map((layer) => layer.rules);
  const demands = (group: keyof LayerRules['zdr']) => rules.some(({ zdr }) => zdr[group] === true);
  return {
    layers,
    models: allowOf(rules.map((one) => [one.allowedModels, one.ignoredModels])),
    providers: allowOf(rules.map((one) => [one.allowedProviders, one.ignoredProviders])),
    zdr: {
      anthropic: demands('anthropic'),
      openai: demands('openai'),
      google: demands('google'),
      xai: demands('xai'),
      other: demands('other'),
    },
    paidTraining: rules.every(({ paidTraining }) => paidTraining !== false),
    freeTraining: rules.every(({ freeTraining }) => freeTraining !== false),
    freePublication: rules.every(({ freePublication }) => freePublication !== false),
    regions: intersection(rules.map(({ regions }) => regions)),
    filters: distinct.flatMap((row) => filtersOf(row, 'input')),
    answerFilters: distinct.flatMap((row) => filtersOf(row, 'output')),
    budgets: budgetsOf(sorted),
  };
}

type Lists = readonly [allowed: readonly string[] | null, ignored: readonly string[] | null];

function allowOf(lists: readonly Lists[]): Allow {
  return {
    allowed: intersection(lists.map(([allowed]) => allowed)),
    ignored: new Set(lists.flatMap(([, ignored]) => ignored ?? [])),
  };
}

function intersection<T>(lists: readonly (readonly T[] | null)[]): ReadonlySet<T> | null {
  const said = lists.filter((list) => list !== null).map((list) => new Set(list));
  if (said.length === 0) return null;
  return said.reduce((left, list) => left.intersection(list));
}

function layerOf(row: BindingGuardrail): PolicyLayer {
  return { scope: row.via, guardrailId: row.id, name: row.name, rules: rulesOf(row) };
}

export function rulesOf(row: GuardrailTable): LayerRules {
  return {
    allowedModels: listOf(row.allowed_models),
    ignoredModels: listOf(row.ignored_models),
    allowedProviders: listOf(row.allowed_providers),
    ignoredProviders: listOf(row.ignored_providers),
    regions: listOf<Region>(row.allowed_data_regions),
    zdr: {
      ...isSaid('anthropic', row.enforce_zdr_anthropic),
      ...isSaid('openai', row.enforce_zdr_openai),
      ...isSaid('google', row.enforce_zdr_google),
      ...isSaid('xai', row.enforce_zdr_xai),
      ...isSaid('other', row.enforce_zdr_other),
    },
    paidTraining: flagOf(row.enable_paid_model_training),
    freeTraining: flagOf(row.enable_free_model_training),
    freePublication: flagOf(row.enable_free_model_publication),
  };
}

function isSaid<K extends keyof LayerRules['zdr']>(group: K, bit: Bit | null): Partial<Record<K, boolean>> {
  return bit === null ? {} : ({ [group]: bit === 1 } as Partial<Record<K, boolean>>);
}

export function flagOf(bit: Bit | null): boolean | null {
  return bit === null ? null : bit === 1;
}

/** Texts as a column holds them. */
export function listOf<T extends string = string>(json: string | null): readonly T[] | null {
  return json === null ? null : (JSON.parse(json) as T[]);
}

/** A filter as a column holds it; a built-in one has no label. */
export interface StoredBuiltin {
  readonly slug: string;
  readonly action: FilterAction;
  readonly scan_scope?: ScanScope;
  /** Absent: requests alone, as with OpenRouter. */
  readonly direction?: FilterDirection;
}

export interface StoredFilter {
  readonly pattern: string;
  readonly action: FilterAction;
  readonly label?: string | null;
  readonly direction?: FilterDirection;
}

export function builtinsOf({
  content_filter_builtins: json,
}: GuardrailTable): readonly StoredBuiltin[] | null {
  return json === null ? null : (JSON.parse(json) as StoredBuiltin[]);
}

export function customFiltersOf({ content_filters: json }: GuardrailTable): readonly StoredFilter[] | null {
  return json === null ? null : (JSON.parse(json) as StoredFilter[]);
}

function filtersOf(row: BindingGuardrail, at: 'input' | 'output'): readonly ContentFilter[] {
  const looksThere = ({ direction = 'input' }: { readonly direction?: FilterDirection }) =>
    direction === at || direction === 'both';
  const layer = { guardrailId: row.id, guardrailScope: row.via };
  return [
    ...(builtinsOf(row) ?? []).filter(looksThere).map(
      ({ slug, action, scan_scope }): ContentFilter => ({
        ...layer,
        ...{ kind: 'builtin', slug, action, label: null, scanScope: scan_scope ?? 'all_messages' },
      }),
    ),
    ...(customFiltersOf(row) ?? []).filter(looksThere).map(
      ({ pattern, action, label }): ContentFilter => ({
        ...layer,
        ...{ kind: 'custom', pattern, action, label: label ?? null, scanScope: 'all_messages' },
      }),
    ),
  ];
}

/** What binds everybody counts for the member, where there is one, and for the key; what is assigned counts for whom it is assigned to. */
function budgetsOf(bound: readonly BoundRow[]): readonly PolicyBudget[] {
  const budgets = new Map<string, PolicyBudget>();
  for (const { row, place } of bound) {
    if (row.limit_nano_usd === null) continue;
    const budget = {
      ...{ guardrailId: row.id, guardrailScope: row.via, limitNanoUsd: row.limit_nano_usd },
      ...{ resetInterval: row.reset_interval, includesByok: row.include_byok_in_budgets === 1 },
    };
    for (const [holder, holderId] of holdersOf(row.via, place))
      budgets.set(`${row.id} ${holder} ${holderId}`, { ...budget, holder, holderId });
  }
  return [...budgets.values()];
}

function holdersOf(via: LayerScope, place: KeyPlace): (readonly ['key' | 'member', string])[] {
  const { creatorUserId, keyHash } = place;
  const holders: (readonly ['key' | 'member', string])[] = [];
  if (via !== 'key' && creatorUserId !== null) holders.push(['member', creatorUserId]);
  if (via !== 'member') holders.push(['key', keyHash]);
  return holders;
}
