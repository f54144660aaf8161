/** What was told of budgets that are being used up, and at how many percent that is. */
import { useQueryClient } from '@tanstack/react-query';
import type { WorkspaceLimitsAnswer } from '../../../src/budgets/answers.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatUsd } from '../../shared/format/money.ts';
import { formatDateTime } from '../../shared/format/time.ts';
import { useForm } from '../../shared/forms/use-form.ts';
import { LIMITS_KEY, setAlertPercents } from './api/limits.ts';
import { useWorkspace } from './workspace-context.ts';

const SCOPES: Readonly<Record<string, string>> = { workspace: 'Workspace', tag: 'Tag' };

export function BudgetAlerts({ limits, mayChange }: { limits: WorkspaceLimitsAnswer; mayChange: boolean }) {
  return (
    <Card
      title="Alerts"
      description="Once for each part of a budget that is used, in each of its days, weeks or months. They are in the gateway's log, too."
    >
      <div className="grid gap-5">
        {mayChange && (
          // A change made elsewhere starts the form anew.
          <PercentsForm key={limits.alert_percents.join()} percents={limits.alert_percents} />
        )}
        {limits.alerts.length === 0 ? (
          <EmptyState title="No part of a budget is used that much yet" />
        ) : (
          <ul className="divide-y divide-border">
            {limits.alerts.map(({ id, percent, scope, of, window, limit_usd, spend_usd, at }) => (
              <li key={id} className="flex flex-wrap items-baseline gap-x-3 gap-y-1 py-2">
                <Badge tone={percent >= 100 ? 'danger' : 'warning'}>{percent} %</Badge>
                <span className="min-w-0 flex-1 basis-48 wrap-anywhere">
                  {SCOPES[scope] ?? 'Guardrail'} <Untrusted>{of}</Untrusted>
                  {window !== 'all' && <span className="text-muted">, {window}</span>}
                </span>
                <span className="tabular-nums">
                  {formatUsd(spend_usd)} <span className="text-muted">of {formatUsd(limit_usd)}</span>
                </span>
                <time dateTime={at} className="text-muted">
                  {formatDateTime(at)}
                </time>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Card>
  );
}

/** Whole numbers from 1 to 100; null: something else is among them. */
function percentsOf(text: string): number[] | null {
  const parts = text
    .split(/[\s,;%]+/)
    .filter((part) => part !== '')
    .map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 0));
  return parts.every((part) => part >= 1 && part <= 100) && parts.length <= 10 ? parts : null;
}

function PercentsForm({ percents }: { percents: readonly number[] }) {
  const queries = useQueryClient();
  const workspace = useWorkspace();
  const toast = useToast();
  const form = useForm({
    rules: {
      percents: (text) =>
        percentsOf(text) === null ? 'Enter up to ten whole numbers from 1 to 100, such as 50, 80, 100' : null,
    },
    submit: async ({ percents: text }) => {
      await setAlertPercents(workspace, percentsOf(text) ?? []);
      await queries.invalidateQueries({ queryKey: LIMITS_KEY });
      toast('Saved');
    },
  });
  return (
    <form noValidate className="grid gap-3" onSubmit={form.onSubmit}>
      {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
      <TextField
        label="At how many percent"
        name="percents"
        inputMode="numeric"
        autoComplete="off"
        defaultValue={percents.join(', ')}
        error={form.errors.percents}
        hint="Leave it empty to be told nothing."
      />
      <Button type="submit" variant="secondary" className="justify-self-start" isBusy={form.isSending}>
        Save
      </Button>
    </form>
  );
}
