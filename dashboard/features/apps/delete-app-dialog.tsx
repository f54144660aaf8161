/** Asks once more before an app is gone, and says what becomes of its keys. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { App } from '../../../src/oauth/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { deleteApp } from './api/delete-app.ts';
import { appsQuery } from './api/list-apps.ts';

/** Show it only while it is open. */
export function DeleteAppDialog({ app, onClose }: { app: App; onClose: () => void }) {
  const queries = useQueryClient();
  const toast = useToast();
  const deleting = useMutation({
    mutationFn: () => deleteApp(app.id),
    onSuccess: async () => {
      onClose();
      toast(`${plainName(app.name)} is deleted`);
      await queries.invalidateQueries({ queryKey: appsQuery.queryKey });
    },
  });
  return (
    <ConfirmDialog
      isOpen
      title="Delete this app?"
      confirmLabel="Delete app"
      isBusy={deleting.isPending}
      onConfirm={() => deleting.mutate()}
      onClose={onClose}
    >
      <p>
        <strong>
          <Untrusted>{app.name}</Untrusted>
        </strong>{' '}
        can ask nobody for a key any more, and its client id never comes back.
      </p>
      <p>
        The keys that it was given keep working until somebody revokes them under Keys. As an admin, you see
        all keys of your organisation there.
      </p>
      {deleting.isError && <Alert tone="danger">{messageOf(deleting.error)}</Alert>}
    </ConfirmDialog>
  );
}
