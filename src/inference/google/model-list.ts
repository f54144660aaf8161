/** The catalogue as Google lists models: `GET /v1beta/models` and `GET /v1beta/models/{model}`. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { GoogleListing } from '../../catalogue/google-listing.ts';
import type { Model } from '../../catalogue/model.ts';
import { CHAT_METHODS, EMBEDDING_METHODS, modelOf } from '../../dialects/google-generate/method.ts';
import { invalidRequest, TurnpikeError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';

const DEFAULT_PAGE = 50;
const MOST_A_PAGE = 1000;

/** What lists are made of: `catalogue` is asked anew each time. */
export function googleListing(catalogue: () => Pick<Catalogue, 'models' | 'find'>): GoogleListing {
  return {
    page: (query) => modelPage(catalogue(), query),
    model: (name) => googleModel(modelNamed(catalogue(), name)),
  };
}

/** `pageToken` is the name of the first model of the page. */
function modelPage({ models }: Pick<Catalogue, 'models'>, query: URLSearchParams): JsonObject {
  const listed = models.filter((model) => methodsOf(model) !== null);
  const token = query.get('pageToken');
  const start = token === null || token === '' ? 0 : listed.findIndex(({ id }) => id === token);
  if (start === -1) throw invalidRequest('pageToken is not one of ours');
  const end = start + pageSize(query.get('pageSize'));
  const next = listed[end];
  return {
    models: listed.slice(start, end).map(googleModel),
    ...(next === undefined ? {} : { nextPageToken: next.id }),
  };
}

function pageSize(asked: string | null): number {
  if (asked === null || asked === '' || asked === '0') return DEFAULT_PAGE;
  if (!/^\d{1,6}$/.test(asked)) throw invalidRequest('pageSize must be an integer of at least 1');
  return Math.min(MOST_A_PAGE, Number(asked));
}

/** Throws a 404 for a name of nothing. */
export function modelNamed(catalogue: Pick<Catalogue, 'find'>, name: string): Model {
  const resolution = catalogue.find(modelOf(name));
  if (resolution === null)
    throw new TurnpikeError('not_found', { message: `models/${name.slice(0, 128)} is not found` });
  return resolution.model;
}

/** Null: nothing that Google's clients can ask for. */
function methodsOf({ outputModalities }: Model): readonly string[] | null {
  if (['text', 'image', 'audio'].some((output) => outputModalities.includes(output))) return CHAT_METHODS;
  return outputModalities.includes('embeddings') ? EMBEDDING_METHODS : null;
}

function googleModel(model: Model): JsonObject {
  const [top] = model.endpoints;
  return {
    name: `models/${model.id}`,
    baseModelId: model.id,
    version: model.canonicalSlug,
    displayName: model.name,
    description: model.description,
    inputTokenLimit: model.contextLength ?? 0,
    outputTokenLimit: top?.maxCompletionTokens ?? model.contextLength ?? 0,
    supportedGenerationMethods: methodsOf(model) ?? [],
    thinking: model.reasoning !== null,
  };
}
