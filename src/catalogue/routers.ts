/**
 * Names that choose a model for each request (OpenRouter's pages on routers), out of the operator's settings: nobody here knows what a
 * community spends. Built with the catalogue, of the models that can be called.
 */
import { ConfigError } from '../config/config-error.ts';
import type { BudgetsConfig, RouterCondition, RoutersConfig } from '../config/routing.ts';
import { isFree } from '../pricing/cost.ts';
import { ECHO_MODEL } from './echo.ts';
import type { Endpoint, Model } from './model.ts';
import { isNamedBy } from './patterns.ts';

export interface RouterRule {
  readonly when: RouterCondition;
  /** Best first. */
  readonly isRanked: boolean;
  readonly models: readonly Model[];
}

export interface Router {
  readonly slug: string;
  readonly kind: 'auto' | 'free' | 'pareto';
  /** Under which settings of a request are meant for it; null: it has none. */
  readonly pluginId: string | null;
  readonly name: string;
  readonly description: string;
  /** All that it may choose. */
  readonly models: readonly Model[];
  /** `models` are the operator's own list, best first. */
  readonly isRanked: boolean;
  /** The first that holds has the models. */
  readonly rules: readonly RouterRule[];
  /** Of `pareto` alone: by how good they are at code. */
  readonly tiers: Readonly<Record<'high' | 'medium' | 'low', readonly Model[]>> | null;
  /** How many may take over when the chosen one fails. */
  readonly fallbacks: number;
}

