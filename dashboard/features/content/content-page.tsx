/** Whether prompts and answers are kept, which of them and for how long; and the way to forget them all. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ContentSettingAnswer } from '../../../src/content/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { RoleGate } from '../../shared/components/role-gate.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName } from '../../shared/components/untrusted.tsx';
import { useChosenWorkspace } from '../../shared/workspaces/chosen-workspace.ts';
import { WorkspaceChoice } from '../../shared/workspaces/workspace-choice.tsx';
import { workspacesQuery } from '../../shared/workspaces/workspaces-query.ts';
import { contentSettingQuery, deleteContent } from './api/content-setting.ts';
import { SettingForm } from './setting-form.tsx';

const TITLE = 'Prompts and answers';

export function ContentPage() {
  return (
    <RoleGate title={TITLE} atLeast="admin">
      <Content />
    </RoleGate>
  );
}

function Content() {
  const workspaces = useQuery(workspacesQuery).data ?? [];
  const workspaceId = useChosenWorkspace()?.id ?? null;
  const setting = useQuery(contentSettingQuery(workspaceId));
  const shown = workspaces.find(({ id, is_default }) =>
    workspaceId === null ? is_default : id === workspaceId,
  );
  return (
    <>
      <PageTitle
        title={TITLE}
        description="Nothing of what people and models say to each other is kept, unless you switch it on here. Whatever you choose: tokens, costs and times are."
      />
      <div className="grid max-w-2xl grid-cols-1 gap-5">
        <WorkspaceChoice asked={shown?.slug ?? ''} />
        {setting.isPending && (
          <Card>
            <Loading label="Loading the setting" />
          </Card>
        )}
        {setting.isError && (
          <Card>
            <LoadError
              title="The setting could not be loaded"
              error={setting.error}
              onRetry={() => void setting.refetch()}
            />
          </Card>
        )}
        {setting.isSuccess && (
          <Loaded
            workspaceId={workspaceId}
            workspace={workspaces.length < 2 ? null : plainName(shown?.name ?? '')}
            setting={setting.data}
          />
        )}
      </div>
    </>
  );
}

interface Place {
  /** Null: the default one. */
  readonly workspaceId: string | null;
  /** Its name; null: there is no other. */
  readonly workspace: string | null;
}

function Loaded({ workspaceId, workspace, setting }: Place & { setting: ContentSettingAnswer }) {
  return (
    <>
      {!setting.allowed && (
        <Alert title="This gateway keeps none">
          Whoever runs it has forbidden it for everybody. They can allow it with content_logging.allowed in
          turnpike.yaml.
        </Alert>
      )}
      {(setting.allowed || setting.enabled) && (
        // A change made elsewhere starts the form anew.
        <SettingForm
          key={`${setting.workspace_id} ${setting.updated_at ?? 'never'}`}
          workspaceId={workspaceId}
          setting={setting}
        />
      )}
      <ForgetCard key={setting.workspace_id} workspaceId={workspaceId} workspace={workspace} />
    </>
  );
}

function ForgetCard({ workspaceId, workspace }: Place) {
  const [isAsking, setAsking] = useState(false);
  const queries = useQueryClient();
  const toast = useToast();
  const deleting = useMutation({
    mutationFn: () => deleteContent(workspaceId),
    onSuccess: async () => {
      setAsking(false);
      await queries.invalidateQueries({ queryKey: contentSettingQuery(workspaceId).queryKey });
      toast(`Everything that was kept${workspace === null ? '' : ` of ${workspace}`} is deleted`);
    },
  });
  return (
    <Card
      title="Delete what is kept"
      description="All prompts and answers become unreadable at once, and no more are kept. Their requests stay in the logs; a backup that was made before still has them."
    >
      <Button variant="secondary" onClick={() => setAsking(true)}>
        Delete everything
      </Button>
      {isAsking && (
        <ConfirmDialog
          isOpen
          title={`Delete all prompts and answers${workspace === null ? '' : ` of ${workspace}`}?`}
          confirmLabel="Delete everything"
          isBusy={deleting.isPending}
          onConfirm={() => deleting.mutate()}
          onClose={() => setAsking(false)}
        >
          {deleting.isError && <Alert tone="danger">{messageOf(deleting.error)}</Alert>}
          <p>Nobody can bring them back. Keeping is switched off too, until you switch it on again.</p>
        </ConfirmDialog>
      )}
    </Card>
  );
}
