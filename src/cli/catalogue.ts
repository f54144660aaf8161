/** `turnpike catalogue`: `list` shows what can be called at which price, `check` where sources of prices disagree. */
import { buildCatalogue } from '../catalogue/build.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { findDisagreements } from '../catalogue/check.ts';
import type { Config } from '../config/config.ts';
import { formatPriceUsd } from '../money.ts';

export interface CatalogueCommandContext {
  readonly config: Pick<Config, 'providers' | 'models' | 'environmentKeys'>;
  readonly print: (line: string) => void;
}

const USAGE = [
  'Usage: turnpike catalogue <command>',
  '  list    every model that can be called, its provider and its prices (USD a token)',
  '  check   where the price lists and turnpike.yaml disagree; fails when turnpike.yaml is one of them',
];

/** The exit code: 0, 1 when the operator's prices disagree with a list, 2 for a command we do not know. */
export async function run(args: string[], { config, print }: CatalogueCommandContext): Promise<number> {
  const [command, ...rest] = args;
  if ((command !== 'list' && command !== 'check') || rest.length > 0) {
    for (const line of USAGE) print(line);
    return 2;
  }
  const nowMs = Date.now();
  const catalogue = await buildCatalogue(config, nowMs);
  if (command === 'list') {
    list(catalogue, print);
    return 0;
  }
  const found = await findDisagreements(catalogue, config, nowMs);
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

function printTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  print: (line: string) => void,
): void {
  const all = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  for (const row of all) {
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}
