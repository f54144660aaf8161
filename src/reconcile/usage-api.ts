/** Bills by the providers' own usage APIs, page by page. They take keys of administrators, which no request is ever made with. */
import { sendSmall } from '../upstream/small-request.ts';
import type { UpstreamClient } from '../upstream/upstream.ts';
import type { Bill } from './bill.ts';
import { readPage } from './json-formats.ts';
import { dayAfter, spanOf } from './ledger.ts';

const ANSWER_MS = 60_000;
const MAX_PAGES = 2000;

interface UsageApi {
  /** Which variables of the environment hold the key. */
  readonly keyVariables: readonly string[];
  readonly headers: (key: string) => Record<string, string>;
  /** Behind the address of its API, each with its query; days are UTC's, the last one included. */
  readonly reports: (first: string, last: string) => readonly string[];
}

const seconds = (day: string) => String(spanOf(day, 'UTC').startMs / 1000);
const instant = (day: string) => `${day}T00:00:00Z`;
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** By the providers' references: OpenAI's "Usage" and "Costs", Anthropic's "Usage and Cost Admin API", OpenRouter's "Analytics". */
export const USAGE_APIS: Readonly<Record<string, UsageApi>> = {
  openai: {
    keyVariables: ['OPENAI_ADMIN_KEY'],
    headers: bearer,
    reports: (first, last) => {
      const span = `start_time=${seconds(first)}&end_time=${seconds(dayAfter(last))}&bucket_width=1d`;
      return [
        `/organization/usage/completions?${span}&group_by=model&limit=7`,
        `/organization/usage/embeddings?${span}&group_by=model&limit=7`,
        `/organization/costs?${span}&group_by=line_item&limit=7`,
      ];
    },
  },
  anthropic: {
    keyVariables: ['ANTHROPIC_ADMIN_KEY'],
    headers: (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
    reports: (first, last) => {
      const span = `starting_at=${instant(first)}&ending_at=${instant(dayAfter(last))}&bucket_width=1d`;
      return [
        `/organizations/usage_report/messages?${span}&group_by[]=model&limit=7`,
        `/organizations/cost_report?${span}&group_by[]=description&limit=7`,
      ];
    },
  },
  openrouter: {
    keyVariables: ['OPENROUTER_MANAGEMENT_KEY'],
    headers: bearer,
    // The last thirty days that are over, whatever was asked for.
    reports: () => ['/activity'],
  },
};

export interface ApiSource {
  readonly slug: string;
  readonly baseUrl: string;
  readonly key: string;
  /** Both included. */
  readonly first: string;
  readonly last: string;
}

/** What was read. Rejects with an Error whose message says nothing of the key. */
export async function readUsageApi(bill: Bill, client: UpstreamClient, source: ApiSource): Promise<string> {
  const api = USAGE_APIS[source.slug];
  if (api === undefined)
    throw new Error(`${source.slug} has no usage API that is known here: give a file in its place`);
  const file = bill.beginFile(`the usage API of ${source.slug}`);
  for (const report of api.reports(source.first, source.last)) {
    const seen = new Set<string>();
    let page: string | null = null;
    do {
      const next: string = page === null ? '' : `&page=${encodeURIComponent(page)}`;
      const read = readPage(bill, await ask(client, source, api, report, next), 'UTC');
      page = read.nextPage;
      if (page === null) break;
      if (seen.has(page) || seen.size >= MAX_PAGES)
        throw new Error(`${pathOf(report)} has no end: the same page comes again`);
      seen.add(page);
    } while (page !== null);
  }
  bill.hasAllPages();
  file.format = `the usage API of ${source.slug}`;
  return file.format;
}

const pathOf = (report: string) => report.split('?')[0] ?? report;

async function ask(
  client: UpstreamClient,
  { baseUrl, key }: ApiSource,
  api: UsageApi,
  report: string,
  page: string,
): Promise<unknown> {
  const request = {
    method: 'GET',
    url: `${baseUrl}${report}${page}`,
    headers: api.headers(key),
    body: '',
  } as const;
  const { status, text } = await sendSmall(client, request, ANSWER_MS).catch((thrown: Error) => {
    throw new Error(`${pathOf(report)} could not be asked: ${thrown.message}`);
  });
  if (status === 401 || status === 403)
    throw new Error(
      `${pathOf(report)} refuses the key (${status}): it must be one of an administrator, in ${api.keyVariables.join(' or ')} or --key-file`,
    );
  if (status !== 200) throw new Error(`${pathOf(report)} answers ${status}`);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${pathOf(report)} answers something else than JSON`);
  }
}
