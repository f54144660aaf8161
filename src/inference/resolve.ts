/** Model ids as the caller wrote them, to the catalogue's models. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Model } from '../catalogue/model.ts';
import type { Router } from '../catalogue/routers.ts';
import { withoutCatalogueSuffix } from '../catalogue/variants.ts';
import { TurnpikeError } from '../errors.ts';
import { type AvailabilityCode, availability } from '../routing/availability.ts';
import type { PlannedModel } from '../routing/plan.ts';
import type { Routed } from './routed.ts';

export interface Resolved {
  readonly models: readonly PlannedModel[];
  /** The slug that chose the model, when the caller named a family and not a model. */
  readonly router: string | null;
  /** Of each model that a slug chose, which; null: all were named. */
  readonly routers: ReadonlyMap<Model, string> | null;
  /** What routers chose, in the caller's order; null: none was asked. */
  readonly choices: readonly Routed[] | null;
}

/** What a path is for. */
export type ModelKind = 'chat' | 'embeddings';

/** One of these a model has to give, and what it does that gives none of them. */
const KINDS: Readonly<Record<ModelKind, { readonly outputs: readonly string[]; readonly verb: string }>> = {
  chat: { outputs: ['text', 'image', 'audio'], verb: 'chat' },
  embeddings: { outputs: ['embeddings'], verb: 'embed' },
};

/**
 * Throws 400 for an id that names nothing, or a model of another kind, and 404 for a model of which no provider is switched on.
 * OpenRouter's reference has 404 for a model of another kind, its page on errors 400 `wrong_endpoint`, which says what to change.
 * `docsUrl`: of the page that explains the codes. Without a promise where every id is known.
 */
export function resolveModels(
  catalogue: Catalogue,
  ids: readonly string[],
  docsUrl: string,
  kind: ModelKind,
  routedBy?: (router: Router, variant: string | null) => Routed,
): Resolved | Promise<never> {
  const models: PlannedModel[] = [];
  let router: string | null = null;
  let routers: Map<Model, string> | null = null;
  let choices: Routed[] | null = null;
  for (const id of ids) {
    const resolution = catalogue.find(id);
    if (resolution === null) {
      const named = catalogue.findRouter(id);
      if (named === null || routedBy === undefined) return unknownModel(catalogue, id, ids, docsUrl);
      mustNotSearch(id, named.variant, ids, docsUrl);
      if (kind !== 'chat') throw wrongKind(kind, id, 'text', ids, docsUrl);
      const chosen = routedBy(named.found, named.variant);
      choices = [...(choices ?? []), chosen];
      router ??= named.found.slug;
      routers ??= new Map();
      for (const planned of chosen.planned) {
        if (models.some((one) => one.model === planned.model)) continue;
        models.push(planned);
        routers.set(planned.model, named.found.slug);
      }
      continue;
    }
    mustNotSearch(id, resolution.variant, ids, docsUrl);
    mustBe(kind, resolution.model, id, ids, docsUrl);
    router ??= resolution.router;
    const { model, variant } = resolution;
    if (models.some((one) => one.model === model)) continue;
    models.push({ model, variant });
    if (resolution.router === null) continue;
    routers ??= new Map();
    routers.set(model, resolution.router);
  }
  if (models.length === 0)
    throw choices?.find(({ refusal }) => refusal !== null)?.refusal ?? nothingMatches(ids, docsUrl);
  return { models, router, routers, choices };
}

function mustNotSearch(id: string, variant: string | null, ids: readonly string[], docsUrl: string): void {
  if (variant?.includes('online'))
    throw notFound(`${id} is not a valid model ID: web search is not available`, ids, docsUrl);
}

/** Routers were asked, and none of what they may choose can do what is asked for, or may. */
export function nothingMatches(ids: readonly string[], docsUrl: string): TurnpikeError {
  return refused(
    'no_endpoints',
    'constraint_filtered',
    'No models match your request and model restrictions',
    ids,
    docsUrl,
    {
      constraint: { field: 'plugins', detail: 'No model that the router may choose can serve this request' },
    },
  );
}

function mustBe(kind: ModelKind, model: Model, id: string, ids: readonly string[], docsUrl: string): void {
  if (KINDS[kind].outputs.some((output) => model.outputModalities.includes(output))) return;
  throw wrongKind(kind, id, model.outputModalities.join(', '), ids, docsUrl);
}

function wrongKind(
  kind: ModelKind,
  id: string,
  outputs: string,
  ids: readonly string[],
  docsUrl: string,
): TurnpikeError {
  const { verb } = KINDS[kind];
  return refused(
    'model_not_found',
    'wrong_endpoint',
    `${id} does not ${verb}: it gives ${outputs}`,
    ids,
    docsUrl,
    {
      constraint: { field: 'model', detail: `Its output is ${outputs}` },
    },
  );
}

async function unknownModel(
  catalogue: Catalogue,
  id: string,
  ids: readonly string[],
  docsUrl: string,
): Promise<never> {
  const shown = id.slice(0, 128);
  const paid = id.endsWith(':free')
    ? (catalogue.find(withoutCatalogueSuffix(id) ?? '')?.model ?? null)
    : null;
  if (paid !== null) {
    const message = `${shown} is not offered for free here; ${paid.id} is offered at its price`;
    throw refused('no_endpoints', 'free_variant_ended', message, ids, docsUrl, { fallbackModels: [paid.id] });
  }
  const known = await catalogue.isKnown(id);
  if (known === null) throw notFound(`${shown} is not a valid model ID`, ids, docsUrl);
  const message = `No provider of ${shown} is switched on. Set one of: ${known.join(', ')}.`;
  throw refused('no_endpoints', 'no_endpoints', message, ids, docsUrl);
}

function notFound(message: string, ids: readonly string[], docsUrl: string): TurnpikeError {
  return refused('model_not_found', 'model_not_found', message, ids, docsUrl);
}

function refused(
  code: 'model_not_found' | 'no_endpoints',
  availabilityCode: AvailabilityCode,
  message: string,
  ids: readonly string[],
  docsUrl: string,
  more: { constraint?: { field: string; detail: string }; fallbackModels?: readonly string[] } = {},
): TurnpikeError {
  const requestedModels = ids.map((id) => id.slice(0, 128));
  return new TurnpikeError(code, {
    message,
    extra: { availability: availability(availabilityCode, { requestedModels, docsUrl, ...more }) },
  });
}
