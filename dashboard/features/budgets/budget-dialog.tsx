/** Sets a budget of the workspace, or takes it away. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Checkbox } from '../../shared/components/choice.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { formatUsd } from '../../shared/format/money.ts';
import { useForm } from '../../shared/forms/use-form.ts';
import { type Interval, LIMITS_KEY, removeBudget, setBudget } from './api/limits.ts';
import { amount, amountOf, intervalInText } from './words.ts';
import { useWorkspace } from './workspace-context.ts';

/** Show it only while it is open. */
export function BudgetDialog({
  interval,
  limitUsd,
  spentUsd,
  includesByok,
  onClose,
}: {
  interval: Interval;
  limitUsd: number | null;
  spentUsd: number;
  includesByok: boolean;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const workspace = useWorkspace();
  const toast = useToast();
  const [countsByok, setCountsByok] = useState(includesByok);
  const done = async (said: string) => {
    await queries.invalidateQueries({ queryKey: LIMITS_KEY });
    onClose();
    toast(said);
  };
  const form = useForm({
    rules: { limit_usd: amount },
    submit: async ({ limit_usd }) => {
      const body = { limit_usd: amountOf(limit_usd) ?? 0, include_byok_in_budgets: countsByok };
      await setBudget(workspace, interval, body);
      await done('The budget is set');
    },
  });
  const removing = useMutation({
    mutationFn: () => removeBudget(workspace, interval),
    onSuccess: () => done('The budget is taken away'),
  });
  return (
    <FormDialog
      title={`Budget of the workspace: ${intervalInText(interval)}`}
      submitLabel="Save"
      form={form}
      onClose={onClose}
    >
      {removing.isError && <Alert tone="danger">{messageOf(removing.error)}</Alert>}
      <TextField
        label="Limit in USD"
        name="limit_usd"
        inputMode="decimal"
        defaultValue={limitUsd === null ? '' : String(limitUsd)}
        error={form.errors.limit_usd}
        hint={`${formatUsd(spentUsd)} is spent so far. At the limit, requests are refused; a shorter time needs a smaller limit than a longer one.`}
      />
      <Checkbox
        label="Count what goes through your own provider keys"
        hint="For all budgets of this workspace."
        checked={countsByok}
        onChange={setCountsByok}
      />
      {limitUsd !== null && (
        <Button
          variant="ghost"
          type="button"
          className="justify-self-start"
          isBusy={removing.isPending}
          onClick={() => removing.mutate()}
        >
          Take this budget away
        </Button>
      )}
    </FormDialog>
  );
}
