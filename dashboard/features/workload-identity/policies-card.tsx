/** Which tokens are good, and for which key. */
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { PlusIcon } from '../../shared/components/icons.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { issuersQuery } from './api/list-issuers.ts';
import { policiesQuery } from './api/list-policies.ts';
import { targetKeysQuery } from './api/list-target-keys.ts';
import { DeletePolicyDialog } from './delete-policy-dialog.tsx';
import { PolicyDialog } from './policy-dialog.tsx';
import { type PolicyAction, PolicyItem } from './policy-item.tsx';
import type { Issuer, Policy, TargetKey } from './trust.ts';
import { UsageDialog } from './usage-dialog.tsx';

type Asked = { action: 'add' } | { action: PolicyAction; policy: Policy };

export function PoliciesCard() {
  const policies = useQuery(policiesQuery);
  const issuers = useQuery(issuersQuery);
  const targetKeys = useQuery(targetKeysQuery);
  const [asked, setAsked] = useState<Asked | null>(null);
  const isEmpty = policies.data?.length === 0;
  const addButton = (
    <Button icon={<PlusIcon />} onClick={() => setAsked({ action: 'add' })}>
      Add policy
    </Button>
  );
  const failed = [policies, issuers, targetKeys].find(({ isError }) => isError);
  const isLoaded = policies.data !== undefined && issuers.data !== undefined && targetKeys.data !== undefined;
  const hasIssuers = issuers.data !== undefined && issuers.data.length > 0;
  return (
    <Card
      title="Policies"
      description="Which tokens of an issuer are accepted, and which key they act as. Everything is compared exactly."
      actions={isLoaded && hasIssuers && !isEmpty ? addButton : undefined}
    >
      {failed?.error != null && (
        <LoadError
          title="The policies could not be loaded"
          error={failed.error}
          onRetry={() => void failed.refetch()}
        />
      )}
      {failed === undefined && !isLoaded && <Loading label="Loading policies" />}
      {isLoaded && isEmpty && <NoPoliciesYet action={hasIssuers ? addButton : null} />}
      {isLoaded && !isEmpty && (
        <ul aria-label="Policies" className="divide-y divide-border">
          {policies.data.map((policy) => (
            <PolicyItem
              key={policy.id}
              policy={policy}
              issuer={issuerOf(policy, issuers.data)}
              targetKey={targetKeys.data.find(({ hash }) => hash === policy.target_key_hash)}
              onAct={(action) => setAsked({ action, policy })}
            />
          ))}
        </ul>
      )}
      {asked !== null && isLoaded && (
        <AskedDialog
          asked={asked}
          issuers={issuers.data}
          targetKeys={targetKeys.data}
          onUse={(policy) => setAsked({ action: 'use', policy })}
          onClose={() => setAsked(null)}
        />
      )}
    </Card>
  );
}

function issuerOf(policy: Policy, issuers: readonly Issuer[]): Issuer | undefined {
  return issuers.find(({ id }) => id === policy.issuer_id);
}

function NoPoliciesYet({ action }: { action: ReactNode }) {
  return (
    <EmptyState title="No policies yet" {...(action === null ? {} : { action })}>
      {action === null
        ? 'Add an issuer first; a policy then says which of its tokens are accepted, and for which key.'
        : 'No token of your issuers is accepted yet. A policy names a workload and the key that it may act as.'}
    </EmptyState>
  );
}

function AskedDialog({
  asked,
  issuers,
  targetKeys,
  onUse,
  onClose,
}: {
  asked: Asked;
  issuers: readonly Issuer[];
  targetKeys: readonly TargetKey[];
  onUse: (policy: Policy) => void;
  onClose: () => void;
}) {
  const choices = { issuers, targetKeys };
  switch (asked.action) {
    case 'add':
      return <PolicyDialog {...choices} onSaved={onUse} onClose={onClose} />;
    case 'edit':
      return <PolicyDialog {...choices} policy={asked.policy} onSaved={onClose} onClose={onClose} />;
    case 'delete':
      return <DeletePolicyDialog policy={asked.policy} onClose={onClose} />;
    case 'use':
      return <UsageDialog policy={asked.policy} issuer={issuerOf(asked.policy, issuers)} onClose={onClose} />;
  }
}
