/** Who works in a workspace, added, removed and given a role there. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { PageWorkspace, PageWorkspaceMember } from '../../../src/workspaces/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import {
  addMember,
  changeMemberRole,
  type Person,
  peopleQuery,
  removeMember,
  workspaceMembersQuery,
} from './api/workspaces.ts';

const SOURCES: Readonly<Record<PageWorkspaceMember['source'], string | null>> = {
  organisation: 'Manages the organisation',
  groups: 'By a group of the identity provider',
  workspace: null,
};

export function WorkspaceMembersCard({ workspace }: { workspace: PageWorkspace }) {
  const { slug, role, is_default: isDefault } = workspace;
  const query = workspaceMembersQuery(slug);
  const members = useQuery(query);
  const queries = useQueryClient();
  const [isAdding, setAdding] = useState(false);
  const isAdmin = role === 'admin';
  const changing = useMutation({
    mutationFn: async (change: { userId: string; role: 'admin' | 'member' | null }) =>
      change.role === null
        ? await removeMember(slug, change.userId)
        : await changeMemberRole(slug, change.userId, change.role),
    onSuccess: () => queries.invalidateQueries({ queryKey: query.queryKey }),
  });
  return (
    <Card
      title="Members"
      actions={
        isAdmin && !isDefault ? (
          <Button variant="secondary" onClick={() => setAdding(true)}>
            Add somebody
          </Button>
        ) : undefined
      }
    >
      {members.isError && (
        <LoadError
          title="The members could not be loaded"
          error={members.error}
          onRetry={() => void members.refetch()}
        />
      )}
      {members.isPending && <Loading />}
      {changing.isError && (
        <div className="mb-3">
          <Alert tone="danger">{messageOf(changing.error)}</Alert>
        </div>
      )}
      {members.data?.length === 0 && (
        <p className="text-muted">Nobody was added yet. Admins of the organisation come in all the same.</p>
      )}
      <ul aria-label="Members" className="divide-y divide-border">
        {members.data?.map((member) => (
          <li
            key={member.user_id}
            className="flex flex-wrap items-center gap-x-3 gap-y-2 py-3 first:pt-0 last:pb-0"
          >
            <div className="min-w-0 flex-1 basis-56">
              <p className="wrap-anywhere">
                <Untrusted>{member.name}</Untrusted>
                {member.is_you && <span className="text-muted"> (you)</span>}
              </p>
              <p className="text-muted wrap-anywhere">{SOURCES[member.source] ?? member.email}</p>
            </div>
            <Badge>{member.role === 'admin' ? 'Admin' : 'Member'}</Badge>
            {isAdmin && member.source === 'workspace' && (
              <span className="flex gap-2">
                <Button
                  variant="secondary"
                  isBusy={changing.isPending && changing.variables.userId === member.user_id}
                  aria-label={`${member.role === 'admin' ? 'Make a member' : 'Make an admin'}: ${plainName(member.name)}`}
                  onClick={() =>
                    changing.mutate({
                      userId: member.user_id,
                      role: member.role === 'admin' ? 'member' : 'admin',
                    })
                  }
                >
                  {member.role === 'admin' ? 'Make a member' : 'Make an admin'}
                </Button>
                {!isDefault && (
                  <Button
                    variant="ghost"
                    aria-label={`Remove ${plainName(member.name)}`}
                    onClick={() => changing.mutate({ userId: member.user_id, role: null })}
                  >
                    Remove
                  </Button>
                )}
              </span>
            )}
          </li>
        ))}
      </ul>
      {isAdding && (
        <AddDialog
          slug={slug}
          present={members.data ?? []}
          onClose={() => setAdding(false)}
          onAdded={() => queries.invalidateQueries({ queryKey: query.queryKey })}
        />
      )}
    </Card>
  );
}

function AddDialog({
  slug,
  present,
  onClose,
  onAdded,
}: {
  slug: string;
  present: readonly PageWorkspaceMember[];
  onClose: () => void;
  onAdded: () => Promise<void>;
}) {
  const people = useQuery(peopleQuery);
  const known = new Set(present.map((member) => member.user_id));
  const others = (people.data ?? []).filter((person: Person) => !known.has(person.user_id));
  const form = useForm({
    rules: { user_id: (userId) => (userId === '' ? 'Choose somebody' : null) },
    submit: async ({ user_id }) => {
      await addMember(slug, user_id);
      await onAdded();
      onClose();
    },
  });
  return (
    <FormDialog title="Add somebody to this workspace" submitLabel="Add" form={form} onClose={onClose}>
      <SelectField
        label="Person"
        name="user_id"
        error={form.errors.user_id}
        hint="They get the role that they have in the organisation; change it afterwards."
        options={[
          { value: '', label: others.length === 0 ? 'Everybody is in already' : 'Choose' },
          ...others.map((person) => ({
            value: person.user_id,
            label: `${plainName(person.name)} · ${plainName(person.email)}`,
          })),
        ]}
      />
    </FormDialog>
  );
}
