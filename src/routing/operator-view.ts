/** The operator's providers as the operator sees them: how they do, which of their keys sit out and why, and what waits for them. */
import type { Model, Provider } from '../catalogue/model.ts';
import { isoFromMs } from '../clock.ts';
import type { JsonObject } from '../json.ts';
import { ONLY_KEY } from '../providers/provider-key.ts';
import type { Benched } from './benches.ts';
import type { EndpointHealth } from './health.ts';
import type { Probes } from './probes.ts';
import { LISTED_MINUTES } from './statistics.ts';
import type { Ways } from './ways.ts';

export interface ViewServices {
  readonly health: EndpointHealth;
  readonly ways: Ways;
  readonly probes: Probes;
}

export interface Listed {
  readonly providers: readonly Provider[];
  readonly models: readonly Model[];
}

/** One object a provider that is switched on. No key is in it, and no part of one. */
export function providersJson(
  services: ViewServices,
  { providers, models }: Listed,
  nowMs: number,
): JsonObject[] {
  return providers
    .filter(({ format }) => format !== 'echo')
    .map((provider) => ({
      slug: provider.slug,
      name: provider.name,
      format: provider.sdk?.packageName ?? provider.format,
      host: URL.parse(provider.baseUrl)?.host ?? null,
      ...figuresOf(services, provider, models, nowMs),
      credentials: credentialsOf(services, provider, nowMs),
      queue: queueOf(services, provider),
      probe: probeOf(services, provider),
    }));
}

/** Of all endpoints of the provider together, on this node. */
function figuresOf({ health }: ViewServices, { slug }: Provider, models: readonly Model[], nowMs: number) {
  let [modelCount, requests, well, downCount] = [0, 0, 0, 0];
  for (const model of models) {
    for (const endpoint of model.endpoints) {
      if (endpoint.provider.slug !== slug) continue;
      modelCount += 1;
      const candidate = { model, endpoint };
      if (health.isUnstable(candidate, nowMs)) downCount += 1;
      const uptime = health.statisticsOf(candidate)?.uptime(LISTED_MINUTES, nowMs);
      requests += uptime?.requests ?? 0;
      well += (uptime?.requests ?? 0) * (uptime?.share ?? 0);
    }
  }
  return {
    endpoints: modelCount,
    endpoints_down: downCount,
    requests_last_30m: requests,
    uptime_last_30m: requests === 0 ? null : (well / requests) * 100,
  };
}

function credentialsOf({ ways }: ViewServices, provider: Provider, nowMs: number): JsonObject[] {
  const keys = provider.keys ?? [];
  const ids = keys.length === 0 ? [ONLY_KEY] : keys.map(({ id }) => id);
  return ids.map((id) => {
    const { bench, models, inFlight } = ways.keyView(provider, id, nowMs);
    const limits = keys.find((key) => key.id === id);
    return {
      id,
      kind: provider.identity !== undefined ? 'identity' : provider.apiKey === null ? 'none' : 'key',
      bench: bench === null ? null : benchJson(bench),
      models: models.map((one) => ({ model: one.model, ...benchJson(one.bench) })),
      in_flight: inFlight,
      max_concurrent: limits?.maxConcurrent ?? null,
      requests_per_minute: limits?.requestsPerMinute ?? null,
    };
  });
}

function benchJson({ reason, untilMs, isSaid }: Benched): JsonObject {
  return { reason, until: isoFromMs(untilMs), decided_by: isSaid ? 'provider' : 'gateway' };
}

function queueOf({ ways }: ViewServices, provider: Provider): JsonObject | null {
  const { queue } = provider;
  if (queue === undefined) return null;
  const use = ways.queueOf(provider);
  return {
    running: use?.running ?? 0,
    waiting: use?.waiting ?? 0,
    max_concurrent: queue.maxConcurrent,
    max_waiting: queue.maxWaiting,
  };
}

function probeOf({ probes }: ViewServices, provider: Provider): JsonObject | null {
  const found = probes.of(provider);
  if (found === null) return null;
  const { isUp, says, atMs, models, missing } = found;
  return {
    is_up: isUp,
    says,
    at: isoFromMs(atMs),
    model_count: models?.length ?? null,
    missing_models: missing,
  };
}
