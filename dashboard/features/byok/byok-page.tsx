/** Keys for providers that the organisation brought itself. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { PlusIcon } from '../../shared/components/icons.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { ownKeysQuery } from './api/list-own-keys.ts';
import { byokProvidersQuery } from './api/list-providers.ts';
import { DeleteOwnKeyDialog } from './delete-own-key-dialog.tsx';
import type { OwnKey } from './own-key.ts';
import { OwnKeyDialog } from './own-key-dialog.tsx';
import type { OwnKeyAction } from './own-key-item.tsx';
import { ProviderKeys } from './provider-keys.tsx';

const TITLE = 'Provider keys';

export function ByokPage() {
  return (
    <RoleGate title={TITLE} atLeast="admin">
      <ProviderKeyCards />
    </RoleGate>
  );
}

type Asked = { action: 'add' } | { action: OwnKeyAction; ownKey: OwnKey };

function ProviderKeyCards() {
  const keys = useQuery(ownKeysQuery);
  const providers = useQuery(byokProvidersQuery);
  const [asked, setAsked] = useState<Asked | null>(null);
  const addButton = (
    <Button icon={<PlusIcon />} onClick={() => setAsked({ action: 'add' })}>
      Add key
    </Button>
  );
  const failed = keys.isError ? keys : providers.isError ? providers : null;
  const groups = keys.data === undefined ? [] : [...Map.groupBy(keys.data.data, ({ provider }) => provider)];
  return (
    <>
      <PageTitle
        title={TITLE}
        description="Bring your own keys for providers. Requests go out with them first, the provider bills you itself, and no credits and no fee are taken."
        actions={groups.length > 0 ? addButton : undefined}
      />
      <div className="grid gap-5">
        {failed !== null && (
          <LoadError
            title="The keys could not be loaded"
            error={failed.error}
            onRetry={() => void failed.refetch()}
          />
        )}
        {failed === null && (keys.isPending || providers.isPending) && <Loading label="Loading keys" />}
        {keys.data?.data.length === 0 && providers.data !== undefined && (
          <Card title="Your keys">
            <EmptyState title="No keys yet" action={addButton}>
              A key is sealed when it is saved and is never shown again. You say which models, API keys and
              people may use it, and what happens when it fails.
            </EmptyState>
          </Card>
        )}
        {providers.data !== undefined &&
          groups.map(([provider, ofProvider]) => (
            <ProviderKeys
              key={provider}
              provider={providers.data.find(({ slug }) => slug === provider) ?? null}
              slug={provider}
              ownKeys={ofProvider}
              onAct={(action, ownKey) => setAsked({ action, ownKey })}
            />
          ))}
        {keys.data !== undefined && keys.data.total_count > keys.data.data.length && (
          <p className="text-muted">
            The first {keys.data.data.length} of {keys.data.total_count} keys are shown; the API lists all of
            them.
          </p>
        )}
      </div>
      {asked?.action === 'add' && (
        <OwnKeyDialog providers={providers.data ?? []} onClose={() => setAsked(null)} />
      )}
      {asked?.action === 'edit' && (
        <OwnKeyDialog providers={providers.data ?? []} ownKey={asked.ownKey} onClose={() => setAsked(null)} />
      )}
      {asked?.action === 'delete' && (
        <DeleteOwnKeyDialog ownKey={asked.ownKey} onClose={() => setAsked(null)} />
      )}
    </>
  );
}
