/** Asks once more before a key is gone for good. */
import type { PageKey } from '../../../src/keys/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { displayName } from './api-key.ts';
import { useDeleteKey } from './use-key-actions.ts';

/** Show it only while it is open. `onGone` is told when the key was deleted. */
export function RevokeKeyDialog({
  apiKey,
  onClose,
  onGone = onClose,
}: {
  apiKey: PageKey;
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
          ? 'Answers under way are cut off.'
          : 'Answers under way are still delivered.'}
      </p>
      <p className="text-muted">
        Its requests stay in the logs. To stop it only for a while, disable it instead.
      </p>
      {deleting.isError && <Alert tone="danger">{messageOf(deleting.error)}</Alert>}
    </ConfirmDialog>
  );
}
