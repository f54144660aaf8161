/** The keys with which programs manage keys. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { PageKey } from '../../../src/keys/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Button, IconButton } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { MoreIcon, PlusIcon } from '../../shared/components/icons.tsx';
import { LeakWaysOn } from '../../shared/components/leak-ways-on.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { Menu } from '../../shared/components/menu.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { formatDate, formatRelative } from '../../shared/format/time.ts';
import {
  deleteManagementKey,
  managementKeysQuery,
  replaceManagementKey,
  restoreManagementKey,
} from './api/management-keys.ts';
import { CreateManagementKeyDialog } from './create-management-key-dialog.tsx';

const TITLE = 'Management keys';

export function ManagementKeysPage() {
  return (
    <RoleGate title={TITLE} atLeast="admin">
      <ManagementKeys />
    </RoleGate>
  );
}

function ManagementKeys() {
  const { data: keys, error, isPending, refetch } = useQuery(managementKeysQuery);
  const [isCreating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<PageKey | null>(null);
  const button = (
    <Button icon={<PlusIcon />} onClick={() => setCreating(true)}>
      Create management key
    </Button>
  );
  return (
    <>
      <PageTitle
        title={TITLE}
        description="Programs make, change and revoke API keys with them. A management key cannot ask a model anything."
        actions={keys?.length === 0 ? undefined : button}
      />
      <div className="grid grid-cols-1 gap-5">
        {keys?.map(
          (key) => key.leak != null && <LeakedKey key={key.hash} managementKey={key} leak={key.leak} />,
        )}
        <Card>
          {error !== null && (
            <LoadError
              title="The management keys could not be loaded"
              error={error}
              onRetry={() => void refetch()}
            />
          )}
          {isPending && <Loading label="Loading management keys" />}
          {keys?.length === 0 && (
            <EmptyState title="No management keys yet" action={button}>
              Make one for a program that hands out keys by itself, such as your own sign-up or Terraform.
            </EmptyState>
          )}
          {keys !== undefined && keys.length > 0 && (
            <Table caption={TITLE}>
              <TableHead>
                <Th>Name</Th>
                <Th className="max-sm:hidden">Created</Th>
                <Th className="max-sm:hidden">Last used</Th>
                <Th>Expires</Th>
                <Th>
                  <span className="sr-only">Actions</span>
                </Th>
              </TableHead>
              <TableBody>
                {keys.map((key) => (
                  <KeyRow key={key.hash} managementKey={key} onRevoke={() => setRevoking(key)} />
                ))}
              </TableBody>
            </Table>
          )}
        </Card>
      </div>
      {isCreating && <CreateManagementKeyDialog onClose={() => setCreating(false)} />}
      {revoking !== null && <RevokeDialog managementKey={revoking} onClose={() => setRevoking(null)} />}
    </>
  );
}

/** Nothing of one that works and nobody has found. */
function StateBadge({ managementKey: { disabled, leak } }: { managementKey: PageKey }) {
  if (leak?.is_quarantined === true) return <Badge tone="danger">Quarantined</Badge>;
  if (disabled) return <Badge>Disabled</Badge>;
  return leak != null && <Badge tone="danger">Public</Badge>;
}

function LeakedKey({ managementKey, leak }: { managementKey: PageKey; leak: NonNullable<PageKey['leak']> }) {
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries({ queryKey: managementKeysQuery.queryKey });
  return (
    <Alert tone="danger" title={`${plainName(managementKey.name) || managementKey.label} is public`}>
      <LeakWaysOn
        leak={leak}
        refused="whatever uses it"
        replace={() => replaceManagementKey(managementKey.hash)}
        restore={() => restoreManagementKey(managementKey.hash)}
        onReplaced={refresh}
        onRestored={refresh}
      />
    </Alert>
  );
}

function KeyRow({ managementKey: key, onRevoke }: { managementKey: PageKey; onRevoke: () => void }) {
  const name = plainName(key.name) || key.label;
  const isExpired = key.expires_at !== null && Date.parse(key.expires_at) <= Date.now();
  return (
    <tr>
      <Td className="w-full min-w-36">
        <div className="line-clamp-2 font-medium">
          <Untrusted>{name}</Untrusted> <StateBadge managementKey={key} />
        </div>
        <div className="font-mono text-xs whitespace-nowrap text-muted">{key.label}</div>
      </Td>
      <Td className="whitespace-nowrap max-sm:hidden">{formatDate(key.created_at)}</Td>
      <Td className="whitespace-nowrap max-sm:hidden">
        {key.last_used_at === null ? (
          <span className="text-muted">Never</span>
        ) : (
          formatRelative(key.last_used_at)
        )}
      </Td>
      <Td className="whitespace-nowrap">
        {key.expires_at === null && <span className="text-muted">Never</span>}
        {key.expires_at !== null &&
          (isExpired ? <Badge tone="warning">Expired</Badge> : formatDate(key.expires_at))}
      </Td>
      <Td>
        <Menu items={[{ label: 'Revoke', isDanger: true, onSelect: onRevoke }]}>
          <IconButton label={`Actions for ${name}`}>
            <MoreIcon />
          </IconButton>
        </Menu>
      </Td>
    </tr>
  );
}

function RevokeDialog({ managementKey, onClose }: { managementKey: PageKey; onClose: () => void }) {
  const queries = useQueryClient();
  const toast = useToast();
  const revoking = useMutation({
    mutationFn: deleteManagementKey,
    onSuccess: async () => {
      onClose();
      toast(`${plainName(managementKey.name)} is revoked`);
      await queries.invalidateQueries({ queryKey: managementKeysQuery.queryKey });
    },
  });
  return (
    <ConfirmDialog
      isOpen
      title="Revoke this management key?"
      confirmLabel="Revoke key"
      isBusy={revoking.isPending}
      onConfirm={() => revoking.mutate(managementKey.hash)}
      onClose={onClose}
    >
      {revoking.isError && <Alert tone="danger">{messageOf(revoking.error)}</Alert>}
      <p>
        Programs that use{' '}
        <strong>
          <Untrusted>{managementKey.name}</Untrusted>
        </strong>{' '}
        can manage nothing any more, at once and for good. The API keys that they made go on working.
      </p>
    </ConfirmDialog>
  );
}
