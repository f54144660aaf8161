/** One line for each change, with what it moved. */
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { formatDateTimeSeconds } from '../../shared/format/time.ts';
import type { AuditEvent } from './api/audit.ts';
import { actionName, actorName, movedOf } from './audit-words.ts';

export function AuditTable({ events }: { events: readonly AuditEvent[] }) {
  return (
    <Table caption="Audit log">
      <TableHead>
        <Th>When</Th>
        <Th>Who</Th>
        <Th>What</Th>
        <Th>Changed</Th>
      </TableHead>
      <TableBody>
        {events.map((event) => (
          <tr key={event.id} className="align-top">
            <Td className="whitespace-nowrap tabular-nums">{formatDateTimeSeconds(event.at)}</Td>
            <Td className="min-w-32">
              <span className="wrap-anywhere">{plainName(actorName(event))}</span>
              {event.address !== null && <span className="block text-muted">{event.address}</span>}
            </Td>
            <Td className="min-w-40">
              {actionName(event.action)}
              {event.target !== null && (
                <span className="block max-w-48 truncate text-muted" title={event.target}>
                  {event.target}
                </span>
              )}
            </Td>
            <Td className="min-w-56">
              <Changes event={event} />
            </Td>
          </tr>
        ))}
      </TableBody>
    </Table>
  );
}

function Changes({ event }: { event: AuditEvent }) {
  const moved = movedOf(event);
  if (moved.length === 0) return <span className="text-muted">–</span>;
  return (
    <ul className="grid gap-1">
      {moved.map(({ name, before, after }) => (
        <li key={name} className="wrap-anywhere">
          <span className="text-muted">{name} </span>
          {before !== null && (
            <del className="decoration-muted">
              <span className="sr-only">was </span>
              {plainName(before)}
            </del>
          )}
          {before !== null && after !== null && <span aria-hidden="true"> → </span>}
          {after !== null && (
            <span>
              <span className="sr-only">is now </span>
              {plainName(after)}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
