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
        <Th className="max-sm:hidden">Who</Th>
        <Th>What</Th>
        <Th className="max-sm:hidden">Changed</Th>
      </TableHead>
      <TableBody>
        {events.map((event) => (
          <tr key={event.id} className="align-top">
            <Td className="tabular-nums sm:whitespace-nowrap">
              {formatDateTimeSeconds(event.at)}
              <div className="mt-1 sm:hidden">
                <Who event={event} />
              </div>
            </Td>
            <Td className="min-w-32 max-sm:hidden">
              <Who event={event} />
            </Td>
            <Td className="sm:min-w-40">
              {actionName(event.action)}
              {event.target !== null && (
                <span className="block max-w-36 truncate text-muted sm:max-w-48" title={event.target}>
                  {event.target}
                </span>
              )}
              <div className="mt-1 sm:hidden">
                <Changes event={event} />
              </div>
            </Td>
            <Td className="min-w-56 max-sm:hidden">
              <Changes event={event} />
            </Td>
          </tr>
        ))}
      </TableBody>
    </Table>
  );
}

function Who({ event }: { event: AuditEvent }) {
  return (
    <>
      <span className="wrap-anywhere">{plainName(actorName(event))}</span>
      {event.address !== null && <span className="block text-muted">{event.address}</span>}
    </>
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
              <span className="sr-only">from </span>
              {plainName(before)}
            </del>
          )}
          {before !== null && after !== null && <span className="text-muted"> to </span>}
          {after !== null && <span>{plainName(after)}</span>}
        </li>
      ))}
    </ul>
  );
}
