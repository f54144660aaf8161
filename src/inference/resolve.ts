/** Model ids as the caller wrote them, to the catalogue's models. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Model } from '../catalogue/model.ts';
import { TurnpikeError } from '../errors.ts';
import { type AvailabilityCode, availability } from '../routing/availability.ts';
import type { PlannedModel } from '../routing/plan.ts';

export interface Resolved {
  readonly models: readonly PlannedModel[];
  /** The slug that chose the model, when the caller named a family and not a model. */
  readonly router: string | null;
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
): Resolved | Promise<never> {
  const models: PlannedModel[] = [];
  let router: string | null = null;
  for (const id of ids) {
    const resolution = catalogue.find(id);
    if (resolution === null) return unknownModel(catalogue, id, ids, docsUrl);
    if (resolution.variant?.includes('online')) {
      throw notFound(`${id} is not a valid model ID: web search is not available`, ids, docsUrl);
    }
    mustBe(kind, resolution.model, id, ids, docsUrl);
    router ??= resolution.router;
    const { model, variant } = resolution;
    if (!models.some((one) => one.model === model)) models.push({ model, variant });
  }
  return { models, router };
}

function mustBe(kind: ModelKind, model: Model, id: string, ids: readonly string[], docsUrl: string): void {
  const { outputs: wanted, verb } = KINDS[kind];
  if (wanted.some((output) => model.outputModalities.includes(output))) return;
  const outputs = model.outputModalities.join(', ');
  throw refused(
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
  more: { constraint?: { field: string; detail: string } } = {},
): TurnpikeError {
  const requestedModels = ids.map((id) => id.slice(0, 128));
  return new TurnpikeError(code, {
    message,
    extra: { availability: availability(availabilityCode, { requestedModels, docsUrl, ...more }) },
  });
}
