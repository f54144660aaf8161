/** Asks once more before a guardrail is gone. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Guardrail } from '../../../src/guardrails/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { ConfirmDialog } from '../../shared/components/dialog.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { plainName, Untrusted } from '../../shared/components/untrusted.tsx';
import { deleteGuardrail } from './api/save-guardrail.ts';
import { titleOf } from './summary.ts';

/** Show it only while it is open. */
export function DeleteGuardrailDialog({
  guardrail,
  onClose,
  onDeleted,
}: {
  guardrail: Guardrail;
  onClose: () => void;
  onDeleted: () => void;
}) {
  const queries = useQueryClient();
  const toast = useToast();
  const isDefault = guardrail.applies_to !== null;
  const title = titleOf(guardrail);
  const deleting = useMutation({
    mutationFn: () => deleteGuardrail(guardrail.id),
    onSuccess: async () => {
      onClose();
      onDeleted();
      toast(isDefault ? 'The rules are taken away' : `${plainName(title)} is deleted`);
      await queries.invalidateQueries({ queryKey: ['guardrails'] });
    },
  });
  return (
    <ConfirmDialog
      isOpen
      title={isDefault ? 'Take all rules away?' : 'Delete this guardrail?'}
      confirmLabel={isDefault ? 'Take away' : 'Delete guardrail'}
      isBusy={deleting.isPending}
      onConfirm={() => deleting.mutate()}
      onClose={onClose}
    >
      <p>
        What{' '}
        <strong>
          <Untrusted>{title}</Untrusted>
        </strong>{' '}
        forbids is allowed from then on, unless another guardrail forbids it too.
      </p>
      {deleting.isError && <Alert tone="danger">{messageOf(deleting.error)}</Alert>}
    </ConfirmDialog>
  );
}
