/** How often keys, members, models and the workspace may ask. */
import { useState } from 'react';
import type { RateLimitAnswer } from '../../../src/budgets/answers.ts';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { PlusIcon } from '../../shared/components/icons.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { RateLimitDialog } from './rate-limit-dialog.tsx';
import { SUBJECTS } from './words.ts';

const rate = (perMinute: number | null): string => (perMinute === null ? 'no limit' : formatCount(perMinute));

export function RateLimits({
  limits,
  mayChange,
}: {
  limits: readonly RateLimitAnswer[];
  mayChange: boolean;
}) {
  const [editing, setEditing] = useState<RateLimitAnswer | 'new' | null>(null);
  return (
    <Card
      title="Rate limits"
      description="In each minute, over all nodes. Requests that are refused do not count."
      actions={
        mayChange && (
          <Button variant="secondary" onClick={() => setEditing('new')}>
            <PlusIcon />
            Add rate limit
          </Button>
        )
      }
    >
      {limits.length === 0 ? (
        <EmptyState title="Nobody is limited in how often they ask" />
      ) : (
        <Table caption="Rate limits">
          <TableHead>
            <Th>Of whom</Th>
            <Th isNumeric>Requests</Th>
            <Th isNumeric>Tokens</Th>
            {mayChange && (
              <Th>
                <span className="sr-only">Change</span>
              </Th>
            )}
          </TableHead>
          <TableBody>
            {limits.map((limit) => (
              <tr key={limit.id}>
                <Td className="wrap-anywhere">
                  {SUBJECTS[limit.subject]}
                  {limit.target !== null && (
                    <span className="block text-muted">
                      only <Untrusted>{limit.target}</Untrusted>
                    </span>
                  )}
                </Td>
                <Td isNumeric>{rate(limit.requests_per_minute)}</Td>
                <Td isNumeric>{rate(limit.tokens_per_minute)}</Td>
                {mayChange && (
                  <Td isNumeric>
                    <Button
                      variant="secondary"
                      aria-label={`Change the rate limit: ${SUBJECTS[limit.subject].toLowerCase()}`}
                      onClick={() => setEditing(limit)}
                    >
                      Change
                    </Button>
                  </Td>
                )}
              </tr>
            ))}
          </TableBody>
        </Table>
      )}
      {editing !== null && (
        <RateLimitDialog limit={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />
      )}
    </Card>
  );
}
