/** Figures, as the gateway adds them up. */

import { queryOptions } from '@tanstack/react-query';
import type { Figures, FiguresRow } from '../../../src/analytics/answers.ts';
import { requestData } from '../api/request.ts';
import { isTag } from './metrics.ts';
import type { Granularity, Span } from './periods.ts';

export type { Figures };
export type Row = FiguresRow;

export interface FiguresWanted {
  readonly metrics: readonly string[];
  readonly dimensions: readonly string[];
  /** Null: one sum for all of the time. */
  readonly granularity: Granularity | null;
  readonly span: Span;
  /** By dimension, the values that it may have; default: of all. */
  readonly only?: Readonly<Record<string, readonly string[]>>;
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
export const figuresQuery = ({ metrics, dimensions, granularity, span, only = {} }: FiguresWanted) =>
  queryOptions({
    queryKey: ['figures', metrics, dimensions, granularity, span.startMs, span.endMs, only],
    queryFn: ({ signal }) =>
      requestData<Figures>('POST', '/api/dashboard/analytics/query', {
        signal,
        body: {
          metrics,
          dimensions,
          ...(granularity === null ? {} : { granularity }),
          filters: Object.entries(only).map(([field, value]) => ({ field, operator: 'in', value })),
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
