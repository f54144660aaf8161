/** What was spent with one key: against its limit, and in each period. */
import type { PageKey } from '../../../src/keys/answers.ts';
import { Card } from '../../shared/components/card.tsx';
import { Meter } from '../../shared/components/meter.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { formatUsd } from '../../shared/format/money.ts';
import { formatDateTime } from '../../shared/format/time.ts';
import { nextResetMs, RESETS } from './api-key.ts';
import { SpendBar } from './spend-bar.tsx';

export function KeySpend({ apiKey }: { apiKey: PageKey }) {
  const total = apiKey.usage + apiKey.byok_usage;
  const periods = [
    { name: 'Today', credit: apiKey.usage_daily, byok: apiKey.byok_usage_daily },
    { name: 'This week', credit: apiKey.usage_weekly, byok: apiKey.byok_usage_weekly },
    { name: 'This month', credit: apiKey.usage_monthly, byok: apiKey.byok_usage_monthly },
    { name: 'In total', credit: apiKey.usage, byok: apiKey.byok_usage },
  ];
  return (
    <Card title="Spend" description={limitSentence(apiKey)}>
      <div className="grid gap-5">
        {apiKey.limit !== null && (
          <div className="text-base">
            <SpendBar apiKey={apiKey} />
          </div>
        )}
        <Table caption="Spend by period">
          <TableHead>
            <Th>Period (UTC)</Th>
            <Th className="w-1/2 max-sm:hidden">
              <span className="sr-only">Compared</span>
            </Th>
            <Th isNumeric>Credit</Th>
            <Th isNumeric>Own provider keys</Th>
          </TableHead>
          <TableBody>
            {periods.map(({ name, credit, byok }) => (
              <tr key={name}>
                <Td className="whitespace-nowrap">
                  {name}
                  <div className="mt-1.5 sm:hidden">
                    <Meter share={total === 0 ? 0 : (credit + byok) / total} />
                  </div>
                </Td>
                <Td className="max-sm:hidden">
                  <Meter share={total === 0 ? 0 : (credit + byok) / total} />
                </Td>
                <Td isNumeric>{formatUsd(credit)}</Td>
                <Td isNumeric>{formatUsd(byok)}</Td>
              </tr>
            ))}
          </TableBody>
        </Table>
      </div>
    </Card>
  );
}

function limitSentence({
  limit,
  limit_reset: reset,
  include_byok_in_limit: isByokIncluded,
}: PageKey): string {
  if (limit === null) return 'This key has no limit.';
  const counted = isByokIncluded ? 'Counts credit and your own provider keys' : 'Counts credit';
  if (reset === null) return `${counted}; the limit never resets.`;
  const next = formatDateTime(new Date(nextResetMs(reset)).toISOString());
  return `${counted}; the limit resets ${RESETS[reset]}, next on ${next}.`;
}
