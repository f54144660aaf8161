/** Credits that buy themselves, within bounds: off until somebody switches them on, and off again after a failure. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { CreditOverview } from '../../../src/billing/answers.ts';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { Checkbox } from '../../shared/components/choice.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { formatUsd } from '../../shared/format/money.ts';
import { formatDateTime } from '../../shared/format/time.ts';
import { amountOf, amountProblem } from '../../shared/forms/amount.ts';
import { useForm } from '../../shared/forms/use-form.ts';
import { changeTopUp, creditsQuery, removeCard } from './api/credits.ts';
import { feeUsd, purchaseProblem } from './fee.ts';

export function TopUpCard({ credits }: { credits: CreditOverview }) {
  const { top_up, card } = credits;
  const queries = useQueryClient();
  const toast = useToast();
  const [isOn, setOn] = useState(top_up.enabled);
  const needed = (text: string) => (text.trim() === '' ? 'Enter an amount' : amountProblem(text));
  const form = useForm({
    rules: {
      threshold_usd: needed,
      amount_usd: (text) => amountProblem(text) ?? purchaseProblem(amountOf(text), credits, formatUsd),
      monthly_cap_usd: (text, { amount_usd }) =>
        needed(text) ??
        ((amountOf(text) ?? 0) < (amountOf(amount_usd) ?? 0)
          ? 'Enter at least the amount of one top-up'
          : null),
    },
    submit: async ({ threshold_usd, amount_usd, monthly_cap_usd }) => {
      const saved = await changeTopUp({
        enabled: isOn,
        threshold_usd: amountOf(threshold_usd) ?? 0,
        amount_usd: amountOf(amount_usd) ?? 0,
        monthly_cap_usd: amountOf(monthly_cap_usd) ?? 0,
      });
      queries.setQueryData(creditsQuery.queryKey, saved);
      toast(
        saved.top_up.enabled
          ? 'Saved: credits are topped up from now on'
          : 'Saved: nothing is charged by itself',
      );
    },
  });
  return (
    <Card
      title="Automatic top-up"
      description="Buys credits with the kept card when the balance falls below a threshold, one purchase at a time."
      actions={<Badge tone={top_up.enabled ? 'success' : 'neutral'}>{top_up.enabled ? 'On' : 'Off'}</Badge>}
    >
      <form noValidate className="grid gap-4" onSubmit={form.onSubmit}>
        {form.error !== null && <Alert tone="danger">{form.error}</Alert>}
        <State credits={credits} />
        <Checkbox
          label="Top up automatically"
          hint={
            card === null
              ? 'Buy credits once and let your card be kept: there is none to charge yet.'
              : `Charges ${card}, with the fee on top: ${formatUsd(top_up.amount_usd + feeUsd(top_up.amount_usd, credits))} a time.`
          }
          checked={isOn}
          disabled={card === null && !isOn}
          onChange={setOn}
        />
        <div className="grid items-start gap-4 sm:grid-cols-3">
          <TextField
            label="Below a balance of"
            name="threshold_usd"
            inputMode="decimal"
            defaultValue={String(top_up.threshold_usd)}
            error={form.errors.threshold_usd}
          />
          <TextField
            label="Buy credits of"
            name="amount_usd"
            inputMode="decimal"
            defaultValue={String(top_up.amount_usd)}
            error={form.errors.amount_usd}
          />
          <TextField
            label="At most in a month"
            name="monthly_cap_usd"
            inputMode="decimal"
            defaultValue={String(top_up.monthly_cap_usd)}
            error={form.errors.monthly_cap_usd}
            hint={`${formatUsd(top_up.bought_this_month_usd)} so far (UTC)`}
          />
        </div>
        <div className="flex flex-wrap gap-2">
          <Button type="submit" isBusy={form.isSending}>
            Save
          </Button>
          {card !== null && <RemoveCard card={card} />}
        </div>
      </form>
    </Card>
  );
}

function State({ credits: { top_up } }: { credits: CreditOverview }) {
  if (top_up.stopped_because !== null)
    return (
      <Alert tone="danger" title="It switched itself off">
        {top_up.stopped_at !== null && `${formatDateTime(top_up.stopped_at)}: `}
        {top_up.stopped_because}. Nothing is charged until you switch it on again.
      </Alert>
    );
  if (top_up.is_running) return <Alert tone="info">A top-up is being paid.</Alert>;
  if (top_up.enabled && top_up.bought_this_month_usd + top_up.amount_usd > top_up.monthly_cap_usd)
    return <Alert tone="warning">This month’s cap leaves no room for another top-up.</Alert>;
  return null;
}

function RemoveCard({ card }: { card: string }) {
  const queries = useQueryClient();
  const toast = useToast();
  const removal = useMutation({
    mutationFn: removeCard,
    onSuccess: (saved) => {
      queries.setQueryData(creditsQuery.queryKey, saved);
      toast('The card is not used any more');
    },
    onError: (error) => toast(messageOf(error), { tone: 'danger' }),
  });
  return (
    <Button variant="secondary" isBusy={removal.isPending} onClick={() => removal.mutate()}>
      Forget {card}
    </Button>
  );
}
