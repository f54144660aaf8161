/** One workspace: what it is called, who works in it, and its end. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { PageWorkspace } from '../../../src/workspaces/answers.ts';
import { ApiError, messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { CopyableText } from '../../shared/components/copy-button.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { Facts } from '../../shared/components/facts.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { hasRole, useSession } from '../../shared/session/session-query.ts';
import { workspacesQuery } from '../../shared/workspaces/workspaces-query.ts';
import { changeWorkspace, deleteWorkspace, workspaceQuery } from './api/workspaces.ts';
import { WorkspaceMembersCard } from './workspace-members-card.tsx';
import { descriptionRule, nameRule, slugRule } from './workspace-rules.ts';

export function WorkspacePage() {
  const { slug = '' } = useParams({ strict: false }) as { slug?: string };
  const { data: workspace, error, isPending, refetch } = useQuery(workspaceQuery(slug));
  if (error instanceof ApiError && error.status === 404) {
    return (
      <>
        <PageTitle title="Workspace" />
        <EmptyState
          title="There is no such workspace"
          action={<TextLink to="/settings/workspaces">All workspaces</TextLink>}
        >
          It was deleted, or it is not one of yours.
        </EmptyState>
      </>
    );
  }
  if (workspace !== undefined) return <Found key={workspace.id} workspace={workspace} />;
  return (
    <>
      <PageTitle title="Workspace" />
      {isPending ? (
        <Card>
          <Loading />
        </Card>
      ) : (
        <LoadError title="The workspace could not be loaded" error={error} onRetry={() => void refetch()} />
      )}
    </>
  );
}

function Found({ workspace }: { workspace: PageWorkspace }) {
  const session = useSession();
  const isAdmin = workspace.role === 'admin';
  return (
    <>
      <PageTitle
        title={plainName(workspace.name)}
        description={
          workspace.is_default
            ? 'The default workspace: everybody in the organisation is a member.'
            : undefined
        }
      />
      <div className="grid max-w-3xl grid-cols-1 gap-5">
        {isAdmin ? <GeneralCard workspace={workspace} /> : null}
        <WorkspaceMembersCard workspace={workspace} />
        <Card>
          <Facts
            facts={[
              { label: 'Id', value: <CopyableText text={workspace.id} label="id" /> },
              { label: 'Slug', value: workspace.slug },
              {
                label: 'Budgets',
                value: (
                  <TextLink to={`/settings/budgets?workspace=${workspace.slug}`}>What limits it</TextLink>
                ),
              },
            ]}
          />
        </Card>
        {hasRole(session, 'admin') && !workspace.is_default && <DeleteCard workspace={workspace} />}
      </div>
    </>
  );
}

function GeneralCard({ workspace }: { workspace: PageWorkspace }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const form = useForm({
    rules: { name: nameRule, slug: slugRule, description: descriptionRule },
    submit: async ({ name, slug, description }) => {
      const wish = { name: name.trim(), slug, description: description.trim() || null };
      const changed = await changeWorkspace(workspace.id, wish);
      queries.setQueryData(workspaceQuery(changed.slug).queryKey, changed);
      await queries.invalidateQueries({ queryKey: workspacesQuery.queryKey });
      toast('Saved');
      if (changed.slug !== workspace.slug)
        await navigate({ to: `/workspaces/${changed.slug}/settings`, replace: true });
    },
  });
  return (
    <Card title="General">
      <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
        {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
        <TextField
          label="Name"
          name="name"
          autoComplete="off"
          defaultValue={workspace.name}
          error={form.errors.name}
        />
        <TextField
          label="Slug"
          name="slug"
          autoComplete="off"
          defaultValue={workspace.slug}
          hint="Scripts that use the old one no longer find it."
          error={form.errors.slug}
        />
        <TextField
          label="Description (optional)"
          name="description"
          autoComplete="off"
          defaultValue={workspace.description ?? ''}
          error={form.errors.description}
        />
        <Button type="submit" className="justify-self-start" isBusy={form.isSending}>
          Save
        </Button>
      </form>
    </Card>
  );
}

function DeleteCard({ workspace }: { workspace: PageWorkspace }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const [isAsking, setAsking] = useState(false);
  const deleting = useMutation({
    mutationFn: () => deleteWorkspace(workspace.id),
    onSuccess: async () => {
      toast('The workspace is deleted');
      await navigate({ to: '/settings/workspaces' });
      queries.removeQueries({ queryKey: workspaceQuery(workspace.slug).queryKey });
      await queries.invalidateQueries({ queryKey: workspacesQuery.queryKey });
    },
    onError: () => setAsking(false),
  });
  return (
    <Card
      title="Delete this workspace"
      description="Its keys have to be disabled or deleted first. They never work again, and provider keys of this workspace are erased."
    >
      <div className="grid gap-4">
        {deleting.isError && <Alert tone="danger">{messageOf(deleting.error)}</Alert>}
        <Button variant="danger" className="justify-self-start" onClick={() => setAsking(true)}>
          Delete
        </Button>
      </div>
      <ConfirmDialog
        isOpen={isAsking}
        title={`Delete ${plainName(workspace.name)}?`}
        confirmLabel="Delete"
        isBusy={deleting.isPending}
        onConfirm={() => deleting.mutate()}
        onClose={() => setAsking(false)}
      >
        Whatever was asked with its keys stays in the logs. The workspace does not come back.
      </ConfirmDialog>
    </Card>
  );
}
