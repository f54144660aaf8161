/**
 * Spend as FinOps tools read it: FOCUS 1.2 (FinOps Open Cost and Usage Specification), one row for a UTC day of a key, a model, a
 * provider and who paid it. Its mandatory columns, the conditional ones that apply, and ours, which begin with `x_` as it wants. No I/O.
 */

import type { Cell } from '../csv.ts';
import { chargedNanoUsd } from '../metering/generation.ts';
import { formatAmountUsd, unitPriceUsd } from '../money.ts';
import type { NamedGeneration } from './generation-columns.ts';

export interface FocusAccount {
  readonly id: string;
  readonly name: string;
  /** The gateway itself, as its users reach it. */
  readonly gateway: string;
}

interface Sums {
  readonly first: NamedGeneration;
  readonly day: string;
  requests: number;
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
  costNanoUsd: bigint;
  listNanoUsd: bigint;
}

type FocusColumn = readonly [name: string, cell: (sums: Sums, account: FocusAccount) => Cell];

const charged = ({ costNanoUsd }: Sums) => formatAmountUsd(costNanoUsd);
const tokensOf = ({ promptTokens, completionTokens }: Sums) => promptTokens + completionTokens;
/** A null amount has a null unit: work that is not counted in tokens, such as a request that failed. */
const ifTokens = (sums: Sums, cell: Cell) => (tokensOf(sums) === 0 ? null : cell);
const priceOf = (sums: Sums, amount: bigint) =>
  tokensOf(sums) === 0 ? null : unitPriceUsd(amount, tokensOf(sums));

export const FOCUS_COLUMNS: readonly FocusColumn[] = [
  ['BilledCost', charged],
  ['BillingAccountId', (_, { id }) => id],
  ['BillingAccountName', (_, { name }) => name],
  ['BillingAccountType', () => 'Account'],
  ['BillingCurrency', () => 'USD'],
  ['BillingPeriodEnd', ({ day }) => monthOf(day, 1)],
  ['BillingPeriodStart', ({ day }) => monthOf(day, 0)],
  ['ChargeCategory', () => 'Usage'],
  // Null: it corrects nothing.
  ['ChargeClass', () => null],
  ['ChargeDescription', ({ first, requests }) => `${requests} requests to ${first.row.model}`],
  ['ChargeFrequency', () => 'Usage-Based'],
  ['ChargePeriodEnd', ({ day }) => dayAfter(day)],
  ['ChargePeriodStart', ({ day }) => `${day}T00:00:00Z`],
  ['ConsumedQuantity', (sums) => ifTokens(sums, tokensOf(sums))],
  ['ConsumedUnit', (sums) => ifTokens(sums, 'Tokens')],
  ['ContractedCost', charged],
  ['ContractedUnitPrice', (sums) => priceOf(sums, sums.costNanoUsd)],
  ['EffectiveCost', charged],
  ['InvoiceIssuerName', (_, { gateway }) => gateway],
  ['ListCost', ({ listNanoUsd }) => formatAmountUsd(listNanoUsd)],
  ['ListUnitPrice', (sums) => priceOf(sums, sums.listNanoUsd)],
  ['PricingCategory', () => 'Standard'],
  ['PricingQuantity', (sums) => ifTokens(sums, tokensOf(sums))],
  ['PricingUnit', (sums) => ifTokens(sums, 'Tokens')],
  ['ProviderName', (_, { gateway }) => gateway],
  ['PublisherName', ({ first }) => first.row.provider_name ?? first.row.provider_slug],
  ['RegionId', () => null],
  ['RegionName', () => null],
  ['ResourceId', ({ first }) => first.row.key_hash],
  ['ResourceName', ({ first }) => first.keyName],
  ['ResourceType', () => 'API Key'],
  ['ServiceCategory', () => 'AI and Machine Learning'],
  ['ServiceName', ({ first }) => first.row.model],
  ['ServiceSubcategory', () => 'Generative AI'],
  ['SkuId', ({ first }) => first.row.model_permaslug],
  ['SkuMeter', () => 'Tokens'],
  ['SkuPriceId', ({ first }) => `${first.row.model_permaslug}/${first.row.endpoint_tag ?? ''}`],
  ['SubAccountId', ({ first }) => first.row.workspace_id],
  ['SubAccountName', () => null],
  ['SubAccountType', ({ first }) => (first.row.workspace_id === null ? null : 'Workspace')],
  ['Tags', ({ first }) => JSON.stringify({ api_type: first.row.api_type })],
  ['x_Byok', ({ first }) => first.row.is_byok === 1],
  ['x_CachedTokens', ({ cachedTokens }) => cachedTokens],
  ['x_CompletionTokens', ({ completionTokens }) => completionTokens],
  ['x_CostNanoUsd', ({ costNanoUsd }) => costNanoUsd],
  ['x_PromptTokens', ({ promptTokens }) => promptTokens],
  ['x_Requests', ({ requests }) => requests],
];

/** So many groups wait for the end of their day; beyond that a group is told in two rows, which add up to the same. */
const MAX_GROUPS = 20_000;

/** Sums up generations that come in order of time. */
export class FocusRows {
  readonly #account: FocusAccount;
  readonly #groups = new Map<string, Sums>();
  #day = '';

  constructor(account: FocusAccount) {
    this.#account = account;
  }

  /** The rows of what is over by now: usually none. */
  add(generation: NamedGeneration): Cell[][] {
    const { row } = generation;
    const day = new Date(row.created_at_ms).toISOString().slice(0, 10);
    const ready = day !== this.#day || this.#groups.size >= MAX_GROUPS ? this.end() : [];
    this.#day = day;
    const { key_hash, workspace_id, model_permaslug, endpoint_tag, provider_slug, api_type, is_byok } = row;
    const group = JSON.stringify([
      ...[key_hash, workspace_id, model_permaslug, endpoint_tag, provider_slug, api_type, is_byok],
    ]);
    let sums = this.#groups.get(group);
    if (sums === undefined) {
      const tokens = { promptTokens: 0, completionTokens: 0, cachedTokens: 0 };
      sums = { first: generation, day, requests: 0, ...tokens, costNanoUsd: 0n, listNanoUsd: 0n };
      this.#groups.set(group, sums);
    }
    sums.requests += 1;
    sums.promptTokens += row.prompt_tokens;
    sums.completionTokens += row.completion_tokens;
    sums.cachedTokens += row.cached_tokens;
    sums.costNanoUsd += chargedNanoUsd(row);
    // What a caller's own key has paid for elsewhere is no price of ours.
    sums.listNanoUsd += row.is_byok === 1 ? row.byok_fee_nano_usd : row.upstream_cost_nano_usd;
    return ready;
  }

  end(): Cell[][] {
    const rows = [...this.#groups.values()].map((sums) =>
      FOCUS_COLUMNS.map(([, cell]) => cell(sums, this.#account)),
    );
    this.#groups.clear();
    return rows;
  }
}

function dayAfter(day: string): string {
  return `${new Date(Date.parse(day) + 24 * 3_600_000).toISOString().slice(0, 10)}T00:00:00Z`;
}

function monthOf(day: string, later: number): string {
  const [year = 0, month = 1] = day.split('-').map(Number);
  return `${new Date(Date.UTC(year, month - 1 + later, 1)).toISOString().slice(0, 10)}T00:00:00Z`;
}
