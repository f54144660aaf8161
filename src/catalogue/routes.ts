/** The public listings of models, endpoints and providers. */
import type { Principal } from '../auth/principal.ts';
import type { Clock } from '../clock.ts';
import { TurnpikeError } from '../errors.ts';
import { anyKeyRoute, type Call, publicRoute, type Route } from '../http/route.ts';
import { changesWithTime } from '../pricing/json.ts';
import type { Catalogue } from './catalogue.ts';
import { codexModelJson, isForCodex } from './codex-model.ts';
import {
  endpointJson,
  type FiguresOf,
  isZeroRetention,
  modelEndpointsJson,
  providerJson,
} from './endpoint-json.ts';
import { hasOutput, nextLink, pageOf, type Row, selectRows } from './filters.ts';
import { type GoogleListing, isGoogleClient } from './google-listing.ts';
import type { Model } from './model.ts';
import { modelJson } from './model-json.ts';
import { type Page, parseModelsQuery, parseOutputModalities, parsePage } from './query.ts';
import { routerAsModel, routerJson } from './router-json.ts';
import { rssFeed } from './rss.ts';
import { withoutCatalogueSuffix } from './variants.ts';

export interface CatalogueServices {
  /** A function, so that a reloaded catalogue is seen by the next request. */
  readonly catalogue: () => Catalogue;
  readonly clock: Clock;
  readonly figuresOf: FiguresOf;
  /** Somebody with a key of ours: only they see how fast an endpoint is. */
  readonly isKnown: (request: Request) => Promise<boolean>;
  readonly google: GoogleListing;
  /** Whether the caller's guardrails leave anybody to serve a model; null: every one. */
  readonly allowedFor: (principal: Principal) => ((model: Model) => boolean) | null;
  /** Null: nobody with a key of ours. */
  readonly principalOf: (request: Request) => Promise<Principal | null>;
}

export function catalogueRoutes({
  catalogue,
  clock,
  figuresOf,
  isKnown,
  google,
  allowedFor,
  principalOf,
}: CatalogueServices): Route[] {
  const rendered = new RenderedRows();

  function listingText(call: Call, rows: readonly Row[], page: Page | null): string {
    const shown = pageOf(rows, page);
    const texts = shown.map((row) => rendered.text(row, clock.nowMs()));
    const links = JSON.stringify({ next: nextLink(call.url, page, rows.length) });
    const forCodex = call.url.searchParams.has('client_version') ? `,"models":${codexModels(shown)}` : '';
    return `{"object":"list","data":[${texts.join(',')}],"total_count":${rows.length},"links":${links}${forCodex}}`;
  }

  function listing(call: Call, rows: readonly Row[], page: Page | null): Response {
    return json(listingText(call, rows, page));
  }

  async function figuresFor({ request }: Call): Promise<FiguresOf> {
    if (await isKnown(request)) return figuresOf;
    return (...of) => ({ ...figuresOf(...of), latency_last_30m: null, throughput_last_30m: null });
  }

  /** Null: it is the name of no router. */
  function routerRow(id: string): Row | null {
    const found = catalogue().find(id) === null ? catalogue().findRouter(id) : null;
    return found === null ? null : { model: routerAsModel(found.found), alias: null, router: found.found };
  }

  function requested(id: string): Model {
    const resolution = catalogue().find(id);
    if (resolution === null) throw new TurnpikeError('not_found', { message: `Model ${id} not found` });
    return resolution.model;
  }

  /** A catalogue variant that its model does not have is an entry without endpoints here, where others answer 404. */
  function requestedOrUnserved(id: string): Model {
    const base = catalogue().find(id) === null ? withoutCatalogueSuffix(id) : null;
    const router = routerRow(id);
    if (router !== null) return router.model;
    return base === null ? requested(id) : { ...requested(base), id, endpoints: [] };
  }

  function bareRow({ request }: Call, id: string): Response {
    if (isGoogleClient(request.headers)) return Response.json(google.model(id));
    return json(rendered.text(routerRow(id) ?? { model: requested(id), alias: null }, clock.nowMs()));
  }

  function rowsWithOutput(wanted: readonly string[] | null): readonly Row[] {
    return rowsOf(catalogue()).filter((row) => hasOutput(row.model, wanted));
  }

  /** Without what guardrails take away; of a router, as long as one of its models is left. */
  function rowsFor(principal: Principal | null, rows: readonly Row[]): readonly Row[] {
    const isAllowed = principal === null ? null : allowedFor(principal);
    if (isAllowed === null) return rows;
    return rows.filter(({ model, router }) =>
      router === undefined ? isAllowed(model) : router.models.some(isAllowed),
    );
  }

  return [
    publicRoute('GET', '/api/v1/models', (call) => {
      if (isGoogleClient(call.request.headers)) return Response.json(google.page(call.url.searchParams));
      const query = parseModelsQuery(call.url.searchParams);
      const rows = selectRows(rowsOf(catalogue()), query, clock.nowMs());
      if (!query.rss) return withTag(call.request, listingText(call, rows, query.page));
      const feed = rssFeed(pageOf(rows, query.page), call.url.origin, query.rssChatLinks);
      return new Response(feed, { headers: { 'content-type': 'application/rss+xml; charset=utf-8' } });
    }),
    publicRoute('GET', '/api/v1/models/count', (call) => {
      const count = rowsWithOutput(parseOutputModalities(call.url.searchParams)).length;
      return Response.json({ data: { count } });
    }),
    anyKeyRoute('GET', '/api/v1/models/user', (call) => {
      const query = call.url.searchParams;
      const rows = rowsWithOutput(parseOutputModalities(query));
      return listing(call, rowsFor(call.principal, rows), parsePage(query));
    }),
    publicRoute('GET', '/api/v1/embeddings/models', async (call) => {
      const rows = rowsFor(await principalOf(call.request), rowsWithOutput(['embeddings']));
      return listing(call, rows, parsePage(call.url.searchParams));
    }),
    publicRoute('GET', '/api/v1/model/:author/:slug', (call) => {
      const id = `${call.params['author']}/${call.params['slug']}`;
      const row = routerRow(id) ?? { model: requested(id), alias: null };
      return json(`{"data":${rendered.text(row, clock.nowMs())}}`);
    }),
    publicRoute('GET', '/api/v1/models/:author/:slug/endpoints', async (call) => {
      const model = requestedOrUnserved(`${call.params['author']}/${call.params['slug']}`);
      return Response.json({ data: modelEndpointsJson(model, await figuresFor(call), clock.nowMs()) });
    }),
    // Not OpenRouter's paths: clients of OpenAI's API look up one model, some with the slash escaped, and expect a bare row.
    publicRoute('GET', '/api/v1/models/:id', (call) => bareRow(call, call.params['id'] ?? '')),
    publicRoute('GET', '/api/v1/models/:author/:slug', (call) =>
      bareRow(call, `${call.params['author']}/${call.params['slug']}`),
    ),
    publicRoute('GET', '/api/v1/providers', () =>
      Response.json({ data: catalogue().providers.map(providerJson) }),
    ),
    publicRoute('GET', '/api/v1/endpoints/zdr', async (call) => {
      const nowMs = clock.nowMs();
      const figures = await figuresFor(call);
      const data = catalogue().models.flatMap((model) =>
        model.endpoints
          .filter(isZeroRetention)
          .map((endpoint) => endpointJson(model, endpoint, figures, nowMs)),
      );
      return Response.json({ data });
    }),
  ];
}

