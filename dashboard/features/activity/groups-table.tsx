/** The same figures as a list, the largest first, each with its share. */
import { useState } from 'react';
import { DIMENSIONS, type Dimension, type Metric } from '../../shared/analytics/metrics.ts';
import type { Group } from '../../shared/analytics/points.ts';
import { Button } from '../../shared/components/button.tsx';
import { Meter } from '../../shared/components/meter.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';

const ROWS_AT_ONCE = 20;

export function GroupsTable({
  groups,
  metric,
  dimension,
}: {
  groups: readonly Group[];
  metric: Metric;
  dimension: Dimension;
}) {
  const [rows, setRows] = useState(ROWS_AT_ONCE);
  const whole = metric.isSum ? groups.reduce((sum, { value }) => sum + value, 0) : (groups[0]?.value ?? 0);
  return (
    <>
      <Table caption={`${metric.label} by ${dimension.label.toLowerCase()}`}>
        <TableHead>
          <Th>{dimension.label}</Th>
          <Th className="w-1/3 max-sm:hidden">
            <span className="sr-only">Share</span>
          </Th>
          <Th isNumeric>{metric.label}</Th>
        </TableHead>
        <TableBody>
          {groups.slice(0, rows).map(({ id, label, value }) => (
            <tr key={id}>
              <Td className="wrap-anywhere">
                <Name id={id} label={label} dimension={dimension} />
              </Td>
              <Td className="max-sm:hidden">
                <Meter share={whole === 0 ? 0 : value / whole} />
              </Td>
              <Td isNumeric>{metric.format(value)}</Td>
            </tr>
          ))}
        </TableBody>
      </Table>
      {groups.length > rows && (
        <div className="flex justify-center">
          <Button variant="secondary" onClick={() => setRows(rows + ROWS_AT_ONCE)}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

/** A key leads to what was asked with it, a model to its page. */
function Name({ id, label, dimension }: { id: string; label: string; dimension: Dimension }) {
  const name = <Untrusted>{label}</Untrusted>;
  if (dimension === DIMENSIONS.key) return <TextLink to={`/logs?api_key_hash=${id}`}>{name}</TextLink>;
  if (dimension === DIMENSIONS.model && /^[^/]+\/[^/]+$/.test(id))
    return <TextLink to={`/models/${id}`}>{name}</TextLink>;
  return name;
}
