/** How much to buy, and what is paid for it, before anything is paid: that happens at the payment provider's own page. */
import { useState } from 'react';
import type { CreditOverview } from '../../../src/billing/answers.ts';
import { Button } from '../../shared/components/button.tsx';
import { Checkbox } from '../../shared/components/choice.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { FormDialog } from '../../shared/components/form-dialog.tsx';
import { formatUsd } from '../../shared/format/money.ts';
import { amountOf, amountProblem } from '../../shared/forms/amount.ts';
import { useForm } from '../../shared/forms/use-form.ts';
import { beginCheckout } from './api/credits.ts';
import { feeUsd, purchaseProblem } from './fee.ts';

const USUAL = [5, 20, 100];

export function BuyDialog({ credits, onClose }: { credits: CreditOverview; onClose: () => void }) {
  const usual = USUAL.filter((usd) => purchaseProblem(usd, credits, formatUsd) === null);
  const [text, setText] = useState(String(usual[1] ?? usual[0] ?? credits.minimum_purchase_usd));
  const [keepsCard, setKeepsCard] = useState(false);
  const problemOf = (amount: string) =>
    amountProblem(amount) ?? purchaseProblem(amountOf(amount), credits, formatUsd);
  const form = useForm({
    rules: { amount_usd: problemOf },
    submit: async ({ amount_usd }) => {
      const { url } = await beginCheckout({ amount_usd: amountOf(amount_usd) ?? 0, save_card: keepsCard });
      location.assign(url);
      // The page is left: nothing else may be pressed until it is.
      await new Promise(() => {});
    },
  });
  const amount = problemOf(text) === null ? amountOf(text) : null;
  return (
    <FormDialog title="Buy credits" submitLabel="Continue to payment" form={form} onClose={onClose}>
      <TextField
        label="Credits in USD"
        name="amount_usd"
        inputMode="decimal"
        autoComplete="off"
        value={text}
        error={form.errors.amount_usd}
        onChange={({ target }) => setText(target.value)}
      />
      {usual.length > 1 && (
        <fieldset className="flex flex-wrap gap-2">
          <legend className="sr-only">Usual amounts</legend>
          {usual.map((usd) => (
            <Button key={usd} variant="secondary" onClick={() => setText(String(usd))}>
              {formatUsd(usd)}
            </Button>
          ))}
        </fieldset>
      )}
      <Checkbox
        label="Keep the card for automatic top-ups"
        hint="Nothing is charged by itself until you switch these on."
        checked={keepsCard}
        onChange={setKeepsCard}
      />
      <Bill amount={amount} credits={credits} />
    </FormDialog>
  );
}

function Bill({ amount, credits }: { amount: number | null; credits: CreditOverview }) {
  const fee = amount === null ? null : feeUsd(amount, credits);
  const shown = (usd: number | null) => (usd === null ? '–' : formatUsd(usd));
  const line = (label: string, usd: number | null, isSum = false) => (
    <div className={`flex justify-between gap-4 ${isSum ? 'border-t border-border pt-2 font-semibold' : ''}`}>
      <dt>{label}</dt>
      <dd className="tabular-nums">{shown(usd)}</dd>
    </div>
  );
  return (
    <dl className="grid gap-2 rounded-lg bg-raised px-4 py-3" aria-live="polite">
      {line('Credits', amount)}
      {line('Fee', fee)}
      {line('To pay', amount === null || fee === null ? null : amount + fee, true)}
    </dl>
  );
}
