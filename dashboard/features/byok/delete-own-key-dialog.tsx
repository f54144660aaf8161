/** Asks once more before a key is gone. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { deleteOwnKey } from './api/delete-own-key.ts';
import { OWN_KEYS } from './api/list-own-keys.ts';
import { type OwnKey, titleOf } from './own-key.ts';

/** Show it only while it is open. */
export function DeleteOwnKeyDialog({ ownKey, onClose }: { ownKey: OwnKey; onClose: () => void }) {
  const queries = useQueryClient();
  const toast = useToast();
  const deleting = useMutation({
    mutationFn: () => deleteOwnKey(ownKey.id),
    onSuccess: async () => {
      onClose();
      toast(`${plainName(titleOf(ownKey))} is deleted`);
      await queries.invalidateQueries({ queryKey: OWN_KEYS });
    },
  });
  return (
    <ConfirmDialog
      isOpen
      title="Delete this key?"
      confirmLabel="Delete key"
      isBusy={deleting.isPending}
      onConfirm={() => deleting.mutate()}
      onClose={onClose}
    >
      <p>
        Requests no longer go out with{' '}
        <strong>
          <Untrusted>{titleOf(ownKey)}</Untrusted>
        </strong>
        , and what is stored of it is wiped. To withdraw the key itself, revoke it at its provider.
      </p>
      <p className="text-muted">To stop it only for a while, switch it off instead.</p>
      {deleting.isError && <Alert tone="danger">{messageOf(deleting.error)}</Alert>}
    </ConfirmDialog>
  );
}
