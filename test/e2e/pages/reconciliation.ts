/** The states of the page that compares bills. */
import type { Page } from 'playwright-core';
import { type Answers, data, type PageState, refusal, somebody } from './page-states.ts';

const PROVIDERS: Answers = {
  ...somebody(),
  'GET /api/dashboard/providers': data([
    { slug: 'openai', name: 'OpenAI' },
    { slug: 'anthropic', name: 'Anthropic' },
  ]),
};

const total = (name: string, bill: string, ledger: string, difference: string) => ({
  ...{ name, bill, ledger, difference },
});
const AGREES = {
  ...{ provider: 'openai', provider_name: 'OpenAI', from: '2026-10-01', to: '2026-10-31', time_zone: 'UTC' },
  ...{
    formats: ['OpenAI, usage'],
    files: [],
    warnings: [],
    notes: [],
    bill_lines: 310,
    generations: 100_000,
    agrees: true,
  },
  totals: [
    total('requests', '100000', '100000', '0'),
    total('prompt', '123456789', '123456789', '0'),
    total('output', '23456789', '23456789', '0'),
    total('cost', '482.123456789012', '482.123456789', '0.000000000012'),
  ],
  ...{ findings: [], rows: [] },
};
const finding = (kind: string, is_explained: boolean, meaning: string, amounts: object) => ({
  ...{ kind, is_explained, meaning, amounts },
});
const row = (day: string, model: string | null, ...findings: object[]) => ({
  ...{ day, model, bill_models: [], amounts: [], findings },
});
const DIFFERS = {
  ...AGREES,
  ...{
    agrees: false,
    bill_lines: 620,
    warnings: ['The bill says that it has more pages, which are not here'],
  },
  files: [
    { name: 'usage-of-the-web-shop-october.csv', format: 'OpenAI, usage', lines: 310, repeated_lines: 0 },
    {
      name: 'usage-of-the-web-shop-october (1).csv',
      format: 'OpenAI, usage',
      lines: 310,
      repeated_lines: 310,
    },
  ],
  notes: [
    '310 lines of usage-of-the-web-shop-october (1).csv are in usage-of-the-web-shop-october.csv too and were counted once: 2026-10-01 to 2026-10-31',
  ],
  rows: [
    row(
      '2026-10-03',
      'openai/gpt-5.2',
      finding('estimated', true, 'answers without a count: their tokens were estimated here', {
        ...{ output: '120', cost: '0.0012' },
      }),
    ),
    row(
      '2026-10-04',
      'openai/gpt-with-a-rather-long-name-of-a-model-2026-10-04',
      finding('cache_split', true, 'the same prompts, counted into other parts', { cached_read: '-15741' }),
      finding('tokens', false, 'other counts of tokens', { output: '1000000', cost: '-4' }),
    ),
    row(
      '2026-10-26',
      'web search tool calls',
      finding('other_charge', false, 'charged there for something else than tokens', { cost: '1.25' }),
    ),
  ],
};

const NDJSON = { 'content-type': 'application/x-ndjson' };
const answering = (result: object): Answers => ({
  ...PROVIDERS,
  'POST /api/dashboard/reconcile': {
    text: `${JSON.stringify({ progress: { days: 31, days_in_all: 31, generations: 100_000 } })}\n${JSON.stringify({ data: result })}\n`,
    headers: NDJSON,
  },
});

async function compare(page: Page): Promise<void> {
  await page.getByLabel('Bill').setInputFiles(
    ['shop', 'lab'].map((project) => ({
      ...{ name: `${project}.csv`, mimeType: 'text/csv' },
      buffer: Buffer.from(`day,model,requests,project_id\n2026-10-01,gpt-5.2,1,${project}\n`),
    })),
  );
  await page.getByRole('button', { name: 'Compare' }).click();
}

export const reconciliation: readonly PageState[] = [
  { name: 'reconciliation', path: '/reconciliation', answers: PROVIDERS, shows: 'Time zone of its days' },
  {
    name: 'reconciliation-wrong',
    path: '/reconciliation',
    answers: PROVIDERS,
    act: async (page) => {
      await page.getByLabel('Time zone of its days').fill('Mars');
      await page.getByRole('button', { name: 'Compare' }).click();
    },
    shows: 'Choose the files with the bill',
  },
  {
    name: 'reconciliation-running',
    path: '/reconciliation',
    answers: {
      ...PROVIDERS,
      'POST /api/dashboard/reconcile': {
        stream: `${JSON.stringify({ progress: { days: 12, days_in_all: 31, generations: 40_123 } })}\n`,
        ends: false,
      },
    },
    act: compare,
    shows: 'Day 12 of 31, 40,123 requests',
  },
  {
    name: 'reconciliation-agrees',
    path: '/reconciliation',
    answers: answering(AGREES),
    act: compare,
    shows: 'Nothing is unexplained',
  },
  {
    name: 'reconciliation-differs',
    path: '/reconciliation',
    answers: answering(DIFFERS),
    act: compare,
    shows: '2 of 3 days and models have something unexplained',
  },
  {
    name: 'reconciliation-refused',
    path: '/reconciliation',
    answers: {
      ...PROVIDERS,
      'POST /api/dashboard/reconcile': refusal(
        400,
        'invalid_request',
        'line 2: requests is no count: "many"',
      ),
    },
    act: compare,
    shows: 'requests is no count',
  },
  {
    name: 'reconciliation-member',
    path: '/reconciliation',
    answers: somebody({ role: 'member' }),
    shows: 'Your role does not allow this',
  },
];