/** Throws a ConfigError that names each setting which means no model that can be called. */
export function buildRouters(config: RoutersConfig, models: readonly Model[]): readonly Router[] {
  const problems: string[] = [];
  const chats = models.filter(({ outputModalities }) => outputModalities.includes('text'));
  const named = (patterns: readonly string[], at: string) => modelsNamed(patterns, at, chats, problems);
  const routers: Router[] = [];
  const { auto, free, paretoCode } = config;
  if (auto.enabled) {
    const candidates =
      auto.models === null
        ? withoutEcho(chats.filter(({ id }) => !id.endsWith(':free')))
        : named(auto.models, 'routers.auto.models');
    const rules = auto.rules.map(({ when, models: patterns }, index) => ({
      when,
      isRanked: true,
      models: without(named(patterns, `routers.auto.rules[${index}].models`), auto.excludedModels),
    }));
    const kept = without(candidates, auto.excludedModels);
    const facts = {
      kind: 'auto',
      models: [...new Set([...kept, ...rules.flatMap((rule) => rule.models)])],
      isRanked: auto.models !== null,
      rules: rules.length === 0 ? [] : [...rules, { when: {}, isRanked: auto.models !== null, models: kept }],
      tiers: null,
      fallbacks: auto.fallbacks,
    } as const;
    if (facts.models.length === 0 && auto.models !== null)
      problems.push('routers.auto: no model is left to choose');
    if (facts.models.length > 0)
      routers.push(
        {
          ...facts,
          slug: 'openrouter/auto',
          pluginId: 'auto-router',
          name: 'Auto Router',
          description: 'Chooses a model that can do what the request asks for.',
        },
        {
          ...facts,
          slug: 'openrouter/auto-beta',
          pluginId: 'auto-beta-router',
          name: 'Auto Router (beta)',
          description: 'The same as the Auto Router, with settings under a plugin id of its own.',
        },
      );
  }
  if (free.enabled) {
    const candidates =
      free.models === null
        ? withoutEcho(chats.filter(({ endpoints }) => endpoints.some(isFreeEndpoint)))
        : named(free.models, 'routers.free.models');
    const kept = without(candidates, free.excludedModels);
    for (const { id, endpoints } of kept)
      if (!endpoints.some(isFreeEndpoint)) problems.push(`routers.free.models: ${id} costs something`);
    if (kept.length > 0)
      routers.push({
        slug: 'openrouter/free',
        kind: 'free',
        pluginId: null,
        name: 'Free Models Router',
        description: 'Draws one of the models that cost nothing and can do what the request asks for.',
        models: kept,
        isRanked: free.models !== null,
        rules: [],
        tiers: null,
        fallbacks: kept.length,
      });
  }
  if (paretoCode !== null) {
    const tiers = {
      high: named(paretoCode.high, 'routers.pareto_code.high'),
      medium: named(paretoCode.medium, 'routers.pareto_code.medium'),
      low: named(paretoCode.low, 'routers.pareto_code.low'),
    };
    routers.push({
      slug: 'openrouter/pareto-code',
      kind: 'pareto',
      pluginId: 'pareto-router',
      name: 'Pareto Code Router',
      description: 'The cheapest model that is as good at code as the request asks for.',
      models: [...new Set([...tiers.high, ...tiers.medium, ...tiers.low])],
      isRanked: true,
      rules: [],
      tiers,
      fallbacks: 2,
    });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  // A provider may have one of that name itself.
  return Object.freeze(routers.filter(({ slug }) => !models.some(({ id }) => id === slug)));
}

/** In the order of the patterns, and among those that one of them names in the order given. */
function modelsNamed(
  patterns: readonly string[],
  at: string,
  models: readonly Model[],
  problems: string[],
): readonly Model[] {
  const found = new Set<Model>();
  for (const [index, pattern] of patterns.entries()) {
    const matching = models.filter(({ id }) => isNamedBy(id, [pattern]));
    if (matching.length === 0 && !pattern.includes('*'))
      problems.push(`${at}[${index}]: no chat model '${pattern}' can be called; see GET /api/v1/models`);
    for (const model of matching) found.add(model);
  }
  if (found.size === 0 && patterns.every((pattern) => pattern.includes('*')))
    problems.push(`${at}: names no chat model that can be called`);
  return [...found];
}

function without(models: readonly Model[], excluded: readonly string[]): readonly Model[] {
  return excluded.length === 0 ? models : models.filter(({ id }) => !isNamedBy(id, excluded));
}

/** The built-in model answers where there is no other. */
function withoutEcho(models: readonly Model[]): readonly Model[] {
  const others = models.filter(({ id }) => id !== ECHO_MODEL.id);
  return others.length === 0 ? models : others;
}

export function isFreeEndpoint({ pricing, serviceTier }: Endpoint): boolean {
  return serviceTier === undefined && isFree(pricing);
}

/** What takes over from whom when money is spent, by model. */
export type Downgrades = ReadonlyMap<Model, Model>;

/** Throws a ConfigError for a model that is none, and for a chain that comes back to where it began. */
export function buildDowngrades({ downgrade }: BudgetsConfig, models: readonly Model[]): Downgrades {
  if (downgrade.length === 0) return new Map();
  const problems: string[] = [];
  const byId = new Map(models.map((model) => [model.id, model]));
  for (const [index, { from, to }] of downgrade.entries()) {
    const at = `budgets.downgrade[${index}]`;
    const target = byId.get(to);
    if (target === undefined)
      problems.push(`${at}.to: no model '${to}' can be called; see GET /api/v1/models`);
    else if (!target.outputModalities.includes('text')) problems.push(`${at}.to: ${to} does not chat`);
    if (from === to) problems.push(`${at}: ${to} cannot take over from itself`);
  }
  const next = new Map<Model, Model>();
  for (const model of models) {
    // What costs nothing needs nobody to take over, and a pattern that names its own target does not mean it.
    if (model.endpoints.every(isFreeEndpoint)) continue;
    const rule = downgrade.find(({ from, to }) => isNamedBy(model.id, [from]) && to !== model.id);
    const target = rule === undefined ? undefined : byId.get(rule.to);
    if (target !== undefined) next.set(model, target);
  }
  const loop = models.find((model) => isLoop(model, next));
  if (loop !== undefined) problems.push(`budgets.downgrade: ${loopText(loop, next)} goes round in a circle`);
  if (problems.length > 0) throw new ConfigError(problems);
  return next;
}

function isLoop(first: Model, next: Downgrades): boolean {
  for (let model = next.get(first), steps = 0; model !== undefined; model = next.get(model), steps += 1) {
    if (model === first) return true;
    if (steps > next.size) return false;
  }
  return false;
}

function loopText(first: Model, next: Downgrades): string {
  const ids = [first.id];
  for (let model = next.get(first); model !== undefined && model !== first; model = next.get(model))
    ids.push(model.id);
  return [...ids, first.id].join(' → ');
}
