/** Model ids as the caller wrote them, to the catalogue's models. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Model } from '../catalogue/model.ts';
import { TurnpikeError } from '../errors.ts';

export interface Resolved {
  readonly models: readonly Model[];
  /** The slug that chose the model, when the caller named a family and not a model. */
  readonly router: string | null;
}

/** Throws 400 for an id that names nothing, 404 for a model of which no provider is switched on. */
export async function resolveModels(catalogue: Catalogue, ids: readonly string[]): Promise<Resolved> {
  const models = new Set<Model>();
  let router: string | null = null;
  for (const id of ids) {
    const resolution = catalogue.find(id);
    if (resolution === null) throw await unknownModel(catalogue, id);
    if (resolution.variant?.includes('online')) {
      throw new TurnpikeError('model_not_found', {
        message: `${id} is not a valid model ID: web search is not available`,
      });
    }
    router ??= resolution.router;
    models.add(resolution.model);
  }
  return { models: [...models], router };
}

async function unknownModel(catalogue: Catalogue, id: string): Promise<TurnpikeError> {
  const shown = id.slice(0, 128);
  const known = await catalogue.isKnown(id);
  if (known === null)
    return new TurnpikeError('model_not_found', { message: `${shown} is not a valid model ID` });
  return new TurnpikeError('no_endpoints', {
    message: `No provider of ${shown} is switched on. Set one of: ${known.join(', ')}.`,
  });
}
