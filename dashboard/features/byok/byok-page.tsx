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
import { formatCount } from '../../shared/format/count.ts';
import { formatUsd } from '../../shared/format/money.ts';
import { useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { ownKeysQuery } from './api/list-own-keys.ts';
import { byokProvidersQuery } from './api/list-providers.ts';
import { DeleteOwnKeyDialog } from './delete-own-key-dialog.tsx';
import type { Fee, OwnKey } from './own-key.ts';
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

/** What is taken for their use; nothing is said before that is known. */
function feeText(fee: Fee | null | undefined): string {
  if (fee === undefined) return '';
  if (fee === null) return 'No credits and no fee are taken.';
  const { percent, free_usd_per_month: usd, free_requests_per_month: requests } = fee;
  const taken = `${percent}% of the list price is taken from your credits`;
  if (usd !== null)
    return `The first ${formatUsd(usd)} of each month by the list price are free; beyond, ${taken}.`;
  if (requests !== null)
    return `The first ${formatCount(requests)} requests of each month are free; beyond, ${taken}.`;
  return `For each request, ${taken}.`;
}

function ProviderKeyCards() {
  const keys = useQuery(ownKeysQuery(useChosenWorkspace()?.id ?? null));
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
        description={`Bring your own keys for providers. Requests go out with them first, and the provider bills you itself. ${feeText(providers.data?.fee)}`}
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
              provider={providers.data.data.find(({ slug }) => slug === provider) ?? null}
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
        <OwnKeyDialog providers={providers.data?.data ?? []} onClose={() => setAsked(null)} />
      )}
      {asked?.action === 'edit' && (
        <OwnKeyDialog
          providers={providers.data?.data ?? []}
          ownKey={asked.ownKey}
          onClose={() => setAsked(null)}
        />
      )}
      {asked?.action === 'delete' && (
        <DeleteOwnKeyDialog ownKey={asked.ownKey} onClose={() => setAsked(null)} />
      )}
    </>
  );
}