/** Models in their order, then the names that move with them. */
function rowsOf(catalogue: Catalogue): readonly Row[] {
  return [
    ...catalogue.models.map((model) => ({ model, alias: null })),
    ...catalogue.latestAliases.map(({ slug, target }) => ({ model: target, alias: slug })),
    ...catalogue.routers.map((router) => ({ model: routerAsModel(router), alias: null, router })),
  ];
}

/** Keeps each row's JSON text, since models are frozen: a list of hundreds is joined, not rendered. */
class RenderedRows {
  readonly #texts = new WeakMap<Model, Map<string | null, string>>();

  text({ model, alias, router }: Row, nowMs: number): string {
    if (router !== undefined) return JSON.stringify(routerJson(router));
    const top = model.endpoints[0];
    if (top !== undefined && changesWithTime(top.pricing))
      return JSON.stringify(modelJson(model, nowMs, alias));
    let texts = this.#texts.get(model);
    if (texts === undefined) {
      texts = new Map();
      this.#texts.set(model, texts);
    }
    let text = texts.get(alias);
    if (text === undefined) {
      text = JSON.stringify(modelJson(model, nowMs, alias));
      texts.set(alias, text);
    }
    return text;
  }
}

function codexModels(rows: readonly Row[]): string {
  const models = rows
    .filter(
      ({ model, alias, router }) => router === undefined && isForCodex({ ...model, id: alias ?? model.id }),
    )
    .map(({ model, alias }, priority) =>
      codexModelJson(model, { slug: alias ?? model.id, name: model.name, priority }),
    );
  return JSON.stringify(models);
}

/** Clients that ask at every start are spared what they have. */
function withTag(request: Request, text: string): Response {
  const etag = `"${Bun.hash(text).toString(36)}"`;
  const known = request.headers.get('if-none-match')?.split(',') ?? [];
  if (known.some((tag) => tag.trim().replace(/^W\//, '') === etag)) {
    return new Response(null, { status: 304, headers: { etag } });
  }
  return new Response(text, { headers: { 'content-type': 'application/json', etag } });
}

function json(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'application/json' } });
}
