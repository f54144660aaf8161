/** Keys that give more than seems to be needed. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import type { KeyReport, KeyReportEntry } from '../../../src/keys/answers.ts';
import { requestData } from '../../shared/api/request.ts';
import { Badge } from '../../shared/components/badge.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { formatRelative } from '../../shared/format/time.ts';

const TITLE = 'Keys to look at';
const MOST_SHOWN = 500;

const REASONS: Readonly<Record<KeyReportEntry['reasons'][number], string>> = {
  leaked: 'Found in public',
  never_used: 'Never used',
  stale: 'Not used for 90 days',
  no_limit_and_no_expiry: 'No limit, no end',
};

const reportQuery = queryOptions({
  queryKey: ['key-report'],
  queryFn: ({ signal }) => requestData<KeyReport>('GET', '/api/dashboard/key-report', { signal }),
});

export function KeyReportPage() {
  return (
    <RoleGate title={TITLE} atLeast="admin">
      <Report />
    </RoleGate>
  );
}

function Report() {
  const report = useQuery(reportQuery);
  const keys = report.data?.keys ?? [];
  return (
    <>
      <PageTitle
        title={TITLE}
        description="Whatever nobody needs is one secret less to lose. Admins get this by mail when it changes."
      />
      <Card>
        {report.isPending && <Loading label="Looking at the keys" />}
        {report.isError && (
          <LoadError
            title="The keys could not be looked at"
            error={report.error}
            onRetry={() => void report.refetch()}
          />
        )}
        {report.isSuccess && keys.length === 0 && (
          <EmptyState title="Every key is in use and has a limit or an end" />
        )}
        <ul className="grid grid-cols-1 divide-y divide-border">
          {keys.slice(0, MOST_SHOWN).map((key) => (
            <Entry key={key.hash} entry={key} />
          ))}
        </ul>
        {keys.length > MOST_SHOWN && (
          <p className="mt-3 text-muted">
            The first {MOST_SHOWN} of {keys.length} are shown; the API lists all of them.
          </p>
        )}
      </Card>
    </>
  );
}

function Entry({ entry }: { entry: KeyReportEntry }) {
  const path = entry.kind === 'management' ? '/settings/management-keys' : `/keys/${entry.hash}`;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 py-3 first:pt-0 last:pb-0">
      <div className="min-w-40 flex-1">
        <TextLink to={path}>
          <Untrusted>{plainName(entry.name) || entry.label}</Untrusted>
        </TextLink>
        <div className="font-mono text-xs text-muted">{entry.label}</div>
      </div>
      <div className="flex flex-wrap gap-2">
        {entry.reasons.map((reason) => (
          <Badge key={reason} tone={reason === 'leaked' ? 'danger' : 'warning'}>
            {REASONS[reason]}
          </Badge>
        ))}
      </div>
      <p className="text-muted">
        {entry.last_used_at === null ? 'Never used' : `Last used ${formatRelative(entry.last_used_at)}`}
      </p>
    </li>
  );
}
