/** Asks once more before a key is gone for good. */
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { type ApiKey, displayName } from './api-key.ts';
import { useDeleteKey } from './use-key-actions.ts';

/** Show it only while it is open. `onGone` is told when the key was deleted. */
export function RevokeKeyDialog({
  apiKey,
  onClose,
  onGone = onClose,
}: {
  apiKey: ApiKey;
  onClose: () => void;
  onGone?: () => void;
}) {
  const deleting = useDeleteKey(onGone);
  return (
    <ConfirmDialog
      isOpen
      title="Revoke this key?"
      confirmLabel="Revoke key"
      isBusy={deleting.isPending}
      onConfirm={() => deleting.mutate(apiKey)}
      onClose={onClose}
    >
      <p>
        Whatever uses{' '}
        <strong>
          <Untrusted>{displayName(apiKey)}</Untrusted>
        </strong>{' '}
        is refused at once, and the key can never be used again.{' '}
        {apiKey.cut_streams_when_revoked
          ? 'Answers that are on their way are cut off.'
          : 'Answers that are on their way still arrive.'}
      </p>
      <p className="text-muted">
        Its requests stay in the logs. To stop it for a while only, disable it instead.
      </p>
      {deleting.isError && <Alert tone="danger">{messageOf(deleting.error)}</Alert>}
    </ConfirmDialog>
  );
}
