/** The one rule of integers, for both engines: money columns (`…_nano_usd`, `…_pico_usd`) are bigint, all others number. */
import type { KyselyPlugin, PluginTransformQueryArgs, PluginTransformResultArgs } from 'kysely';

const MONEY_COLUMN = /_(?:nano|pico)_usd$/;

/** Aggregates count as columns: name their alias `…_nano_usd` too. */
export function readValue(column: string, value: unknown): unknown {
  if (typeof value === 'bigint') return MONEY_COLUMN.test(column) ? value : safeNumber(column, value);
  if (value === null || !MONEY_COLUMN.test(column)) return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  throw new RangeError(`Column ${column} is money and must be an integer`);
}

function safeNumber(column: string, value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError(`Column ${column} holds an integer that a number cannot hold exactly`);
}

/** Both drivers hand over 64-bit integers as bigint; this plugin gives each its type by the column's name. */
export class IntegerPlugin implements KyselyPlugin {
  transformQuery(args: PluginTransformQueryArgs): PluginTransformQueryArgs['node'] {
    return args.node;
  }

  async transformResult(args: PluginTransformResultArgs): Promise<PluginTransformResultArgs['result']> {
    for (const row of args.result.rows) {
      for (const column in row) row[column] = readValue(column, row[column]);
    }
    return args.result;
  }
}
