/** The identity provider that pushes people and groups: where it sends them, and what groups give in workspaces. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ScimOverview } from '../../../src/scim/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { CopyableText } from '../../shared/components/copy-button.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { Facts } from '../../shared/components/facts.tsx';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { createMapping, removeMapping, scimQuery, workspaceNamesQuery } from './api/scim.ts';

type Mapping = ScimOverview['mappings'][number];

export function ScimPage() {
  return (
    <RoleGate title="SCIM" atLeast="admin">
      <Scim />
    </RoleGate>
  );
}

function Scim() {
  const { data: scim, error, isPending, refetch } = useQuery(scimQuery);
  return (
    <>
      <PageTitle
        title="SCIM"
        description="Your identity provider, such as Okta or Entra ID, says who works here. Whoever it takes back loses their sessions and keys at once."
      />
      {isPending && (
        <Card>
          <Loading />
        </Card>
      )}
      {error !== null && (
        <LoadError title="The settings could not be loaded" error={error} onRetry={() => void refetch()} />
      )}
      {scim !== undefined && (
        <div className="grid max-w-3xl grid-cols-1 gap-5">
          <Card
            title="Connection"
            description="Give your identity provider this address, and a management key as its Bearer token."
          >
            <Facts
              facts={[
                { label: 'Address', value: <CopyableText text={scim.base_url} label="address" /> },
                {
                  label: 'Token',
                  value: <TextLink to="/settings/management-keys">Make a management key</TextLink>,
                },
                { label: 'People', value: `${scim.active_users} active of ${scim.users}` },
              ]}
            />
          </Card>
          <GroupsCard scim={scim} />
        </div>
      )}
    </>
  );
}

function GroupsCard({ scim }: { scim: ScimOverview }) {
  const { data: workspaces = [] } = useQuery(workspaceNamesQuery);
  const [isMapping, setMapping] = useState(false);
  const [removing, setRemoving] = useState<Mapping | null>(null);
  const nameOf = (id: string) => workspaces.find((one) => one.id === id)?.name ?? id;
  const groupOf = (id: string) => scim.groups.find((one) => one.id === id)?.display_name ?? id;
  return (
    <Card
      title="Groups"
      description="A group gives its members a role in a workspace. Of several, the highest counts."
      actions={
        scim.groups.length > 0 ? (
          <Button variant="secondary" onClick={() => setMapping(true)}>
            Map a group
          </Button>
        ) : undefined
      }
    >
      {scim.groups.length === 0 && (
        <p className="text-muted">
          No group was pushed yet. They appear here once your identity provider sends them.
        </p>
      )}
      <ul aria-label="Groups" className="divide-y divide-border">
        {scim.groups.map((group) => (
          <li key={group.id} className="grid gap-2 py-3 first:pt-0 last:pb-0">
            <p className="wrap-anywhere">
              <Untrusted>{group.display_name}</Untrusted>
              <span className="text-muted">
                {' '}
                · {group.members} {group.members === 1 ? 'member' : 'members'}
              </span>
            </p>
            {scim.mappings
              .filter((mapping) => mapping.scim_group_id === group.id)
              .map((mapping) => (
                <div key={mapping.id} className="flex flex-wrap items-center gap-2">
                  <span className="min-w-0 flex-1 basis-40 text-muted wrap-anywhere">
                    <Untrusted>{nameOf(mapping.workspace_id)}</Untrusted>
                  </span>
                  <Badge>{mapping.role === 'admin' ? 'Admin' : 'Member'}</Badge>
                  <Button
                    variant="ghost"
                    aria-label={`Remove the role of ${plainName(group.display_name)} in ${plainName(nameOf(mapping.workspace_id))}`}
                    onClick={() => setRemoving(mapping)}
                  >
                    Remove
                  </Button>
                </div>
              ))}
          </li>
        ))}
      </ul>
      {isMapping && (
        <MapDialog groups={scim.groups} workspaces={workspaces} onClose={() => setMapping(false)} />
      )}
      {removing !== null && (
        <RemoveDialog
          mapping={removing}
          group={groupOf(removing.scim_group_id)}
          workspace={nameOf(removing.workspace_id)}
          onClose={() => setRemoving(null)}
        />
      )}
    </Card>
  );
}

function MapDialog({
  groups,
  workspaces,
  onClose,
}: {
  groups: ScimOverview['groups'];
  workspaces: readonly { readonly id: string; readonly name: string }[];
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const form = useForm({
    rules: { scim_group_id: () => null, workspace_id: () => null, role: () => null },
    submit: async (wish) => {
      await createMapping(wish);
      await queries.invalidateQueries({ queryKey: scimQuery.queryKey });
      onClose();
    },
  });
  return (
    <FormDialog title="Map a group to a workspace" submitLabel="Map" form={form} onClose={onClose}>
      <SelectField
        label="Group"
        name="scim_group_id"
        error={form.errors.scim_group_id}
        options={groups.map(({ id, display_name }) => ({ value: id, label: plainName(display_name) }))}
      />
      <SelectField
        label="Workspace"
        name="workspace_id"
        error={form.errors.workspace_id}
        options={workspaces.map(({ id, name }) => ({ value: id, label: plainName(name) }))}
      />
      <SelectField
        label="Role"
        name="role"
        error={form.errors.role}
        options={[
          { value: 'member', label: 'Member' },
          { value: 'admin', label: 'Admin' },
        ]}
      />
    </FormDialog>
  );
}

function RemoveDialog({
  mapping,
  group,
  workspace,
  onClose,
}: {
  mapping: Mapping;
  group: string;
  workspace: string;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const toast = useToast();
  const [keepMembers, setKeepMembers] = useState(false);
  const removing = useMutation({
    mutationFn: removeMapping,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: scimQuery.queryKey });
      toast('The mapping is removed');
      onClose();
    },
  });
  return (
    <ConfirmDialog
      isOpen
      title="Remove this mapping?"
      confirmLabel="Remove"
      isBusy={removing.isPending}
      onConfirm={() => removing.mutate({ id: mapping.id, keepMembers })}
      onClose={onClose}
    >
      <div className="grid gap-3">
        {removing.isError && <Alert tone="danger">{messageOf(removing.error)}</Alert>}
        <p>
          {plainName(group)} gives no role in {plainName(workspace)} any more.
        </p>
        <label className="flex items-start gap-2">
          <input
            type="checkbox"
            className="mt-1"
            checked={keepMembers}
            onChange={({ target }) => setKeepMembers(target.checked)}
          />
          <span>Whoever is in by it stays, with the role that they have now</span>
        </label>
      </div>
    </ConfirmDialog>
  );
}
