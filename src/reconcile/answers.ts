/** What the routes of reconciliation answer. */
import { z } from 'zod';

const difference = z.strictObject({
  name: z.string(),
  bill: z.string(),
  ledger: z.string(),
  difference: z.string(),
});

const finding = z.strictObject({
  kind: z.string(),
  is_explained: z.boolean(),
  meaning: z.string(),
  /** By name, those that are not 0. */
  amounts: z.record(z.string(), z.string()),
});

export const reconciliationAnswer = z.strictObject({
  provider: z.string(),
  provider_name: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  time_zone: z.string(),
  formats: z.array(z.string()),
  files: z.array(
    z.strictObject({
      name: z.string(),
      format: z.string(),
      lines: z.int(),
      /** Of these, those that another file has too, and that were counted there. */
      repeated_lines: z.int(),
    }),
  ),
  warnings: z.array(z.string()),
  notes: z.array(z.string()),
  bill_lines: z.int(),
  generations: z.int(),
  agrees: z.boolean(),
  totals: z.array(difference),
  findings: z.array(finding.extend({ rows: z.int() })),
  rows: z.array(
    z.strictObject({
      day: z.string(),
      model: z.string().nullable(),
      bill_models: z.array(z.string()),
      amounts: z.array(difference),
      findings: z.array(finding),
    }),
  ),
});
export type ReconciliationJson = z.output<typeof reconciliationAnswer>;
