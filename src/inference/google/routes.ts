/**
 * The doors for Google's clients. `@google/genai` posts to `/v1beta/models/…` or `/v1/models/…`, with the slash of a model's id as it
 * is; `@ai-sdk/google` leaves `models/` out when an id has a slash. Keys come as Bearer or in `x-goog-api-key`, never in the query,
 * which ends up in logs.
 */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Dialect } from '../../dialects/dialect.ts';
import { countTokens } from '../../dialects/google-generate/count.ts';
import { googleGenerate, googleGenerateList } from '../../dialects/google-generate/dialect.ts';
import { askedOf } from '../../dialects/google-generate/method.ts';
import {
  apiKeyRoute,
  type Call,
  type Door,
  type KeyCall,
  publicRoute,
  type Route,
} from '../../http/route.ts';
import type { JsonObject } from '../../json.ts';
import { modelNamed, modelPage, oneModel } from './model-list.ts';

export interface GoogleServices {
  readonly catalogue: () => Catalogue;
  readonly readBody: (request: Request) => Promise<{ value: JsonObject; bytes: number }>;
  /** One inference request in this dialect. */
  readonly answer: (call: KeyCall, dialect: Dialect) => Promise<Response>;
}

const DOOR: Door = { errorForm: googleGenerate, keyHeaders: ['x-goog-api-key'] };

const POSTED = [
  '/api/v1beta/models/:id',
  '/api/v1beta/models/:author/:slug',
  '/api/v1beta/:author/:slug',
  '/api/v1/models/:id',
  '/api/v1/models/:author/:slug',
];

export function googleRoutes(services: GoogleServices): Route[] {
  const { catalogue } = services;
  const listed = (path: string, show: (call: Call) => JsonObject): Route => ({
    ...publicRoute('GET', path, (call) => Response.json(show(call))),
    ...DOOR,
  });
  return [
    ...POSTED.map((path) => apiKeyRoute('POST', path, (call) => handle(services, call), DOOR)),
    listed('/api/v1beta/models', (call) => modelPage(catalogue(), call.url.searchParams)),
    listed('/api/v1beta/models/:id', ({ params }) => oneModel(catalogue(), params['id'] ?? '')),
    listed('/api/v1beta/models/:author/:slug', ({ params }) =>
      oneModel(catalogue(), `${params['author']}/${params['slug']}`),
    ),
  ];
}

async function handle({ catalogue, readBody, answer }: GoogleServices, call: KeyCall): Promise<Response> {
  const { model, method } = askedOf(call.params);
  if (method === 'countTokens') {
    const { value } = await readBody(call.request);
    modelNamed(catalogue(), model);
    return Response.json(countTokens(value));
  }
  return await answer(call, call.url.searchParams.get('alt') === 'sse' ? googleGenerate : googleGenerateList);
}
