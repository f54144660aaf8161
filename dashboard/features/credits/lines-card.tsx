/** What came and went: each purchase, refund and gift by itself, and what was spent by its day. */
import { useInfiniteQuery } from '@tanstack/react-query';
import type { CreditLine } from '../../../src/billing/answers.ts';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { formatUsdExactly } from '../../shared/format/money.ts';
import { formatDateTime } from '../../shared/format/time.ts';
import { linesQuery } from './api/credits.ts';
import { LoadMore } from './load-more.tsx';

const CAUSES: Readonly<Record<string, string>> = {
  usage: 'Spent',
  purchase: 'Purchase',
  refund: 'Refund',
  dispute: 'Dispute',
  reversal: 'Given back',
  grant: 'Gift of the operator',
  adjustment: 'Correction of the operator',
};

export function LinesCard() {
  const lines = useInfiniteQuery(linesQuery);
  const all = lines.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Card
      title="Ledger"
      description="Everything that moved the balance. What requests cost is summed up by UTC day."
    >
      {lines.error !== null && (
        <LoadError
          title="The ledger could not be loaded"
          error={lines.error}
          onRetry={() => void lines.refetch()}
        />
      )}
      {lines.isPending && <Loading label="Loading the ledger" />}
      {lines.isSuccess && all.length === 0 && (
        <EmptyState title="Nothing has moved yet">
          Purchases, gifts and what requests cost stand here from the first one on.
        </EmptyState>
      )}
      {all.length > 0 && <Lines lines={all} />}
      <LoadMore pages={lines} />
    </Card>
  );
}

function Lines({ lines }: { lines: readonly CreditLine[] }) {
  return (
    <Table caption="Lines of the ledger">
      <TableHead>
        <Th>When</Th>
        <Th>Cause</Th>
        <Th isNumeric>Amount</Th>
      </TableHead>
      <TableBody>
        {lines.map((line) => (
          <tr key={line.id}>
            <Td className="tabular-nums sm:whitespace-nowrap">
              {line.kind === 'usage' ? line.at.slice(0, 10) : formatDateTime(line.at)}
            </Td>
            <Td>
              {CAUSES[line.kind] ?? line.kind}
              {line.reason !== '' && line.reason !== line.kind && (
                <span className="block text-muted wrap-anywhere">{plainName(line.reason)}</span>
              )}
            </Td>
            <Td isNumeric>
              {line.amount_usd > 0 && '+'}
              {formatUsdExactly(line.amount_usd)}
            </Td>
          </tr>
        ))}
      </TableBody>
    </Table>
  );
}
