/** Which models a router offers a request, best first. The same for the same request, settings and catalogue. */
import type { Endpoint, Model } from '../catalogue/model.ts';
import { isNamedBy } from '../catalogue/patterns.ts';
import { isFreeEndpoint, type Router } from '../catalogue/routers.ts';
import { type MediaKind, unreadableKind } from '../chat/media.ts';
import type { RouterCondition } from '../config/routing.ts';
import { parsePriceUsd } from '../money.ts';
import { COST_TIERS, type RouterSettings } from './router-settings.ts';

/** What a request needs of a model. */
export interface Needs {
  /** Under the names of `supported_parameters`. */
  readonly parameters: readonly string[];
  readonly mediaKinds: readonly MediaKind[];
  /** Of the prompt, roughly; 0 where nobody can tell. */
  readonly promptTokens: number;
  /** Null: the caller does not say. */
  readonly maxTokens: number | null;
}

export interface Choice {
  readonly models: readonly Model[];
  /** Which of the operator's rules holds; null: there are none, or none holds. */
  readonly rule: number | null;
  /** The model of the conversation's last turn was kept. */
  readonly keptModel: boolean;
}

export interface ChoiceRequest {
  readonly router: Router;
  /** Null: the request says nothing to this router. */
  readonly settings: RouterSettings | null;
  readonly needs: Needs;
  /** Whether the caller's preferences, and what its providers can be told, leave the endpoint. */
  readonly mayServe: (model: Model, endpoint: Endpoint) => boolean;
  /** The model of the conversation's turn before; null: none is known. */
  readonly lastModelId: string | null;
}

/** Empty: no model matches the request and its restrictions. */
export function choose(request: ChoiceRequest): Choice {
  const { router, settings, needs, lastModelId } = request;
  const rule = router.rules.findIndex(({ when }) => holds(when, needs));
  const ruled = router.rules[rule];
  const offered = tierOf(router, settings) ?? ruled?.models ?? router.models;
  const able = offered.filter((model) => isAllowed(model, settings) && canServe(model, request));
  const ranked = ranking(able, { ...request, isRanked: ruled?.isRanked ?? router.isRanked });
  const rules = { rule: rule === -1 || ruled?.when === undefined ? null : ruleNumber(router, rule) };
  if (router.kind === 'free') return { models: ranked, ...rules, keptModel: false };
  const top = ranked.slice(0, 1 + router.fallbacks);
  const kept = keptOf(settings?.pinModel === true ? able : top, lastModelId);
  if (kept === null) return { models: top, ...rules, keptModel: false };
  const others = top.filter((model) => model !== kept).slice(0, router.fallbacks);
  return { models: [kept, ...others], ...rules, keptModel: true };
}

/** The last of them holds for everything, and is none of the operator's. */
function ruleNumber({ rules }: Router, rule: number): number | null {
  return rule === rules.length - 1 ? null : rule;
}

function keptOf(models: readonly Model[], id: string | null): Model | null {
  return id === null ? null : (models.find((model) => model.id === id) ?? null);
}

function holds(when: RouterCondition, { parameters, mediaKinds, promptTokens }: Needs): boolean {
  const is = (wanted: boolean | undefined, fact: boolean) => wanted === undefined || wanted === fact;
  return (
    is(when.tools, parameters.includes('tools')) &&
    is(when.images, mediaKinds.includes('image')) &&
    is(when.audio, mediaKinds.includes('audio')) &&
    is(when.video, mediaKinds.includes('video')) &&
    is(when.files, mediaKinds.includes('file')) &&
    is(when.reasoning, parameters.includes('reasoning')) &&
    is(when.structured_output, parameters.includes('response_format')) &&
    (when.min_prompt_tokens === undefined || promptTokens >= when.min_prompt_tokens)
  );
}

