/** What a body says, as the columns of a guardrail's row. Models and providers are known by one name each from here on. */
import { invalidField } from '../errors.ts';
import { listOf, type StoredBuiltin, type StoredFilter } from '../policy/fold.ts';
import { ZDR_GROUPS } from '../policy/policy.ts';
import type { Bit } from '../storage/schema.ts';
import type { GuardrailPatch } from './fields.ts';
import type { GuardrailServices } from './services.ts';
import type { GuardrailRow } from './store.ts';

type Names = Pick<GuardrailServices, 'catalogue' | 'isProvider'>;

/** Omitted members change nothing, null takes away, and a list takes the place of the one before. `before`: as it is stored now. */
export async function columnsOf(
  names: Names,
  wanted: GuardrailPatch,
  before: GuardrailRow,
): Promise<Partial<GuardrailRow>> {
  const columns: Partial<GuardrailRow> = {};
  const { name, description, limit_usd, reset_interval, include_byok_in_budgets, allowed_data_regions } =
    wanted;
  if (name !== undefined) columns.name = name;
  if (description !== undefined) columns.description = description;
  if (limit_usd !== undefined) columns.limit_nano_usd = limit_usd;
  if (reset_interval !== undefined) columns.reset_interval = reset_interval;
  if (include_byok_in_budgets !== undefined)
    columns.include_byok_in_budgets = include_byok_in_budgets ? 1 : 0;
  if (allowed_data_regions !== undefined) columns.allowed_data_regions = json(allowed_data_regions);
  for (const field of ['allowed_models', 'ignored_models'] as const) {
    const list = wanted[field];
    if (list === undefined) continue;
    const kept = new Set(listOf(before[field]) ?? []);
    columns[field] = json(list === null ? null : await canonicalModels(names, field, list, kept));
  }
  for (const field of ['allowed_providers', 'ignored_providers'] as const) {
    const list = wanted[field];
    if (list !== undefined)
      columns[field] = json(list === null ? null : canonicalProviders(names, field, list));
  }
  for (const group of ZDR_GROUPS) {
    // The deprecated switch says what the request does not say of a group itself.
    const answer = wanted[`enforce_zdr_${group}`] ?? undefined;
    const isSaid = wanted[`enforce_zdr_${group}`] !== undefined;
    const told = isSaid ? (answer ?? null) : (wanted.enforce_zdr ?? undefined);
    if (told !== undefined) columns[`enforce_zdr_${group}`] = bit(told);
  }
  for (const field of SWITCHES) {
    const answer = wanted[field];
    if (answer !== undefined) columns[field] = bit(answer);
  }
  const { content_filter_builtins: builtins, content_filters: filters } = wanted;
  if (builtins !== undefined) columns.content_filter_builtins = json(builtins?.map(storedBuiltin) ?? null);
  if (filters !== undefined) columns.content_filters = json(filters?.map(storedFilter) ?? null);
  return columns;
}

const SWITCHES = [
  'allow_safety_retention_google',
  'allow_safety_retention_other',
  'enable_paid_model_training',
  'enable_free_model_training',
  'enable_free_model_publication',
] as const;

const bit = (answer: boolean | null): Bit | null => (answer === null ? null : answer ? 1 : 0);
const json = (list: readonly unknown[] | null): string | null =>
  list === null ? null : JSON.stringify(list);

function storedBuiltin({
  slug,
  action,
  scan_scope,
  direction,
}: NonNullable<GuardrailPatch['content_filter_builtins']>[number]): StoredBuiltin {
  return {
    ...{ slug, action },
    ...(scan_scope == null ? {} : { scan_scope }),
    ...(direction == null ? {} : { direction }),
  };
}

function storedFilter({
  pattern,
  action,
  label,
  direction,
}: NonNullable<GuardrailPatch['content_filters']>[number]): StoredFilter {
  return { pattern, action, label: label ?? null, ...(direction == null ? {} : { direction }) };
}

/** By canonical slug, however they were written. `kept`: names that are stored already, which stay when their model is gone. */
async function canonicalModels(
  { catalogue }: Names,
  field: string,
  ids: readonly string[],
  kept: ReadonlySet<string>,
): Promise<readonly string[]> {
  const known = catalogue();
  const slugs = new Set<string>();
  for (const id of ids) {
    const found = known.find(id);
    const written = id.toLowerCase();
    if (found !== null) slugs.add(found.model.canonicalSlug);
    else if (known.findRouter(id) !== null)
      throw invalidField(field, `${shown(id)} chooses among models: name those that it may choose`);
    // Models of providers that are not switched on may be named before they are.
    else if (kept.has(written) || (await known.isKnown(written)) !== null) slugs.add(written);
    else throw invalidField(field, `${shown(id)} is not a model`);
  }
  return [...slugs];
}

function canonicalProviders({ isProvider }: Names, field: string, slugs: readonly string[]): string[] {
  const written = slugs.map((slug) => slug.toLowerCase());
  for (const slug of written)
    if (!isProvider(slug)) throw invalidField(field, `${shown(slug)} is not a provider`);
  return [...new Set(written)];
}

const shown = (name: string): string => JSON.stringify(name.slice(0, 128));
