/** The verdicts of a run as a table for people. */
import type { Verdict } from './compare.ts';
import { usdOf } from './prices.ts';

export interface Result {
  readonly scenario: string;
  readonly kills: number;
  readonly seconds: number;
  readonly verdict: Verdict;
}

const HEAD = [
  'scenario',
  'requests',
  'served',
  'refused',
  'avoidable',
  'failed',
  'kills',
  'overspend USD',
  'not charged USD',
  'phantom',
  'lost',
  'double',
  'other faults',
  'seconds',
];

export function renderResults(results: readonly Result[]): string {
  const rows = [HEAD, ...results.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}

function rowOf({ scenario, kills, seconds, verdict }: Result): string[] {
  const { phantom, lost, double, faults } = verdict;
  const others = faults.filter((fault) => !/^(?:phantom|lost|double|overspend):/.test(fault)).length;
  return [
    scenario,
    ...[verdict.requests, verdict.served, verdict.refused, verdict.avoidable, verdict.failed, kills].map(
      String,
    ),
    usdOf(verdict.overspendNanoUsd).toFixed(9),
    usdOf(verdict.unchargedOverspendNanoUsd).toFixed(9),
    ...[phantom, lost, double, others].map(String),
    seconds.toFixed(1),
  ];
}
