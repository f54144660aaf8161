/** The keys that one may see: members their own, admins everybody's. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { PlusIcon } from '../../shared/components/icons.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { KEYS_A_PAGE, keysQuery } from './api/list-keys.ts';
import { CreateKeyDialog } from './create-key-dialog.tsx';
import { FirstCall } from './first-call.tsx';
import { isNarrowed, type KeySearch } from './key-search.ts';
import { KeyToolbar } from './key-toolbar.tsx';
import { KeysTable } from './keys-table.tsx';
import { Pager } from './pager.tsx';

export function KeysPage() {
  const search: KeySearch = useSearch({ from: '/signed-in/keys' });
  const { page = 1 } = search;
  const chosen = useChosenWorkspace();
  const navigate = useNavigate();
  const narrow = useCallback(
    (next: KeySearch) => void navigate({ to: '/keys', search: next, replace: true }),
    [navigate],
  );
  const { data: keys, error, isPending, refetch } = useQuery(keysQuery(search, chosen?.id ?? null));
  const [isCreating, setCreating] = useState(false);
  const createButton = (
    <Button icon={<PlusIcon />} onClick={() => setCreating(true)}>
      Create key
    </Button>
  );
  const isEmpty = keys?.length === 0;
  const hasNone = isEmpty && page === 1 && !isNarrowed(search);
  return (
    <>
      <PageTitle
        title="Keys"
        description="Apps and scripts identify themselves with a key. Each key has its own limit."
        actions={hasNone ? undefined : createButton}
      />
      {!hasNone && <KeyToolbar search={search} onChange={narrow} />}
      <Card>
        {error !== null && (
          <LoadError title="The keys could not be loaded" error={error} onRetry={() => void refetch()} />
        )}
        {isPending && <Loading label="Loading keys" />}
        {hasNone && <NoKeysYet action={createButton} />}
        {isEmpty && !hasNone && (isNarrowed(search) ? <NoneFound /> : <NoSuchPage />)}
        {keys !== undefined && keys.length > 0 && <KeysTable keys={keys} />}
        {keys !== undefined && !isEmpty && <Pager search={search} hasNext={keys.length === KEYS_A_PAGE} />}
      </Card>
      <CreateKeyDialog isOpen={isCreating} onClose={() => setCreating(false)} />
    </>
  );
}

function NoKeysYet({ action }: { action: React.ReactNode }) {
  return (
    <EmptyState title="No keys yet" action={action}>
      <p>
        A key is the password of one app: it says who asks, counts what is spent, and stops at its limit. Make
        one for each app, so that you can stop one without the others. Then one request is all it takes:
      </p>
      <div className="mt-4 min-w-0">
        <FirstCall />
      </div>
    </EmptyState>
  );
}

function NoneFound() {
  return (
    <EmptyState title="No key fits">
      Look for less, or <TextLink to="/keys">show all keys</TextLink>.
    </EmptyState>
  );
}

function NoSuchPage() {
  return (
    <EmptyState title="No keys on this page">
      <TextLink to="/keys">Back to the first page</TextLink>
    </EmptyState>
  );
}
