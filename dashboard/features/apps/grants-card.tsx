/** The apps that people gave a key of their own, and cutting one off. */
import { type UseQueryResult, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Grant } from '../../../src/oauth/answers.ts';
import { periodLabel, spanOf } from '../../shared/analytics/periods.ts';
import { figuresQuery, type Row } from '../../shared/analytics/query.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { formatUsd } from '../../shared/format/money.ts';
import { formatDate, formatRelative } from '../../shared/format/time.ts';
import { cutOffApp, grantsQuery } from './api/grants.ts';
import { requestsOf, spendOf } from './app-figures.ts';
import type { AppsSearch } from './apps-search.ts';

/** So many keys does a question for figures take. */
const MAX_HASHES = 200;

const nameOf = ({ name, keys }: Grant): string =>
  plainName(name ?? '') || plainName(keys[0]?.name ?? '') || 'An app without a name';

export function GrantsCard({
  grants,
  search,
  nowMs,
}: {
  grants: UseQueryResult<readonly Grant[]>;
  search: AppsSearch;
  nowMs: number;
}) {
  const [cutting, setCutting] = useState<Grant | null>(null);
  const shown = (grants.data ?? []).filter(({ keys }) => keys.length > 0);
  const hashes = shown.flatMap(({ key_hashes }) => key_hashes).slice(0, MAX_HASHES);
  const figures = useQuery({
    ...figuresQuery({
      ...{ metrics: ['total_usage', 'request_count'], dimensions: ['api_key_id'], granularity: null },
      span: spanOf(search.period, nowMs),
      only: { api_key_id: hashes },
    }),
    enabled: hashes.length > 0,
  });
  const rowsOf = ({ key_hashes }: Grant): readonly Row[] =>
    (figures.data?.data ?? []).filter((row) => key_hashes.includes(String(row['api_key_hash'])));
  return (
    <Card
      title="Apps with access"
      description="Somebody said yes to each of them, and it has a key. Cut off, its next request is refused."
    >
      {grants.isPending && <Loading label="Loading the apps" />}
      {grants.isError && (
        <LoadError
          title="The apps could not be loaded"
          error={grants.error}
          onRetry={() => void grants.refetch()}
        />
      )}
      {grants.isSuccess && shown.length === 0 && (
        <EmptyState title="No app has access">
          <p>An app that signs in with this gateway shows here once somebody has said yes.</p>
        </EmptyState>
      )}
      {shown.length > 0 && (
        <ul aria-label="Apps with access" className="divide-y divide-border">
          {shown.map((grant) => (
            <GrantItem
              key={grant.id}
              grant={grant}
              rows={rowsOf(grant)}
              search={search}
              onCutOff={() => setCutting(grant)}
            />
          ))}
        </ul>
      )}
      {cutting !== null && <CutOffDialog grant={cutting} onClose={() => setCutting(null)} />}
    </Card>
  );
}

function GrantItem({
  grant,
  rows,
  search,
  onCutOff,
}: {
  grant: Grant;
  rows: readonly Row[];
  search: AppsSearch;
  onCutOff: () => void;
}) {
  const { keys } = grant;
  const used = keys.flatMap(({ last_used_at: at }) => (at === null ? [] : [at])).sort();
  const last = used.at(-1);
  const { metric, period } = search;
  const requests = requestsOf(rows);
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-3 first:pt-0 last:pb-0">
      <div className="min-w-0 flex-1 basis-64">
        <div className="flex flex-wrap items-center gap-2">
          <h3 className="min-w-0 font-semibold wrap-anywhere">
            <TextLink to={`/apps?${new URLSearchParams({ app: grant.id, metric, period })}`}>
              <Untrusted>{nameOf(grant)}</Untrusted>
            </TextLink>
          </h3>
          {grant.is_ours && <Badge tone="accent">Registered here</Badge>}
          {grant.registered_itself && <Badge tone="warning">Registered itself</Badge>}
          {grant.name === null && <Badge tone="warning">Not verified</Badge>}
        </div>
        <p className="text-muted">
          {keys.length} {keys.length === 1 ? 'key' : 'keys'} · since {formatDate(grant.granted_at)} ·{' '}
          {last === undefined ? 'never used' : `last used ${formatRelative(last)}`}
        </p>
        <p className="text-muted tabular-nums">
          {formatUsd(spendOf(rows))} for {formatCount(requests)} {requests === 1 ? 'request' : 'requests'} in
          the {periodLabel(period).toLowerCase()}
        </p>
      </div>
      <Button variant="secondary" aria-label={`Cut off ${nameOf(grant)}`} onClick={onCutOff}>
        Cut off
      </Button>
    </li>
  );
}

function CutOffDialog({ grant, onClose }: { grant: Grant; onClose: () => void }) {
  const queries = useQueryClient();
  const toast = useToast();
  const { keys } = grant;
  const people = new Set(keys.map(({ creator_user_id: id }) => id)).size;
  const cutting = useMutation({
    mutationFn: () => cutOffApp(grant.id),
    onSuccess: async () => {
      onClose();
      toast(`${nameOf(grant)} is cut off`);
      await queries.invalidateQueries({ queryKey: grantsQuery.queryKey });
    },
  });
  return (
    <ConfirmDialog
      isOpen
      title="Cut this app off?"
      confirmLabel="Cut off"
      isBusy={cutting.isPending}
      onConfirm={() => cutting.mutate()}
      onClose={onClose}
    >
      <p>
        <strong>
          <Untrusted>{nameOf(grant)}</Untrusted>
        </strong>{' '}
        loses {keys.length === 1 ? 'its key' : `all of its ${keys.length} keys`}
        {people > 1 && `, which ${people} people gave it`}. Its next request is refused; an answer that is on
        its way may still end.
      </p>
      <p>This cannot be taken back. The app can ask again for a key, and somebody can say yes again.</p>
      {cutting.isError && <Alert tone="danger">{messageOf(cutting.error)}</Alert>}
    </ConfirmDialog>
  );
}
