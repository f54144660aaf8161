/** `credentials`, `queue` and `probe` of a provider in turnpike.yaml: several keys of the operator's, and how much a backend takes at once. */
import { z } from 'zod';
import {
  isQuoted,
  ONLY_KEY,
  type ProviderKey,
  type ProviderQueue,
  QUOTED,
} from '../providers/provider-key.ts';
import { isHeaderSafe, object } from './schema-object.ts';

const MAX_TIMER_MS = 2_147_483_647;
const MOST_CREDENTIALS = 100;
const count = z.int().min(1).max(1_000_000);

export const poolMembers = {
  credentials: z
    .array(
      object({
        id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
          error: '{value} is not an id; use a-z, 0-9, ".", "_" and "-", 64 characters at most',
        }),
        api_key: z
          .string()
          .refine(isHeaderSafe, { error: 'is empty, or has spaces or characters that no key has' })
          .refine((key) => !isQuoted(key), { error: QUOTED }),
        max_concurrent: count.optional(),
        requests_per_minute: count.optional(),
      }),
    )
    .min(1)
    .max(MOST_CREDENTIALS)
    .optional(),
  queue: object({
    max_concurrent: count,
    max_waiting: z.int().min(0).max(100_000).default(100),
    max_wait_ms: z.int().min(0).max(MAX_TIMER_MS).default(30_000),
  }).optional(),
  probe: object({ every_ms: z.int().min(1000).max(MAX_TIMER_MS).default(10_000) }).optional(),
};

export interface FilePool {
  readonly api_key?: string | undefined;
  readonly credentials?:
    | readonly {
        readonly id: string;
        readonly api_key: string;
        readonly max_concurrent?: number | undefined;
        readonly requests_per_minute?: number | undefined;
      }[]
    | undefined;
  readonly queue?:
    | { readonly max_concurrent: number; readonly max_waiting: number; readonly max_wait_ms: number }
    | undefined;
  readonly probe?: { readonly every_ms: number } | undefined;
}

/** Why a provider cannot have several keys, in words for its `credentials`; null: it can. */
export function poolFault(provider: FilePool & { workload_identity?: unknown }) {
  const { credentials, workload_identity: identity } = provider;
  if (credentials === undefined) return null;
  if (identity !== undefined) return 'has no place beside workload_identity; remove one of them';
  const keys = keysOf(provider);
  for (const [index, { id, apiKey }] of keys.entries()) {
    if (keys.findIndex((key) => key.id === id) < index)
      return id === ONLY_KEY
        ? `"${ONLY_KEY}" is the name of api_key; give this one another id`
        : `"${id}" is already used above; give each key an id of its own`;
    if (keys.findIndex((key) => key.apiKey === apiKey) < index)
      return `"${id}" has the key of another one; each id needs a key of its own`;
  }
  return null;
}

/** Why a provider cannot be asked whether it is up; null: it can. */
export function probeFault({ probe, format = 'openai' }: FilePool & { format?: string | undefined }) {
  if (probe === undefined || format === 'openai') return null;
  return 'asks servers that speak OpenAI’s API, such as vLLM, Ollama and llama.cpp; remove it here';
}

export function toPool(provider: FilePool): {
  readonly apiKey: string | null;
  readonly keys?: readonly ProviderKey[];
  readonly queue?: ProviderQueue;
  readonly probeEveryMs?: number;
} {
  const { queue, probe } = provider;
  const keys = keysOf(provider);
  return {
    apiKey: keys[0]?.apiKey ?? null,
    // One key without a limit is what every provider has.
    ...(provider.credentials === undefined ? {} : { keys }),
    ...(queue === undefined
      ? {}
      : {
          queue: {
            maxConcurrent: queue.max_concurrent,
            maxWaiting: queue.max_waiting,
            maxWaitMs: queue.max_wait_ms,
          },
        }),
    ...(probe === undefined ? {} : { probeEveryMs: probe.every_ms }),
  };
}

function keysOf({ api_key, credentials = [] }: FilePool): ProviderKey[] {
  const first = { id: ONLY_KEY, maxConcurrent: null, requestsPerMinute: null };
  return [
    ...(api_key === undefined ? [] : [{ ...first, apiKey: api_key }]),
    ...credentials.map(({ id, api_key: apiKey, max_concurrent, requests_per_minute }) => ({
      id,
      apiKey,
      maxConcurrent: max_concurrent ?? null,
      requestsPerMinute: requests_per_minute ?? null,
    })),
  ];
}
