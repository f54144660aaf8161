/** Asks once more before a policy is gone. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { deletePolicy } from './api/delete-policy.ts';
import { policiesQuery } from './api/list-policies.ts';
import type { Policy } from './trust.ts';

/** Show it only while it is open. */
export function DeletePolicyDialog({ policy, onClose }: { policy: Policy; onClose: () => void }) {
  const queries = useQueryClient();
  const toast = useToast();
  const deleting = useMutation({
    mutationFn: () => deletePolicy(policy.id),
    onSuccess: async () => {
      onClose();
      toast(`${plainName(policy.name)} is deleted`);
      await queries.invalidateQueries({ queryKey: policiesQuery.queryKey });
    },
  });
  return (
    <ConfirmDialog
      isOpen
      title="Delete this policy?"
      confirmLabel="Delete policy"
      isBusy={deleting.isPending}
      onConfirm={() => deleting.mutate()}
      onClose={onClose}
    >
      <p>
        Workloads that use{' '}
        <strong>
          <Untrusted>{policy.name}</Untrusted>
        </strong>{' '}
        get no access token any more, and its id never comes back. Access tokens already issued expire within
        15 minutes; to stop them now, disable the key.
      </p>
      <p className="text-muted">To stop it only for a while, switch it off instead.</p>
      {deleting.isError && <Alert tone="danger">{messageOf(deleting.error)}</Alert>}
    </ConfirmDialog>
  );
}
