/** The workspaces that are one's own: where keys belong, with people and limits of their own. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { PageWorkspace } from '../../../src/workspaces/answers.ts';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { hasRole, useSession } from '../../shared/session/session-query.ts';
import { workspacesQuery } from '../../shared/workspaces/workspaces-query.ts';
import { createWorkspace } from './api/workspaces.ts';
import { descriptionRule, nameRule, slugRule } from './workspace-rules.ts';

export function WorkspacesPage() {
  const session = useSession();
  const workspaces = useQuery(workspacesQuery);
  const [isCreating, setCreating] = useState(false);
  return (
    <>
      <PageTitle
        title="Workspaces"
        description="Keys, provider keys and what is kept of prompts belong to a workspace. Bills and roles belong to the organisation."
        actions={
          hasRole(session, 'admin') ? (
            <Button onClick={() => setCreating(true)}>Create workspace</Button>
          ) : undefined
        }
      />
      <Card>
        {workspaces.isError && (
          <LoadError
            title="The workspaces could not be loaded"
            error={workspaces.error}
            onRetry={() => void workspaces.refetch()}
          />
        )}
        {workspaces.isPending && <Loading />}
        <ul aria-label="Workspaces" className="divide-y divide-border">
          {workspaces.data?.map((workspace) => (
            <Row key={workspace.id} workspace={workspace} />
          ))}
        </ul>
      </Card>
      {isCreating && <CreateDialog onClose={() => setCreating(false)} />}
    </>
  );
}

function Row({ workspace }: { workspace: PageWorkspace }) {
  const { name, slug, description, is_default, role } = workspace;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-3 first:pt-0 last:pb-0">
      <div className="min-w-0 flex-1 basis-56">
        <p className="wrap-anywhere">
          <TextLink to={`/workspaces/${slug}/settings`}>
            <Untrusted>{name}</Untrusted>
          </TextLink>
        </p>
        <p className="text-muted wrap-anywhere">
          {description === null || description === '' ? slug : <Untrusted>{description}</Untrusted>}
        </p>
      </div>
      {is_default && <Badge>Default</Badge>}
      <Badge>{role === 'admin' ? 'Admin' : 'Member'}</Badge>
    </li>
  );
}

function CreateDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const form = useForm({
    rules: { name: nameRule, slug: slugRule, description: descriptionRule },
    submit: async ({ name, slug, description }) => {
      const wish = { name: name.trim(), slug, description: description.trim() || null };
      const made = await createWorkspace(wish);
      await queries.invalidateQueries({ queryKey: workspacesQuery.queryKey });
      onClose();
      await navigate({ to: `/workspaces/${made.slug}/settings` });
    },
  });
  return (
    <FormDialog title="Create a workspace" submitLabel="Create" form={form} onClose={onClose}>
      <TextField label="Name" name="name" autoComplete="off" error={form.errors.name} />
      <TextField
        label="Slug"
        name="slug"
        autoComplete="off"
        hint="Stands in addresses and in the API in the place of its id, such as team-a."
        error={form.errors.slug}
      />
      <TextField
        label="Description (optional)"
        name="description"
        autoComplete="off"
        error={form.errors.description}
      />
    </FormDialog>
  );
}
