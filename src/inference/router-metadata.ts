/** `openrouter_metadata`: what routing did with a request, for callers who ask for it (OpenRouter's router-metadata page). */
import type { FilterReport } from '../filters/outcome.ts';
import type { JsonObject } from '../json.ts';
import type { AttemptRecord } from '../routing/attempt-record.ts';
import type { Candidate } from '../routing/plan.ts';

const HEADERS = ['x-openrouter-metadata', 'x-openrouter-experimental-metadata'];

/** `enabled` in any case; everything else is no. */
export function wantsRouterMetadata(headers: Headers): boolean {
  return HEADERS.some((name) => headers.get(name)?.toLowerCase() === 'enabled');
}

export interface Routed {
  /** As the caller wrote them. */
  readonly modelIds: readonly string[];
  /** The slug that chose the model; null: the caller named one. */
  readonly router: string | null;
  /** Those that might serve, in the order in which they were to be asked. */
  readonly candidates: readonly Candidate[];
  /** Of all that serve the models, also those that were left out. */
  readonly endpointCount: number;
  readonly attempts: readonly AttemptRecord[];
  /** Who answered; null: nobody. */
  readonly selected: Candidate | null;
  /** What content filters did; absent: none apply. */
  readonly filters: FilterReport | undefined;
}

export function routerMetadata(routed: Routed): JsonObject {
  const { modelIds, candidates, attempts, selected, endpointCount, filters } = routed;
  const available = candidates.map(({ model, endpoint }) => ({
    provider: endpoint.provider.name,
    model: model.canonicalSlug,
    selected: selected !== null && endpoint === selected.endpoint && model === selected.model,
  }));
  const name = selected?.endpoint.provider.name ?? 'none';
  return {
    requested: modelIds[0] ?? '',
    strategy: strategyOf(routed),
    region: null,
    summary: `available=${available.length}, selected=${name}`,
    attempt: attempts.length,
    is_byok: selected?.credential?.kind === 'byok',
    endpoints: { total: endpointCount, available },
    attempts: attempts.map(({ provider, model, status }) => ({ provider, model, status: status ?? 502 })),
    ...pipelineOf(filters),
  };
}

/** Of a request that a guardrail stopped before anybody was looked for. */
export function blockedMetadata(modelId: unknown, filters: FilterReport): JsonObject {
  return {
    requested: typeof modelId === 'string' ? modelId : '',
    strategy: 'direct',
    region: null,
    summary: 'available=0, selected=none',
    attempt: 0,
    is_byok: false,
    endpoints: { total: 0, available: [] },
    ...pipelineOf(filters),
  };
}

/** What filters found in the answer, behind what they found in the request. */
export function addStages(routing: JsonObject, report: FilterReport): void {
  const { pipeline } = pipelineOf(report);
  if (!Array.isArray(pipeline)) return;
  const known = routing['pipeline'];
  const stages = pipeline.map((stage) => ({ ...stage, data: { ...stage.data, of: 'answer' } }));
  routing['pipeline'] = [...(Array.isArray(known) ? known : []), ...stages];
}

/** One stage for each filter that found something; nothing where none did. */
function pipelineOf(filters: FilterReport | undefined): JsonObject {
  if (filters === undefined || filters.matched.length === 0) return {};
  return {
    pipeline: filters.matched.map(({ guardrail_id, guardrail_scope, filter, action, matches, found }) => ({
      type: 'guardrail',
      name: filter === 'regex-prompt-injection' ? 'regex_pi_detection' : 'content-filter',
      guardrail_id,
      guardrail_scope: guardrail_scope === 'key' ? 'api-key' : guardrail_scope,
      summary: `${filter}: ${matches} ${matches === 1 ? 'match' : 'matches'}, ${action}`,
      data: { filter, action, matches, ...(found === undefined ? {} : { patterns: found }) },
    })),
  };
}

/** In OpenRouter's words. */
function strategyOf({ router, candidates, selected }: Routed): string {
  if (router !== null) {
    if (router.startsWith('~')) return 'latest';
    const name = /^openrouter\/(auto|free|bodybuilder|fusion)\b/.exec(router)?.[1];
    return name ?? 'alias';
  }
  return selected !== null && selected.model !== candidates[0]?.model ? 'fallback' : 'direct';
}
