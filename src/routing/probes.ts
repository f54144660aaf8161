/**
 * Asks backends of the operator's own, now and then, whether they are up and which models they have: a GPU server that is restarting is
 * not found out by somebody's request. For servers that speak OpenAI's API (vLLM, Ollama, llama.cpp and the like).
 */
import type { Model, Provider } from '../catalogue/model.ts';
import type { Clock } from '../clock.ts';
import { isJsonObject, textOrNull } from '../json.ts';
import type { Logger } from '../log.ts';
import { sendSmall } from '../upstream/small-request.ts';
import type { UpstreamClient } from '../upstream/upstream.ts';
import type { Ways } from './ways.ts';

const ANSWER_MS = 5000;
/** How much longer than until the next probe somebody sits out who was not there: that one may take its time. */
const GRACE_MS = ANSWER_MS + 1000;

export interface Probed {
  readonly isUp: boolean;
  /** In a few words, for the operator. */
  readonly says: string;
  readonly atMs: number;
  /** The models that it has, by its own names; null: it does not say. */
  readonly models: readonly string[] | null;
  /** Of the models that are configured, those that it does not have. */
  readonly missing: readonly string[];
}

export interface ProbeServices {
  readonly catalogue: () => { readonly providers: readonly Provider[]; readonly models: readonly Model[] };
  readonly client: UpstreamClient;
  readonly ways: Ways;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Probes {
  readonly #services: ProbeServices;
  readonly #found = new Map<string, Probed>();
  readonly #timers = new Set<ReturnType<typeof setInterval>>();

  constructor(services: ProbeServices) {
    this.#services = services;
  }

  /** The first ones go out at once. */
  start(): void {
    for (const provider of this.#services.catalogue().providers) {
      const { probeEveryMs: everyMs } = provider;
      if (everyMs === undefined) continue;
      let isUnderWay = false;
      const probe = async () => {
        if (isUnderWay) return;
        isUnderWay = true;
        await this.probe(provider, everyMs);
        isUnderWay = false;
      };
      void probe();
      this.#timers.add(setInterval(probe, everyMs));
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
  }

  /** Null: it is not probed, or has not been yet. */
  of({ slug }: Provider): Probed | null {
    return this.#found.get(slug) ?? null;
  }

  /** Never rejects. */
  async probe(provider: Provider, everyMs: number): Promise<void> {
    const { clock, ways, logger } = this.#services;
    const { slug } = provider;
    const { isUp, says, models } = await this.#ask(provider);
    const missing = models === null ? [] : this.#configured(provider).filter((name) => !has(models, name));
    const before = this.#found.get(slug);
    const nowMs = clock.nowMs();
    this.#found.set(slug, { isUp, says, atMs: nowMs, models, missing });
    ways.probed(provider, isUp, everyMs + GRACE_MS, nowMs);
    if (before?.isUp !== isUp && (before !== undefined || !isUp))
      logger[isUp ? 'info' : 'warn'](isUp ? 'backend_up' : 'backend_down', { provider: slug, says });
    if (missing.length > 0 && before?.missing.join() !== missing.join())
      logger.warn('backend_lacks_models', {
        ...{ provider: slug, missing, has: models?.slice(0, 20) },
        remedy: 'load them there, or correct the names in turnpike.yaml',
      });
  }

  /**
   * By `/health` where there is one: vLLM, SGLang and llama.cpp list their models while they still load them, and say 503 there. Ollama
   * has none, and its list is what tells.
   */
  async #ask(provider: Provider): Promise<Pick<Probed, 'isUp' | 'says' | 'models'>> {
    const health = await this.#get(provider, `${new URL(provider.baseUrl).origin}/health`);
    if (health.status === null) return { isUp: false, says: health.text, models: null };
    if (health.status >= 500 && health.status !== 501)
      return { isUp: false, says: `/health answers ${health.status}`, models: null };
    const list = await this.#get(provider, `${provider.baseUrl}/models`);
    if (list.status === null) return { isUp: false, says: list.text, models: null };
    if (list.status >= 500) return { isUp: false, says: `/models answers ${list.status}`, models: null };
    const models = list.status === 200 ? modelsIn(list.text) : null;
    return { isUp: true, says: 'answers', models };
  }

  /** Status null: no answer, for the reason in `text`. */
  async #get({ apiKey }: Provider, url: string): Promise<{ status: number | null; text: string }> {
    const headers: Record<string, string> = apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
    try {
      return await sendSmall(this.#services.client, { method: 'GET', url, headers, body: '' }, ANSWER_MS);
    } catch (thrown) {
      return { status: null, text: thrown instanceof Error ? thrown.message : 'no answer' };
    }
  }

  #configured({ slug }: Provider): string[] {
    const names = this.#services
      .catalogue()
      .models.flatMap(({ endpoints }) =>
        endpoints.filter(({ provider }) => provider.slug === slug).map(({ upstreamModel }) => upstreamModel),
      );
    return [...new Set(names)];
  }
}

/** Null: it is no list of models. */
function modelsIn(text: string): string[] | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value) || !Array.isArray(value['data'])) return null;
    return value['data'].flatMap((model) => (isJsonObject(model) ? (textOrNull(model['id']) ?? []) : []));
  } catch {
    return null;
  }
}

/** Ollama calls `llama3.1` what it lists as `llama3.1:latest`. */
function has(models: readonly string[], name: string): boolean {
  return models.includes(name) || models.includes(`${name}:latest`);
}
