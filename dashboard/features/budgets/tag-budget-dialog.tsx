/** Adds a budget of a tag, changes its amount, or takes it away. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { TagBudgetAnswer } from '../../../src/budgets/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { optional, required, useForm } from '../../shared/forms/use-form.ts';
import { addTagBudget, changeTagBudget, LIMITS_KEY, removeTagBudget } from './api/limits.ts';
import { amount, amountOf, TAG_INTERVALS } from './words.ts';
import { useWorkspace } from './workspace-context.ts';

/** Show it only while it is open. `budget`: null to add one. */
export function TagBudgetDialog({
  budget,
  onClose,
}: {
  budget: TagBudgetAnswer | null;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const workspace = useWorkspace();
  const toast = useToast();
  const done = async (said: string) => {
    await queries.invalidateQueries({ queryKey: LIMITS_KEY });
    onClose();
    toast(said);
  };
  const form = useForm({
    rules: {
      tag: budget === null ? required('Enter the name of a tag') : optional,
      value: optional,
      interval: optional,
      limit_usd: amount,
    },
    submit: async ({ tag, value, interval, limit_usd }) => {
      const limit = amountOf(limit_usd) ?? 0;
      if (budget === null)
        await addTagBudget(workspace, {
          ...{ tag: tag.trim(), value: value.trim() === '' ? null : value.trim(), interval },
          limit_usd: limit,
        });
      else await changeTagBudget(workspace, budget.id, limit);
      await done(budget === null ? 'The budget is added' : 'The budget is changed');
    },
  });
  const removing = useMutation({
    mutationFn: () => removeTagBudget(workspace, budget?.id ?? ''),
    onSuccess: () => done('The budget is taken away'),
  });
  return (
    <FormDialog
      title={budget === null ? 'Add tag budget' : 'Change tag budget'}
      submitLabel={budget === null ? 'Add budget' : 'Save'}
      form={form}
      onClose={onClose}
    >
      {removing.isError && <Alert tone="danger">{messageOf(removing.error)}</Alert>}
      {budget === null && (
        <>
          <TextField
            label="Tag"
            name="tag"
            autoComplete="off"
            error={form.errors.tag}
            hint="One that this gateway keeps, such as project."
          />
          <TextField
            label="Value"
            name="value"
            autoComplete="off"
            error={form.errors.value}
            hint="Leave it empty to give each value a budget of its own."
          />
          <SelectField
            label="For how long"
            name="interval"
            defaultValue="monthly"
            options={TAG_INTERVALS}
            error={form.errors.interval}
          />
        </>
      )}
      <TextField
        label="Limit in USD"
        name="limit_usd"
        inputMode="decimal"
        defaultValue={budget === null ? '' : String(budget.limit_usd)}
        error={form.errors.limit_usd}
      />
      {budget !== null && (
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
