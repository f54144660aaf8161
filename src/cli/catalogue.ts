/** `turnpike catalogue`: what can be called at which price, where sources of prices disagree, and new prices for a running gateway. */
import { buildCatalogue } from '../catalogue/build.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { findDisagreements } from '../catalogue/check.ts';
import { PriceListError } from '../catalogue/price-list.ts';
import { listAtStart } from '../catalogue/price-list-file.ts';
import type { Config } from '../config/config.ts';
import { formatPriceUsd } from '../money.ts';
import { sync } from './catalogue-sync.ts';
import { printTable } from './table.ts';

export interface CatalogueCommandContext {
  readonly config: Pick<Config, 'providers' | 'models' | 'environmentKeys' | 'dataDir'>;
  readonly print: (line: string) => void;
}

const USAGE = [
  'Usage: turnpike catalogue <command>',
  '  list         every model that can be called, its provider and its prices (USD a token)',
  '  check        where the price lists and turnpike.yaml disagree; fails when turnpike.yaml is one of them',
  '  sync [file]  gives a running gateway the prices of the installed data package, or of a file in the format of',
  '               @pydantic/genai-prices, and shows what changes; each node has a data directory of its own',
];

/** The exit code: 0, 1 when the operator's prices disagree with a list or a list is refused, 2 for a command we do not know. */
export async function run(args: string[], context: CatalogueCommandContext): Promise<number> {
  const [command, ...rest] = args;
  const most = command === 'sync' ? 1 : 0;
  if (!['list', 'check', 'sync'].includes(command ?? '') || rest.length > most) {
    for (const line of USAGE) context.print(line);
    return 2;
  }
  try {
    if (command === 'sync') return await sync(rest[0] ?? null, context);
    return await show(command === 'check', context);
  } catch (error) {
    if (!(error instanceof PriceListError)) throw error;
    context.print(error.message);
    return 1;
  }
}

async function show(isCheck: boolean, { config, print }: CatalogueCommandContext): Promise<number> {
  const nowMs = Date.now();
  const prices = listAtStart(config.dataDir);
  const catalogue = await buildCatalogue(config, nowMs, prices);
  if (!isCheck) {
    list(catalogue, print);
    return 0;
  }
  const found = await findDisagreements(catalogue, config, nowMs, prices);
  if (found.length === 0) {
    print('The price lists and turnpike.yaml agree.');
    return 0;
  }
  printTable(
    ['MODEL', 'PROVIDER', 'PRICE', 'TOKENLENS', 'GENAI-PRICES', 'TURNPIKE.YAML'],
    found.map((row) => [
      row.modelId,
      row.provider,
      row.price,
      row.tokenlens ?? '-',
      row.genaiPrices ?? '-',
      row.operator ?? '-',
    ]),
    print,
  );
  return found.some((row) => row.againstOperator) ? 1 : 0;
}

function list(catalogue: Catalogue, print: (line: string) => void): void {
  const rows = catalogue.models.flatMap((model) =>
    model.endpoints.map((endpoint) => [
      model.id,
      endpoint.tag,
      formatPriceUsd(endpoint.pricing.base.prompt),
      formatPriceUsd(endpoint.pricing.base.completion),
    ]),
  );
  printTable(['MODEL', 'PROVIDER', 'PROMPT', 'COMPLETION'], rows, print);
}