function isAllowed({ id }: Model, settings: RouterSettings | null): boolean {
  if (settings === null) return true;
  const { allowedModels, excludedModels } = settings;
  return (allowedModels.length === 0 || isNamedBy(id, allowedModels)) && !isNamedBy(id, excludedModels);
}

/** Parameters without which an answer is not what was asked for. */
const NEEDED = ['tools', 'response_format'];

function canServe(model: Model, { needs, mayServe, router }: ChoiceRequest): boolean {
  const { mediaKinds, parameters, promptTokens, maxTokens } = needs;
  // Here nobody has named the model, so it must be known to see what it is shown.
  if (mediaKinds.length > 0 && unreadableKind(mediaKinds, model.inputModalities) !== null) return false;
  const needed = NEEDED.filter((name) => parameters.includes(name));
  return model.endpoints.some(
    (endpoint) =>
      (router.kind !== 'free' || isFreeEndpoint(endpoint)) &&
      endpoint.contextLength >= promptTokens + (maxTokens ?? 0) &&
      (maxTokens === null ||
        endpoint.maxCompletionTokens === null ||
        endpoint.maxCompletionTokens >= maxTokens) &&
      (endpoint.supportedParameters.length === 0 ||
        needed.every((name) => endpoint.supportedParameters.includes(name))) &&
      mayServe(model, endpoint),
  );
}

function ranking(
  models: readonly Model[],
  { router, settings, isRanked }: ChoiceRequest & { readonly isRanked: boolean },
): readonly Model[] {
  if (router.kind === 'free') return models;
  const byPrice = [...models].sort((a, b) => priceOf(a) - priceOf(b) || (a.id < b.id ? -1 : 1));
  if (router.kind === 'pareto') return byPrice;
  const [from, to] = bandOf(settings, isRanked);
  const band = new Set(
    byPrice.slice(Math.floor(byPrice.length * from), Math.ceil(byPrice.length * to - 1e-9)),
  );
  const within = models.filter((model) => band.has(model));
  if (isRanked) return within;
  return [...within].sort(
    (a, b) => b.created - a.created || priceOf(a) - priceOf(b) || (a.id < b.id ? -1 : 1),
  );
}

/** Shares of the models, from the cheapest: the tier is a band, and the older setting a ceiling. */
function bandOf(settings: RouterSettings | null, isRanked: boolean): readonly [from: number, to: number] {
  const { costTier = null, costQualityTradeoff = null } = settings ?? {};
  if (costTier !== null) {
    const at = COST_TIERS.indexOf(costTier);
    return [at / COST_TIERS.length, (at + 1) / COST_TIERS.length];
  }
  if (costQualityTradeoff !== null) return [0, 0.1 + (10 - costQualityTradeoff) * 0.08];
  // An operator who named the models means them all.
  return isRanked ? [0, 1] : [0, 1 / COST_TIERS.length];
}

/** What a prompt token and a completion token cost at the cheapest endpoint of the usual tier, in pico-USD. */
function priceOf({ endpoints }: Model): number {
  return endpoints.reduce(
    (least, { pricing: { base }, serviceTier }) =>
      serviceTier === undefined ? Math.min(least, Number(base.prompt + base.completion)) : least,
    Number.POSITIVE_INFINITY,
  );
}

/** Of the router for code: those that are good enough, or, with a bound of price, all within it. Null: it has no tiers. */
function tierOf({ tiers, models }: Router, settings: RouterSettings | null): readonly Model[] | null {
  if (tiers === null) return null;
  const { minCodingScore, maxPriceUsd = null } = settings ?? {};
  if (maxPriceUsd !== null) {
    const most = parsePriceUsd(`${maxPriceUsd}e-6`);
    return models.filter(({ endpoints }) =>
      endpoints.some(({ pricing }) => most !== null && pricing.base.prompt <= most),
    );
  }
  const score = minCodingScore ?? 1;
  if (score >= 0.66) return tiers.high;
  return score >= 0.33 ? tiers.medium : tiers.low;
}
