/** What was bought: how it stands, and the payment provider's receipt. */
import { useInfiniteQuery } from '@tanstack/react-query';
import type { Purchase } from '../../../src/billing/answers.ts';
import { Badge, type BadgeTone } from '../../shared/components/badge.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { ExternalLink } from '../../shared/components/text-link.tsx';
import { formatUsd } from '../../shared/format/money.ts';
import { formatDateTime } from '../../shared/format/time.ts';
import { purchasesQuery, receiptPath } from './api/credits.ts';
import { LoadMore } from './load-more.tsx';

const STATES: Readonly<Record<Purchase['state'], { readonly label: string; readonly tone: BadgeTone }>> = {
  open: { label: 'Waiting', tone: 'warning' },
  paid: { label: 'Paid', tone: 'success' },
  failed: { label: 'Failed', tone: 'danger' },
  expired: { label: 'Not paid', tone: 'neutral' },
};

export function PurchasesCard() {
  const purchases = useInfiniteQuery(purchasesQuery);
  const all = purchases.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Card title="Purchases">
      {purchases.error !== null && (
        <LoadError
          title="The purchases could not be loaded"
          error={purchases.error}
          onRetry={() => void purchases.refetch()}
        />
      )}
      {purchases.isPending && <Loading label="Loading the purchases" />}
      {purchases.isSuccess && all.length === 0 && <EmptyState title="Nothing was bought yet" />}
      {all.length > 0 && (
        <Table caption="All purchases">
          <TableHead>
            <Th>When</Th>
            <Th>State</Th>
            <Th isNumeric>Credits</Th>
            <Th isNumeric className="max-sm:hidden">
              Paid with fee
            </Th>
            <Th>Receipt</Th>
          </TableHead>
          <TableBody>
            {all.map((purchase) => (
              <Row key={purchase.id} purchase={purchase} />
            ))}
          </TableBody>
        </Table>
      )}
      <LoadMore pages={purchases} />
    </Card>
  );
}

function Row({ purchase }: { purchase: Purchase }) {
  const { label, tone } = STATES[purchase.state];
  const isPaid = purchase.state === 'paid';
  const notes = [
    purchase.kind === 'top_up' ? 'automatic' : null,
    purchase.failure,
    purchase.refunded_usd > 0 ? `${formatUsd(purchase.refunded_usd)} refunded` : null,
    purchase.disputed_usd > 0 ? `${formatUsd(purchase.disputed_usd)} disputed` : null,
  ].filter((note) => note !== null);
  return (
    <tr>
      <Td className="tabular-nums sm:whitespace-nowrap">{formatDateTime(purchase.created_at)}</Td>
      <Td>
        <Badge tone={tone}>{label}</Badge>
        {notes.length > 0 && <span className="block text-muted wrap-anywhere">{notes.join(', ')}</span>}
      </Td>
      <Td isNumeric>{formatUsd(purchase.amount_usd)}</Td>
      <Td isNumeric className="max-sm:hidden">
        {isPaid ? formatUsd(purchase.amount_usd + purchase.fee_usd) : '–'}
      </Td>
      <Td>
        {isPaid ? (
          <ExternalLink href={`${location.origin}${receiptPath(purchase.id)}`}>
            Receipt<span className="sr-only"> of {formatDateTime(purchase.created_at)}</span>
          </ExternalLink>
        ) : (
          <span className="text-muted">–</span>
        )}
      </Td>
    </tr>
  );
}
