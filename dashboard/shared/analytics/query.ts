/** Figures, as the gateway adds them up. */
import { queryOptions } from '@tanstack/react-query';
import { requestData } from '../api/request.ts';
import { isTag } from './metrics.ts';
import type { Granularity, Span } from './periods.ts';

export type Row = Readonly<Record<string, string | number | null>>;

export interface Figures {
  readonly data: readonly Row[];
  readonly metadata: {
    /** What happened later is not in it yet. ISO 8601. */
    readonly complete_until: string;
    readonly truncated: boolean;
  };
}

export interface FiguresWanted {
  readonly metrics: readonly string[];
  readonly dimensions: readonly string[];
  /** Null: one sum for all of the time. */
  readonly granularity: Granularity | null;
  readonly span: Span;
}

/** The tags that there are figures of, as dimensions. */
export const tagsQuery = () =>
  queryOptions({
    queryKey: ['figures', 'tags'],
    queryFn: async ({ signal }) => {
      const { dimensions } = await requestData<{ readonly dimensions: readonly { readonly name: string }[] }>(
        'GET',
        '/api/dashboard/analytics/meta',
        { signal },
      );
      return dimensions.map(({ name }) => name).filter(isTag);
    },
    staleTime: 60_000,
  });

/** Asked anew each minute while somebody looks. */
export const figuresQuery = ({ metrics, dimensions, granularity, span }: FiguresWanted) =>
  queryOptions({
    queryKey: ['figures', metrics, dimensions, granularity, span.startMs, span.endMs],
    queryFn: ({ signal }) =>
      requestData<Figures>('POST', '/api/dashboard/analytics/query', {
        signal,
        body: {
          metrics,
          dimensions,
          ...(granularity === null ? {} : { granularity }),
          time_range: { start: isoOf(span.startMs), end: isoOf(span.endMs) },
          limit: 10_000,
        },
      }),
    refetchInterval: 60_000,
    staleTime: 30_000,
  });

const isoOf = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

export const numberIn = (row: Row | undefined, metric: string): number | null => {
  const value = row?.[metric];
  return typeof value === 'number' ? value : null;
};
