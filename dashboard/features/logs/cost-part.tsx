/** How the cost of a request comes about, line by line: so many units at such a price. */
import type { CostLine, GenerationDetails } from '../../../src/metering/answers.ts';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { formatUsdExactly } from '../../shared/format/money.ts';

const BUCKETS: Readonly<Record<string, string>> = {
  ...{ input: 'Input', cache_read: 'Read from a cache', cache_write: 'Written to a cache', image: 'Images' },
  ...{ output: 'Output', reasoning: 'Reasoning', request: 'The request itself' },
};

const ADJUSTMENTS: Readonly<Record<string, string>> = {
  subscription: 'A subscription at the provider pays for it: nothing is charged here.',
  own_provider_key: 'The provider bills your own key: no more than a fee for it is charged here.',
  capped: 'No more than what was held for it is charged, whatever the provider counted.',
  not_charged: 'An answer that failed, or that is empty, is not charged.',
  other: 'The charge is not the list price.',
};

export function CostPart({ generation }: { generation: GenerationDetails }) {
  const { cost_details: details, cache_discount: saved } = generation;
  const { prices, lines, adjustment } = details;
  return (
    <section className="grid min-w-0 gap-2">
      <h3 className="font-semibold">Cost</h3>
      {lines.length > 0 && prices === 'used' && (
        <Table caption="Cost by kind of token">
          <TableHead>
            <Th>Of</Th>
            <Th isNumeric>Count</Th>
            <Th isNumeric className="max-sm:hidden">
              Price
            </Th>
            <Th isNumeric>Cost</Th>
          </TableHead>
          <TableBody>
            {lines.map((line) => (
              <tr key={line.bucket}>
                <Td>{BUCKETS[line.bucket] ?? line.bucket}</Td>
                <Td isNumeric>{formatCount(line.count)}</Td>
                <Td isNumeric className="max-sm:hidden">
                  {priceText(line)}
                </Td>
                <Td isNumeric>${line.cost}</Td>
              </tr>
            ))}
            <tr>
              <Td className="font-semibold">List price</Td>
              <Td />
              <Td className="max-sm:hidden" />
              <Td isNumeric className="font-semibold">
                {formatUsdExactly(details.list_cost)}
              </Td>
            </tr>
          </TableBody>
        </Table>
      )}
      {prices === 'changed' && (
        <p className="text-muted">
          The prices of today do not come to {formatUsdExactly(details.list_cost)}: they have changed since,
          or something was charged that this record does not count (audio, searches, long cache writes).
        </p>
      )}
      {prices === 'unknown' && (
        <p className="text-muted">
          The endpoint that answered is no longer offered here, so its prices are not known any more.
        </p>
      )}
      <p>
        Charged: <strong>{formatUsdExactly(details.charged)}</strong>
        {saved !== null && saved > 0 && `, of which caching saved ${formatUsdExactly(saved)}`}
      </p>
      {adjustment !== null && <p className="text-muted">{ADJUSTMENTS[adjustment] ?? adjustment}</p>}
    </section>
  );
}

const perMillion = new Intl.NumberFormat('en-US', {
  ...{ style: 'currency', currency: 'USD', minimumFractionDigits: 2, maximumFractionDigits: 6 },
});

function priceText({ unit, price }: CostLine): string {
  return unit === 'token' ? `${perMillion.format(Number(price) * 1e6)} a million` : `$${price} each`;
}
