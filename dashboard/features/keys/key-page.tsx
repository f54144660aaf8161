/** One key: its limit, its state and what was spent with it. Apps send their users here to look at what they allowed. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { PageKey } from '../../../src/keys/answers.ts';
import { ApiError } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button, buttonClass } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { formatDateTime } from '../../shared/format/time.ts';
import { keyQuery } from './api/read-key.ts';
import { displayName, type KeyState, nextResetMs, stateOf } from './api-key.ts';
import { EditKeyDialog } from './edit-key-dialog.tsx';
import { KeyFacts } from './key-facts.tsx';
import { KeyFigures } from './key-figures.tsx';
import { KeyRefusals } from './key-refusals.tsx';
import { KeyRequests } from './key-requests.tsx';
import { KeySamples } from './key-samples.tsx';
import { KeySpend } from './key-spend.tsx';
import { KeyStateBadge } from './key-state.tsx';
import { LeakedNotice } from './leaked-notice.tsx';
import { RevokeKeyDialog } from './revoke-key-dialog.tsx';
import { useIsBound } from './use-is-bound.ts';
import { useSwitchKeys } from './use-key-actions.ts';

export function KeyPage() {
  const { hash = '' } = useParams({ strict: false }) as { hash?: string };
  const { data: key, error, isPending, refetch } = useQuery(keyQuery(hash));
  // Before what was known until now: it may have been revoked elsewhere.
  if (error instanceof ApiError && error.status === 404) return <NoSuchKey hash={hash} />;
  if (key !== undefined) return <FoundKey key={key.hash} apiKey={key} />;
  if (isPending) {
    return (
      <>
        <PageTitle title="Key" />
        <Card>
          <Loading label="Loading the key" />
        </Card>
      </>
    );
  }
  return (
    <>
      <PageTitle title="Key" />
      <LoadError title="The key could not be loaded" error={error} onRetry={() => void refetch()} />
    </>
  );
}

function FoundKey({ apiKey }: { apiKey: PageKey }) {
  const [open, setOpen] = useState<'edit' | 'revoke' | null>(null);
  const navigate = useNavigate();
  const switching = useSwitchKeys();
  const state = stateOf(apiKey);
  const isBound = useIsBound(apiKey);
  return (
    <>
      <p className="mb-2">
        <TextLink to="/keys">All keys</TextLink>
      </p>
      <PageTitle
        title={displayName(apiKey)}
        description={
          <span className="flex flex-wrap items-center gap-3">
            <KeyStateBadge apiKey={apiKey} />
            <code className="font-mono">{apiKey.label}</code>
          </span>
        }
        actions={
          <>
            <Link
              to="/logs"
              search={{ api_key_hash: apiKey.hash } as never}
              className={buttonClass('secondary')}
            >
              View logs
            </Link>
            <Button variant="secondary" onClick={() => setOpen('edit')}>
              Edit
            </Button>
            {state !== 'quarantined' && (
              <Button
                variant="secondary"
                disabled={isBound && apiKey.disabled}
                isBusy={switching.isPending}
                onClick={() => switching.mutate({ keys: [apiKey], disabled: !apiKey.disabled })}
              >
                {apiKey.disabled ? 'Enable' : 'Disable'}
              </Button>
            )}
            <Button variant="danger" onClick={() => setOpen('revoke')}>
              Revoke
            </Button>
          </>
        }
      />
      <div className="grid grid-cols-1 gap-5">
        {apiKey.leak != null && <LeakedNotice apiKey={apiKey} leak={apiKey.leak} />}
        {state !== 'active' && state !== 'quarantined' && (
          <Alert tone="warning">{whyRefused(state, isBound, apiKey)}</Alert>
        )}
        {state === 'active' && isBound && (
          <Alert tone="info">
            An admin has set the limit of this key. Only an admin can change it, or enable the key again once
            you have disabled it.
          </Alert>
        )}
        <KeyRefusals
          hash={apiKey.hash}
          canEdit={apiKey.limit !== null && !isBound}
          onEdit={() => setOpen('edit')}
        />
        <KeySpend apiKey={apiKey} />
        <KeyFigures apiKey={apiKey} />
        <KeyRequests hash={apiKey.hash} />
        <KeyFacts apiKey={apiKey} />
        <KeySamples />
      </div>
      {open === 'edit' && <EditKeyDialog apiKey={apiKey} onClose={() => setOpen(null)} />}
      {open === 'revoke' && (
        <RevokeKeyDialog
          apiKey={apiKey}
          onClose={() => setOpen(null)}
          onGone={() => void navigate({ to: '/keys', replace: true })}
        />
      )}
    </>
  );
}

function whyRefused(state: KeyState, isBound: boolean, { limit_reset: reset }: PageKey): string {
  if (state === 'disabled')
    return `Whatever uses this key is refused until ${isBound ? 'an admin enables' : 'you enable'} it again.`;
  if (state === 'expired')
    return 'This key has expired: whatever uses it is refused. Create a new one instead.';
  const until =
    reset === null ? '' : ` or it resets on ${formatDateTime(new Date(nextResetMs(reset)).toISOString())}`;
  return `This key has reached its limit: whatever costs something is refused until the limit is raised${until}.`;
}

/** Deleted keys, other people's and none at all look the same. */
function NoSuchKey({ hash }: { hash: string }) {
  return (
    <>
      <PageTitle title="Key" />
      <Card>
        <EmptyState
          title="This key is not here"
          action={
            <Link to="/keys" className={buttonClass('secondary')}>
              Go to your keys
            </Link>
          }
        >
          <p>It was revoked, it belongs to somebody else, or the address is wrong.</p>
          {/^[0-9a-f]{64}$/.test(hash) && (
            <p className="mt-2">
              If it was yours, <TextLink to={`/logs?api_key_hash=${hash}`}>its requests</TextLink> are still
              in the logs.
            </p>
          )}
        </EmptyState>
      </Card>
    </>
  );
}
