/** Who did what: every change of access or money, and until when the log is known to be whole. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Button, buttonClass } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { formatDateTime } from '../../shared/format/time.ts';
import { auditQuery, fileOf } from './api/audit.ts';
import { type AuditSearch, auditSearchOf, EVERYTHING, shortened } from './audit-search.ts';
import { AuditTable } from './audit-table.tsx';
import { KINDS } from './audit-words.ts';

const TITLE = 'Audit log';

export function AuditPage() {
  return (
    <RoleGate title={TITLE} atLeast="admin">
      <Audit />
    </RoleGate>
  );
}

function Audit() {
  const search = auditSearchOf(useSearch({ strict: false }) as Record<string, unknown>);
  const navigate = useNavigate();
  const narrow = (change: Partial<AuditSearch>) =>
    void navigate({
      to: '/settings/audit',
      search: shortened({ ...search, ...change }) as never,
      replace: true,
    });
  const log = useInfiniteQuery(auditQuery(search));
  const events = log.data?.pages.flatMap((page) => page.data) ?? [];
  const chain = log.data?.pages[0]?.chain;
  const isNarrowed = Object.keys(shortened(search)).length > 0;
  const kinds = KINDS.some(({ value }) => value === search.action)
    ? KINDS
    : [...KINDS, { value: search.action, label: search.action }];
  return (
    <>
      <PageTitle
        title={TITLE}
        description="Every change of access or money: who made it, from where, and what it moved."
        actions={
          <>
            <a className={buttonClass('secondary')} href={fileOf(search, 'csv')} download>
              CSV
            </a>
            <a className={buttonClass('secondary')} href={fileOf(search, 'jsonl')} download>
              JSON lines
            </a>
          </>
        }
      />
      <div className="mb-4 grid items-end gap-3 sm:grid-cols-2 lg:grid-cols-4">
        <SelectField
          label="What"
          value={search.action}
          options={kinds}
          onChange={({ target }) => narrow({ action: target.value })}
        />
        <TextField
          label="From"
          type="date"
          value={search.start}
          max={search.end || undefined}
          onChange={({ target }) => narrow({ start: target.value })}
        />
        <TextField
          label="Until"
          type="date"
          value={search.end}
          min={search.start || undefined}
          onChange={({ target }) => narrow({ end: target.value })}
        />
        {isNarrowed && (
          <Button variant="secondary" onClick={() => narrow(EVERYTHING)}>
            Show everything
          </Button>
        )}
      </div>
      <Card>
        {log.error !== null && (
          <LoadError
            title="The audit log could not be loaded"
            error={log.error}
            onRetry={() => void log.refetch()}
          />
        )}
        {log.isPending && <Loading label="Loading the audit log" />}
        {log.isSuccess && events.length === 0 && (
          <EmptyState title={isNarrowed ? 'Nothing of this kind happened' : 'Nothing was changed yet'}>
            {isNarrowed
              ? 'No change in this time is of that kind.'
              : 'What is done to keys, members, apps and money stands here from the first change on.'}
          </EmptyState>
        )}
        {events.length > 0 && <AuditTable events={events} />}
        {log.hasNextPage && (
          <div className="mt-4 flex justify-center">
            <Button
              variant="secondary"
              isBusy={log.isFetchingNextPage}
              onClick={() => void log.fetchNextPage()}
            >
              Load more
            </Button>
          </div>
        )}
      </Card>
      {chain !== undefined && chain.until !== null && (
        <p className="mt-3 text-muted wrap-anywhere">
          Chained up to {formatDateTime(chain.until)}: link {chain.seq}, hash <code>{chain.hash}</code>. Note
          it elsewhere; <code>turnpike audit verify --noted {`${chain.seq}:${chain.hash.slice(0, 8)}…`}</code>{' '}
          says later whether the log still has it.
        </p>
      )}
    </>
  );
}
