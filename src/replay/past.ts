/**
 * What a draft of a guardrail would have made of requests that were served, one after the other as they came. No I/O. It knows what
 * became of each request, not all that its caller would have put up with: whether another endpoint would have done is told apart, and
 * prompts, which nobody keeps, are not read again.
 */
import type { Endpoint, Model } from '../catalogue/model.ts';
import type { NanoUsd } from '../money.ts';
import type { Policy } from '../policy/policy.ts';
import { brokenRules, exclusionByPolicy } from '../routing/policy-verdict.ts';
import { type WindowKind, windowId } from '../window.ts';

/** A generation, as far as it matters here. */
export interface PastRequest {
  readonly createdAtMs: number;
  readonly keyHash: string;
  /** Canonical slug. */
  readonly model: string;
  /** Null: none is known. */
  readonly endpointTag: string | null;
  readonly isByok: boolean;
  readonly costNanoUsd: NanoUsd;
  /** At the catalogue's prices. */
  readonly upstreamCostNanoUsd: NanoUsd;
}

export interface DraftBudget {
  readonly limitNanoUsd: NanoUsd;
  readonly window: WindowKind;
  readonly includesByok: boolean;
  readonly holders: readonly HolderKind[];
}

export type HolderKind = 'key' | 'member';

/** `rerouted`: the endpoint that served may not, and another one of the model may. `unknown`: the catalogue has it no more. */
export type Outcome = 'unchanged' | 'rerouted' | 'refused' | 'unknown';

export interface Count {
  requests: number;
  costNanoUsd: NanoUsd;
}

export interface BudgetReached {
  readonly holder: HolderKind;
  readonly holderId: string;
  readonly windowId: string;
  /** Of the first request that it would have refused. */
  readonly sinceMs: number;
  /** What was let through by then. */
  readonly spentNanoUsd: NanoUsd;
  readonly refused: Count;
}

interface Verdict {
  readonly outcome: Outcome;
  /** Names of the guardrail's fields. */
  readonly fields: readonly string[];
}

interface Spending {
  readonly budget: Omit<BudgetReached, 'sinceMs' | 'spentNanoUsd' | 'refused'>;
  spentNanoUsd: NanoUsd;
  sinceMs: number | null;
  readonly refused: Count;
}

export interface ReplayOptions {
  readonly policy: Policy;
  /** Null: the draft has none. */
  readonly budget: DraftBudget | null;
  readonly findModel: (canonicalSlug: string) => Model | null;
  /** Null: the key belongs to its workspace, and no member's budget binds it. */
  readonly creatorOf: (keyHash: string) => string | null;
  /** Requests before it only count towards budgets. */
  readonly startMs: number;
}

export class Replay {
  readonly all: Count = nothing();
  readonly outcomes: Readonly<Record<Outcome, Count>> = {
    unchanged: nothing(),
    rerouted: nothing(),
    refused: nothing(),
    unknown: nothing(),
  };
  /** Of requests that are refused or rerouted, by the fields that do it: a request may be in several. */
  readonly byRule = new Map<string, Count>();
  readonly byModel = new Map<string, { readonly all: Count; readonly refused: Count }>();
  readonly byKey = new Map<string, { readonly all: Count; readonly refused: Count }>();
  readonly #options: ReplayOptions;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #spending = new Map<string, Spending>();

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** In the order in which they came. */
  add(request: PastRequest): void {
    const verdict = this.#verdictOn(request);
    const spent = verdict.outcome === 'refused' ? [] : this.#spendingOf(request);
    const limit = this.#options.budget?.limitNanoUsd ?? 0n;
    const over = spent.filter(({ spentNanoUsd }) => spentNanoUsd >= limit);
    if (over.length === 0) {
      const amount = this.#countsAs(request);
      for (const one of spent) one.spentNanoUsd += amount;
    }
    if (request.createdAtMs < this.#options.startMs) return;
    for (const one of over) {
      one.sinceMs ??= request.createdAtMs;
      add(one.refused, request);
    }
    this.#count(request, over.length > 0 ? { outcome: 'refused', fields: ['limit_usd'] } : verdict);
  }

  /** Those that would have refused something, the first ones first. */
  get reached(): readonly BudgetReached[] {
    return [...this.#spending.values()]
      .flatMap(({ budget, sinceMs, spentNanoUsd, refused }) =>
        sinceMs === null ? [] : [{ ...budget, sinceMs, spentNanoUsd, refused }],
      )
      .sort((one, other) => one.sinceMs - other.sinceMs);
  }

  #count(request: PastRequest, { outcome, fields }: Verdict): void {
    const model = at(this.byModel, request.model, pair);
    const key = at(this.byKey, request.keyHash, pair);
    for (const count of [this.all, model.all, key.all, this.outcomes[outcome]]) add(count, request);
    for (const field of fields) add(at(this.byRule, field, nothing), request);
    if (outcome === 'refused') for (const { refused } of [model, key]) add(refused, request);
  }

  #verdictOn({ model, endpointTag }: PastRequest): Verdict {
    return at(this.#verdicts, `${model} ${endpointTag}`, () => this.#judge(model, endpointTag));
  }

  #judge(slug: string, tag: string | null): Verdict {
    const { policy, findModel } = this.#options;
    const model = findModel(slug);
    const endpoint = model?.endpoints.find((one) => one.tag === tag);
    if (model === null || endpoint === undefined) return UNKNOWN;
    if (exclusionByPolicy(policy, model, endpoint) === null) return UNCHANGED;
    const mayServe = (one: Endpoint) => exclusionByPolicy(policy, model, one) === null;
    return {
      outcome: model.endpoints.some(mayServe) ? 'rerouted' : 'refused',
      fields: brokenRules(policy, model, endpoint).map(({ field }) => field),
    };
  }

  #spendingOf({ keyHash, createdAtMs }: PastRequest): Spending[] {
    const { budget, creatorOf } = this.#options;
    if (budget === null) return [];
    const id = windowId(budget.window, createdAtMs);
    return budget.holders.flatMap((holder) => {
      const holderId = holder === 'key' ? keyHash : creatorOf(keyHash);
      if (holderId === null) return [];
      return at(this.#spending, `${holder} ${holderId} ${id}`, () => ({
        ...{
          budget: { holder, holderId, windowId: id },
          spentNanoUsd: 0n,
          sinceMs: null,
          refused: nothing(),
        },
      }));
    });
  }

  /** What goes through a caller's own provider key counts by the catalogue's price, or with what is charged for it. */
  #countsAs({ isByok, costNanoUsd, upstreamCostNanoUsd }: PastRequest): NanoUsd {
    return isByok && this.#options.budget?.includesByok === true ? upstreamCostNanoUsd : costNanoUsd;
  }
}

const UNKNOWN: Verdict = { outcome: 'unknown', fields: [] };
const UNCHANGED: Verdict = { outcome: 'unchanged', fields: [] };

function nothing(): Count {
  return { requests: 0, costNanoUsd: 0n };
}

const pair = () => ({ all: nothing(), refused: nothing() });

function add(count: Count, { costNanoUsd }: PastRequest): void {
  count.requests += 1;
  count.costNanoUsd += costNanoUsd;
}

function at<V>(map: Map<string, V>, name: string, make: () => V): V {
  const known = map.get(name);
  if (known !== undefined) return known;
  const made = make();
  map.set(name, made);
  return made;
}
