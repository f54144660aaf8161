/** Rows of figures, app by app. No I/O. */
import { type Granularity, shortName } from '../../shared/analytics/periods.ts';
import type { Row } from '../../shared/analytics/query.ts';

export interface AppFigures {
  /** Its address; null: requests that named no app. */
  readonly id: string | null;
  readonly name: string;
  readonly spend: number;
  readonly requests: number;
  /** When it last asked, as finely as the figures are. */
  readonly lastUsed: string;
  /** By what was spent on them. */
  readonly models: readonly string[];
}

const numberOf = (row: Row, name: string): number => {
  const value = row[name];
  return typeof value === 'number' ? value : 0;
};
export const spendOf = (rows: readonly Row[]): number =>
  rows.reduce((sum, row) => sum + numberOf(row, 'total_usage'), 0);
export const requestsOf = (rows: readonly Row[]): number =>
  rows.reduce((sum, row) => sum + numberOf(row, 'request_count'), 0);

const appOf = (row: Row): string | null => (row['app_id'] == null ? null : String(row['app_id']));

/** The dearest first. `byTime`: of each app and span of time; `byModel`: of each app and model. */
export function appFigures(
  byTime: readonly Row[],
  byModel: readonly Row[],
  granularity: Granularity,
): readonly AppFigures[] {
  const models = Map.groupBy(byModel, appOf);
  return [...Map.groupBy(byTime, appOf)]
    .map(([id, rows]) => {
      const lastMs = Math.max(...rows.map((row) => Date.parse(String(row[`date__${granularity}`]))));
      return {
        ...{ id, name: id === null ? 'No app named' : String(rows[0]?.['app'] ?? id) },
        ...{ spend: spendOf(rows), requests: requestsOf(rows), lastUsed: shortName(granularity, lastMs) },
        models: (models.get(id) ?? [])
          .toSorted((one, other) => numberOf(other, 'total_usage') - numberOf(one, 'total_usage'))
          .map((row) => String(row['model'])),
      };
    })
    .sort((one, other) => other.spend - one.spend || other.requests - one.requests);
}
