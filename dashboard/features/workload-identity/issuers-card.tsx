/** Whose tokens are trusted, and where the keys that they sign with are found. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Button, IconButton } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { CopyableText } from '../../shared/components/copy-button.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { Facts } from '../../shared/components/facts.tsx';
import { PlusIcon, TrashIcon } from '../../shared/components/icons.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { issuersQuery } from './api/list-issuers.ts';
import { DeleteIssuerDialog } from './delete-issuer-dialog.tsx';
import { IssuerDialog } from './issuer-dialog.tsx';
import { keySourceOf } from './issuer-fields.tsx';
import type { Issuer } from './trust.ts';

type Asked = { action: 'add' } | { action: 'edit' | 'delete'; issuer: Issuer };

export function IssuersCard() {
  const issuers = useQuery(issuersQuery);
  const [asked, setAsked] = useState<Asked | null>(null);
  const hasIssuers = issuers.data !== undefined && issuers.data.length > 0;
  const addButton = (
    <Button icon={<PlusIcon />} onClick={() => setAsked({ action: 'add' })}>
      Add issuer
    </Button>
  );
  return (
    <Card
      title="Issuers"
      description="Who signs the tokens of your workloads: your CI system, cluster or cloud."
      actions={hasIssuers ? addButton : undefined}
    >
      {issuers.isError && (
        <LoadError
          title="The issuers could not be loaded"
          error={issuers.error}
          onRetry={() => void issuers.refetch()}
        />
      )}
      {issuers.isPending && <Loading label="Loading issuers" />}
      {issuers.data?.length === 0 && (
        <EmptyState title="No issuers yet" action={addButton}>
          Until there is one, no workload can get an access token.
        </EmptyState>
      )}
      {hasIssuers && (
        <ul aria-label="Issuers" className="divide-y divide-border">
          {issuers.data.map((issuer) => (
            <IssuerItem
              key={issuer.id}
              issuer={issuer}
              onEdit={() => setAsked({ action: 'edit', issuer })}
              onDelete={() => setAsked({ action: 'delete', issuer })}
            />
          ))}
        </ul>
      )}
      {asked?.action === 'add' && <IssuerDialog onClose={() => setAsked(null)} />}
      {asked?.action === 'edit' && <IssuerDialog issuer={asked.issuer} onClose={() => setAsked(null)} />}
      {asked?.action === 'delete' && (
        <DeleteIssuerDialog issuer={asked.issuer} onClose={() => setAsked(null)} />
      )}
    </Card>
  );
}

function IssuerItem({
  issuer,
  onEdit,
  onDelete,
}: {
  issuer: Issuer;
  onEdit: () => void;
  onDelete: () => void;
}) {
  const name = plainName(issuer.name);
  return (
    <li className="grid gap-3 py-4 first:pt-0 last:pb-0">
      <div className="flex items-start justify-between gap-x-6">
        <h3 className="min-w-0 self-center font-semibold">
          <Untrusted>{issuer.name}</Untrusted>
        </h3>
        <div className="flex shrink-0 items-center">
          <Button variant="ghost" aria-label={`Edit ${name}`} onClick={onEdit}>
            Edit
          </Button>
          <IconButton label={`Delete ${name}`} onClick={onDelete}>
            <TrashIcon />
          </IconButton>
        </div>
      </div>
      <Facts
        facts={[
          {
            label: 'Issuer URL',
            value: <CopyableText text={issuer.issuer_url} label={`issuer URL of ${name}`} />,
          },
          { label: 'Signing keys', value: <SigningKeys issuer={issuer} /> },
        ]}
      />
    </li>
  );
}

function SigningKeys({ issuer }: { issuer: Issuer }) {
  switch (keySourceOf(issuer)) {
    case 'discovery':
      return 'Found by discovery';
    case 'jwks_url':
      return <CopyableText text={issuer.jwks_url ?? ''} label={`JWKS URL of ${plainName(issuer.name)}`} />;
    case 'jwks':
      return 'A key set that was pasted here';
  }
}
