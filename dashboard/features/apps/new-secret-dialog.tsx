/** Asks once more before an app's secret stops, and shows the new one. */
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { App, AppWithSecret } from '../../../src/oauth/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { renewSecret } from './api/renew-secret.ts';
import { CredentialsDialog } from './credentials.tsx';

/** Show it only while it is open. */
export function NewSecretDialog({ app, onClose }: { app: App; onClose: () => void }) {
  // Nowhere else: what a query cache holds outlives the dialog.
  const [renewed, setRenewed] = useState<AppWithSecret | null>(null);
  const renewing = useMutation({ mutationFn: () => renewSecret(app.id), onSuccess: setRenewed, gcTime: 0 });
  if (renewed !== null) return <CredentialsDialog title="The new secret" app={renewed} onClose={onClose} />;
  return (
    <ConfirmDialog
      isOpen
      title="Make a new secret?"
      confirmLabel="Make new secret"
      isBusy={renewing.isPending}
      onConfirm={() => renewing.mutate()}
      onClose={() => !renewing.isPending && onClose()}
    >
      <p>
        The old secret of{' '}
        <strong>
          <Untrusted>{app.name}</Untrusted>
        </strong>{' '}
        stops at once: until the app has the new one, nobody can give it a key. The keys that it already has
        keep working.
      </p>
      {renewing.isError && <Alert tone="danger">{messageOf(renewing.error)}</Alert>}
    </ConfirmDialog>
  );
}
