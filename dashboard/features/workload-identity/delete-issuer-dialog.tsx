/** Asks once more before an issuer is gone, and says which policies go with it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { deleteIssuer } from './api/delete-issuer.ts';
import { policiesQuery } from './api/list-policies.ts';
import type { Issuer } from './trust.ts';

/** Show it only while it is open. */
export function DeleteIssuerDialog({ issuer, onClose }: { issuer: Issuer; onClose: () => void }) {
  const policies = useQuery(policiesQuery).data?.filter(({ issuer_id }) => issuer_id === issuer.id) ?? [];
  const queries = useQueryClient();
  const toast = useToast();
  const deleting = useMutation({
    mutationFn: () => deleteIssuer(issuer.id),
    onSuccess: async () => {
      onClose();
      toast(`${plainName(issuer.name)} is deleted`);
      await queries.invalidateQueries({ queryKey: ['workload-identity'] });
    },
  });
  return (
    <ConfirmDialog
      isOpen
      title="Delete this issuer?"
      confirmLabel="Delete issuer"
      isBusy={deleting.isPending}
      onConfirm={() => deleting.mutate()}
      onClose={onClose}
    >
      <p>
        Tokens from{' '}
        <strong>
          <Untrusted>{issuer.name}</Untrusted>
        </strong>{' '}
        are no longer accepted. Access tokens already issued expire within 15 minutes.
      </p>
      {policies.length > 0 && (
        <div>
          <p>{policies.length === 1 ? 'This policy is' : 'These policies are'} deleted with it:</p>
          <ul className="mt-1 list-disc pl-5">
            {policies.map(({ id, name }) => (
              <li key={id}>
                <Untrusted>{name}</Untrusted>
              </li>
            ))}
          </ul>
        </div>
      )}
      {deleting.isError && <Alert tone="danger">{messageOf(deleting.error)}</Alert>}
    </ConfirmDialog>
  );
}
