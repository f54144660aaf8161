/** `turnpike reconcile`: a provider's bill against the ledger. */
import { createReadStream, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { buildCatalogue } from '../catalogue/build.ts';
import { findKnownProvider } from '../catalogue/known-providers.ts';
import { listAtStart } from '../catalogue/price-list-file.ts';
import type { Config } from '../config/config.ts';
import { TurnpikeError } from '../errors.ts';
import { readInstance } from '../keys/bootstrap.ts';
import { Bill } from '../reconcile/bill.ts';
import { readBill, textOf } from '../reconcile/read-bill.ts';
import { mustBeDay, mustBeZone, providerOf, reconcile } from '../reconcile/reconcile.ts';
import { agrees, reconciliationCsv, reconciliationJson, reconciliationText } from '../reconcile/report.ts';
import { readUsageApi, USAGE_APIS } from '../reconcile/usage-api.ts';
import { createUpstreamClient } from '../upstream/client.ts';
import type { CommandContext } from './command.ts';
import { openMigrated } from './open.ts';
import { whyItFailed } from './why.ts';

const USAGE = [
  'usage: turnpike reconcile PROVIDER FILE... [--from DAY] [--to DAY] [--zone ZONE] [--format text|json|csv] [--out FILE]',
  '       turnpike reconcile PROVIDER api --from DAY [--to DAY] [--key-file FILE] [--format text|json|csv] [--out FILE]',
  'FILE is an export or an answer of the provider’s usage and cost API, in CSV or JSON; several make up one bill, "-" reads',
  'standard input. "api" asks openai, anthropic or openrouter themselves, with the key of an administrator in OPENAI_ADMIN_KEY,',
  'ANTHROPIC_ADMIN_KEY or OPENROUTER_MANAGEMENT_KEY. Days are the bill’s, both included.',
  'It ends with 0 when nothing is unexplained, and with 1 when something is.',
];
const FORMATS = ['text', 'json', 'csv'] as const;
const TEXT = { type: 'string' } as const;

/** 0: nothing is unexplained; 1: something is, or it failed; 2: the command line makes no sense. */
export async function run(args: string[], { config, print }: CommandContext): Promise<number> {
  const order = parse(args);
  if (order === null) {
    for (const line of USAGE) print(line);
    return 2;
  }
  try {
    const { bill, catalogue } = await readSources(order, config);
    const database = await openMigrated(config);
    try {
      const instance = await readInstance(database);
      if (instance === null)
        throw new Error('This database is empty: start the server once with "turnpike serve"');
      const result = await reconcile(
        { database, catalogue: () => catalogue, flushed: async () => {} },
        {
          ...{ bill, accountId: instance.accountId, providerSlug: order.provider },
          ...{ zone: order.zone, from: order.from, to: order.to },
        },
      );
      const text =
        order.format === 'csv'
          ? reconciliationCsv(result)
          : order.format === 'json'
            ? `${JSON.stringify(reconciliationJson(result), null, 2)}\n`
            : `${reconciliationText(result).join('\n')}\n`;
      if (order.out === null) print(text.trimEnd());
      else await writeFile(order.out, text, { mode: 0o600 });
      return agrees(result) ? 0 : 1;
    } finally {
      await database.close();
    }
  } catch (thrown) {
    print(whyItFailed(thrown));
    return thrown instanceof TurnpikeError && thrown.status === 400 ? 2 : 1;
  }
}

type Order = NonNullable<ReturnType<typeof parse>>;

function parse(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      ...{ args, allowPositionals: true },
      options: { from: TEXT, to: TEXT, zone: TEXT, format: TEXT, out: TEXT, 'key-file': TEXT },
    });
    const [provider, ...sources] = positionals;
    const format = FORMATS.find((one) => one === (values.format ?? 'text'));
    if (provider === undefined || sources.length === 0 || format === undefined) return null;
    if (sources.includes('api') && (sources.length > 1 || values.from === undefined)) return null;
    return {
      ...{ provider, sources, format, from: values.from ?? null, to: values.to ?? null },
      ...{ zone: values.zone ?? 'UTC', out: values.out ?? null, keyFile: values['key-file'] ?? null },
    };
  } catch {
    return null;
  }
}

async function readSources(order: Order, config: Config) {
  mustBeZone(order.zone);
  mustBeDay('from', order.from);
  mustBeDay('to', order.to);
  const catalogue = await buildCatalogue(config, Date.now(), listAtStart(config.dataDir));
  providerOf(catalogue, order.provider);
  const bill = new Bill();
  for (const source of order.sources) {
    if (source === 'api') {
      const baseUrl =
        config.providers.find(({ slug }) => slug === order.provider)?.baseUrl ||
        findKnownProvider(order.provider)?.baseUrl ||
        '';
      await askApi(bill, order, baseUrl, config);
    } else {
      const pieces = source === '-' ? process.stdin : createReadStream(source);
      const name = source === '-' ? 'standard input' : source;
      await readBill(bill, textOf(pieces), order.zone, ...(order.sources.length > 1 ? [name] : []));
    }
  }
  return { bill, catalogue };
}

async function askApi(bill: Bill, order: Order, baseUrl: string, config: Config): Promise<string> {
  const client = createUpstreamClient();
  try {
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    return await readUsageApi(bill, client, {
      ...{ slug: order.provider, baseUrl, key: keyFor(order, config) },
      ...{ first: order.from ?? yesterday, last: order.to ?? yesterday },
    });
  } finally {
    client.close();
  }
}

function keyFor({ provider, keyFile }: Order, config: Config): string {
  if (keyFile !== null) return readFileSync(keyFile === '-' ? 0 : keyFile, 'utf8').trim();
  const variables = USAGE_APIS[provider]?.keyVariables ?? [];
  for (const variable of variables) {
    const key = config.environmentKeys(variable);
    if (key !== null) return key;
  }
  throw new Error(
    variables.length === 0
      ? `${provider} has no usage API that is known here: give a file in its place`
      : `There is no key to ask with: set ${variables.join(' or ')}, or give --key-file`,
  );
}
