/** How a request is asked for. What is short stands in the page's address, and so can be passed on; texts stay in the tab. */

export const EFFORTS = ['', 'none', 'minimal', 'low', 'medium', 'high', 'xhigh'] as const;
export const SORTS = ['', 'price', 'throughput', 'latency'] as const;
/** More do not stand side by side. */
export const MAX_MODELS = 4;

export interface Settings {
  readonly system: string;
  /** JSON: a list. */
  readonly tools: string;
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly maxTokens: number | null;
  readonly effort: string;
  /** Slugs of providers, the first one first. */
  readonly order: readonly string[];
  readonly sort: string;
  readonly fallbacks: boolean;
}

export interface PlaygroundSearch extends Omit<Settings, 'system' | 'tools'> {
  readonly models: readonly string[];
  readonly keyHash: string | null;
}

type Search = Readonly<Record<string, unknown>>;

export function playgroundSearchOf(search: Search): PlaygroundSearch {
  const effort = EFFORTS.find((known) => known === search['effort']) ?? '';
  const sort = SORTS.find((known) => known === search['sort']) ?? '';
  // `model` as well: it is what links to one say.
  const models = listOf(search['models'] ?? search['model']);
  return {
    models: [...new Set(models)].slice(0, MAX_MODELS),
    keyHash: typeof search['key'] === 'string' && search['key'] !== '' ? search['key'] : null,
    temperature: numberOf(search['temperature']),
    topP: numberOf(search['top_p']),
    maxTokens: numberOf(search['max_tokens']),
    ...{ effort, sort, order: listOf(search['order']), fallbacks: search['fallbacks'] !== '0' },
  };
}

function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : null;
}

function listOf(value: unknown): string[] {
  if (typeof value !== 'string') return [];
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
