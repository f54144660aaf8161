/** Adds a rate limit, changes its figures, or takes it away. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { RateLimitAnswer } from '../../../src/budgets/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { optional, useForm, type Values } from '../../shared/forms/use-form.ts';
import { addRateLimit, changeRateLimit, LIMITS_KEY, removeRateLimit } from './api/limits.ts';
import { count, countOf, SUBJECTS } from './words.ts';
import { useWorkspace } from './workspace-context.ts';

const OPTIONS = Object.entries(SUBJECTS).map(([value, label]) => ({ value, label }));

type Field = 'subject' | 'target' | 'requests_per_minute' | 'tokens_per_minute';

/** One of the two has to say something. */
function requests(text: string, { tokens_per_minute }: Values<Field>): string | null {
  if (text.trim() === '' && tokens_per_minute.trim() === '') return 'Enter requests, tokens or both';
  return count(text);
}

/** Show it only while it is open. `limit`: null to add one. */
export function RateLimitDialog({ limit, onClose }: { limit: RateLimitAnswer | null; onClose: () => void }) {
  const queries = useQueryClient();
  const workspace = useWorkspace();
  const toast = useToast();
  const done = async (said: string) => {
    await queries.invalidateQueries({ queryKey: LIMITS_KEY });
    onClose();
    toast(said);
  };
  const form = useForm<Field>({
    rules: { subject: optional, target: optional, requests_per_minute: requests, tokens_per_minute: count },
    submit: async ({ subject, target, requests_per_minute, tokens_per_minute }) => {
      const rates = {
        requests_per_minute: countOf(requests_per_minute) ?? null,
        tokens_per_minute: countOf(tokens_per_minute) ?? null,
      };
      if (limit === null)
        await addRateLimit(workspace, {
          subject: subject as RateLimitAnswer['subject'],
          target: target.trim() === '' ? null : target.trim(),
          ...rates,
        });
      else await changeRateLimit(workspace, limit.id, rates);
      await done(limit === null ? 'The rate limit is added' : 'The rate limit is changed');
    },
  });
  const removing = useMutation({
    mutationFn: () => removeRateLimit(workspace, limit?.id ?? ''),
    onSuccess: () => done('The rate limit is taken away'),
  });
  const textOf = (perMinute: number | null | undefined): string =>
    perMinute == null ? '' : String(perMinute);
  return (
    <FormDialog
      title={limit === null ? 'Add rate limit' : 'Change rate limit'}
      submitLabel={limit === null ? 'Add limit' : 'Save'}
      form={form}
      onClose={onClose}
    >
      {removing.isError && <Alert tone="danger">{messageOf(removing.error)}</Alert>}
      {limit === null && (
        <>
          <SelectField label="Of whom" name="subject" defaultValue="api_key" options={OPTIONS} />
          <TextField
            label="Only one of them"
            name="target"
            autoComplete="off"
            error={form.errors.target}
            hint="A member's id, a key's hash or a model's id. Leave it empty to limit each by itself."
          />
        </>
      )}
      <TextField
        label="Requests a minute"
        name="requests_per_minute"
        inputMode="numeric"
        defaultValue={textOf(limit?.requests_per_minute)}
        error={form.errors.requests_per_minute}
      />
      <TextField
        label="Tokens a minute"
        name="tokens_per_minute"
        inputMode="numeric"
        defaultValue={textOf(limit?.tokens_per_minute)}
        error={form.errors.tokens_per_minute}
        hint="Prompts and answers together."
      />
      {limit !== null && (
        <Button
          variant="ghost"
          type="button"
          className="justify-self-start"
          isBusy={removing.isPending}
          onClick={() => removing.mutate()}
        >
          Take this limit away
        </Button>
      )}
    </FormDialog>
  );
}
