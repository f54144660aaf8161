/** At which parts of the credits those who may buy are told by mail. */
import { useQueryClient } from '@tanstack/react-query';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { useForm } from '../../shared/forms/use-form.ts';
import { changeAlerts, creditsQuery } from './api/credits.ts';

const MOST = 10;

export function AlertsCard({ percents }: { percents: readonly number[] }) {
  const queries = useQueryClient();
  const toast = useToast();
  const form = useForm({
    rules: {
      percents: (text) =>
        percentsOf(text) === null ? `Enter at most ${MOST} whole numbers from 1 to 100` : null,
    },
    submit: async (values) => {
      const saved = await changeAlerts(percentsOf(values.percents) ?? []);
      queries.setQueryData(creditsQuery.queryKey, saved);
      toast(saved.alert_percents.length === 0 ? 'Saved: no mail is sent' : 'Saved');
    },
  });
  return (
    <Card
      title="Alerts"
      description="Owners and admins get a mail when so much of the credits is spent, once each time that credits came."
    >
      <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
        {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
        <TextField
          label="Percent of the credits"
          name="percents"
          autoComplete="off"
          defaultValue={percents.join(', ')}
          error={form.errors.percents}
          hint="Such as 80, 100. Nothing at all: no mail."
        />
        <Button type="submit" className="justify-self-start" isBusy={form.isSending}>
          Save
        </Button>
      </form>
    </Card>
  );
}

/** Null: it is something else than such a list. */
function percentsOf(text: string): number[] | null {
  const parts = text.split(/[\s,;%]+/).filter((part) => part !== '');
  const numbers = [...new Set(parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 0)))];
  return numbers.length <= MOST && numbers.every((each) => each >= 1 && each <= 100) ? numbers : null;
}
