/** What was asked with one key last; each leads to all that is known of it. */
import { useQuery } from '@tanstack/react-query';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatUsdExactly } from '../../shared/format/money.ts';
import { formatDateTimeSeconds } from '../../shared/format/time.ts';
import { EndingBadge } from '../../shared/requests/ending-badge.tsx';
import { lastRequestsQuery } from './api/list-requests.ts';

export function KeyRequests({ hash }: { hash: string }) {
  const requests = useQuery(lastRequestsQuery(hash));
  return (
    <Card
      title="Last requests"
      actions={<TextLink to={`/logs?api_key_hash=${hash}&period=1y`}>All in the logs</TextLink>}
    >
      {requests.isPending && <Loading label="Loading the last requests" />}
      {requests.isError && (
        <LoadError
          title="The last requests could not be loaded"
          error={requests.error}
          onRetry={() => void requests.refetch()}
        />
      )}
      {requests.data?.length === 0 && (
        <EmptyState title="Nothing was asked with this key yet">
          <p>The samples below show how to use it.</p>
        </EmptyState>
      )}
      {requests.isSuccess && requests.data.length > 0 && (
        <Table caption="The newest requests of this key">
          <TableHead>
            <Th>Time</Th>
            <Th className="max-sm:hidden">Model</Th>
            <Th isNumeric>Cost</Th>
            <Th className="max-sm:hidden">Status</Th>
          </TableHead>
          <TableBody>
            {requests.data.map((each) => (
              <tr key={each.id}>
                <Td className="whitespace-nowrap">
                  <TextLink to={`/logs?${new URLSearchParams({ api_key_hash: hash, id: each.id })}`}>
                    <time dateTime={each.created_at}>{formatDateTimeSeconds(each.created_at)}</time>
                  </TextLink>
                  <div className="sm:hidden">
                    <EndingBadge generation={each} />
                  </div>
                </Td>
                <Td className="wrap-anywhere max-sm:hidden">
                  <Untrusted>{each.model}</Untrusted>
                </Td>
                <Td isNumeric>{formatUsdExactly(each.total_cost)}</Td>
                <Td className="max-sm:hidden">
                  <EndingBadge generation={each} />
                </Td>
              </tr>
            ))}
          </TableBody>
        </Table>
      )}
    </Card>
  );
}
