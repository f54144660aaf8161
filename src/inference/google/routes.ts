/**
 * The doors for Google's clients. `@google/genai` posts to `/v1beta/models/…` or `/v1/models/…`, with the slash of a model's id as it
 * is; `@ai-sdk/google` leaves `models/` out when an id has a slash. Keys come as Bearer or in `x-goog-api-key`, never in the query,
 * which ends up in logs.
 */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Dialect, EmbeddingsRequest } from '../../dialects/dialect.ts';
import { parseGoogleEmbeddings } from '../../dialects/google-embeddings/request.ts';
import { wholeGoogleEmbeddings } from '../../dialects/google-embeddings/whole.ts';
import { countTokens } from '../../dialects/google-generate/count.ts';
import { googleGenerate, googleGenerateList } from '../../dialects/google-generate/dialect.ts';
import { askedOf, isEmbedding } from '../../dialects/google-generate/method.ts';
import {
  apiKeyRoute,
  type Call,
  type Door,
  type KeyCall,
  publicRoute,
  type Route,
} from '../../http/route.ts';
import type { JsonObject } from '../../json.ts';
import type { EmbeddingsWriter } from '../embeddings.ts';
import type { ModelGate } from '../model-gate.ts';
import { googleListing, modelNamed } from './model-list.ts';

export interface GoogleServices {
  readonly catalogue: () => Catalogue;
  readonly readBody: (request: Request) => Promise<{ value: JsonObject; bytes: number }>;
  /** One inference request in this dialect. */
  readonly answer: (call: KeyCall, dialect: Dialect) => Promise<Response>;
  readonly embed: (call: KeyCall, parse: ParseEmbeddings) => Promise<Response>;
  /** Throws where guardrails leave nobody to serve the model. */
  readonly mustMayServe: ModelGate;
}

/** A body, and its size in bytes, as a request for vectors, with the way to answer it. Throws a 400 that names the member. */
export type ParseEmbeddings = (
  body: JsonObject,
  bytes: number,
) => { readonly request: EmbeddingsRequest; readonly write: EmbeddingsWriter };

const DOOR: Door = { errorForm: googleGenerate, keyHeaders: ['x-goog-api-key'] };

const POSTED = [
  '/api/v1beta/models/:id',
  '/api/v1beta/models/:author/:slug',
  '/api/v1beta/:author/:slug',
  '/api/v1/models/:id',
  '/api/v1/models/:author/:slug',
];

export function googleRoutes(services: GoogleServices): Route[] {
  const listing = googleListing(services.catalogue);
  const listed = (path: string, show: (call: Call) => JsonObject): Route => ({
    ...publicRoute('GET', path, (call) => Response.json(show(call))),
    ...DOOR,
  });
  return [
    ...POSTED.map((path) => apiKeyRoute('POST', path, (call) => handle(services, call), DOOR)),
    listed('/api/v1beta/models', ({ url }) => listing.page(url.searchParams)),
    listed('/api/v1beta/models/:id', ({ params }) => listing.model(params['id'] ?? '')),
    listed('/api/v1beta/models/:author/:slug', ({ params }) =>
      listing.model(`${params['author']}/${params['slug']}`),
    ),
  ];
}

async function handle(services: GoogleServices, call: KeyCall): Promise<Response> {
  const { catalogue, readBody, answer, embed } = services;
  const { model, method } = askedOf(call.params);
  if (isEmbedding(method)) {
    return await embed(call, (body, bytes) => ({
      request: parseGoogleEmbeddings(body, bytes, { model, method }),
      write: (_, answer, bill) => wholeGoogleEmbeddings(method, answer, bill),
    }));
  }
  if (method === 'countTokens') {
    const { value } = await readBody(call.request);
    services.mustMayServe(call.principal, modelNamed(catalogue(), model));
    return Response.json(countTokens(value));
  }
  return await answer(call, call.url.searchParams.get('alt') === 'sse' ? googleGenerate : googleGenerateList);
}
