/** The fields that a new key and a changed one have in common, and what they may hold. */
import { type ReactNode, useState } from 'react';
import type { PageKey } from '../../../src/keys/answers.ts';
import { Checkbox } from '../../shared/components/choice.tsx';
import { TextField } from '../../shared/components/field.tsx';
import { SelectField } from '../../shared/components/select.tsx';
import { amountOf, amountProblem } from '../../shared/forms/amount.ts';
import { LIMIT_RESET_OPTIONS } from '../../shared/forms/limit-reset-options.ts';
import { optional, type Values } from '../../shared/forms/use-form.ts';
import type { KeyChanges } from './api/change-key.ts';
import type { LimitReset } from './api-key.ts';

const MAX_NAME_LENGTH = 200;

export type KeyField =
  | 'name'
  | 'limit'
  | 'limit_reset'
  | 'include_byok_in_limit'
  | 'cut_streams_when_revoked'
  | 'on_exhaust'
  | 'on_exhaust.model';

export const KEY_RULES = {
  name: (value: string) => {
    if (value.trim() === '') return 'Give the key a name';
    return [...value].length > MAX_NAME_LENGTH ? `Use at most ${MAX_NAME_LENGTH} characters` : null;
  },
  limit: amountProblem,
  limit_reset: optional,
  include_byok_in_limit: optional,
  cut_streams_when_revoked: optional,
  on_exhaust: optional,
  'on_exhaust.model': (value: string, { on_exhaust }: Values<KeyField>) =>
    on_exhaust === 'downgrade' && value.trim() === '' ? 'Name the model that takes over' : null,
};

const WHEN_SPENT = [
  { value: '', label: 'As the gateway is set up' },
  { value: 'refuse', label: 'Refuse requests' },
  { value: 'downgrade', label: 'Answer with another model' },
];

/** What the fields say, as the gateway takes it. Without a limit there is nothing to reset. */
export function keyFieldsOf(values: Values<KeyField>) {
  const limit = amountOf(values.limit);
  return {
    name: values.name.trim(),
    limit,
    limit_reset: limit === null || values.limit_reset === '' ? null : (values.limit_reset as LimitReset),
    include_byok_in_limit: values.include_byok_in_limit !== '',
    cut_streams_when_revoked: values.cut_streams_when_revoked !== '',
    on_exhaust: onExhaustOf(values),
  } satisfies KeyChanges;
}

/** Null: nothing is said of this key. */
function onExhaustOf(values: Values<KeyField>): PageKey['on_exhaust'] {
  if (values.on_exhaust === 'downgrade')
    return { action: 'downgrade', model: values['on_exhaust.model'].trim() };
  return values.on_exhaust === 'refuse' ? { action: 'refuse', model: null } : null;
}

/** As it is typed: neither grouped nor with an exponent. */
const plainDecimal = new Intl.NumberFormat('en-US', { useGrouping: false, maximumFractionDigits: 9 });

export function KeyFields({
  apiKey,
  isBound = false,
  errors,
  children,
}: {
  /** What stands in the fields at first; absent: a new key. */
  apiKey?: PageKey;
  /** Whether the limit is not theirs to change. */
  isBound?: boolean;
  errors: Partial<Record<KeyField, string>>;
  /** Between the limit and the rest. */
  children?: ReactNode;
}) {
  const [whenSpent, setWhenSpent] = useState(apiKey?.on_exhaust?.action ?? '');
  return (
    <>
      <TextField
        label="Name"
        name="name"
        autoComplete="off"
        placeholder="Production backend"
        defaultValue={apiKey?.name}
        error={errors.name}
      />
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <TextField
          label="Limit in USD"
          name="limit"
          inputMode="decimal"
          autoComplete="off"
          placeholder="No limit"
          defaultValue={apiKey?.limit == null ? '' : plainDecimal.format(apiKey.limit)}
          disabled={isBound}
          hint={
            isBound ? 'An admin has set it: only an admin can change it.' : 'Requests beyond it are refused.'
          }
          error={errors.limit}
        />
        <SelectField
          label="Limit resets"
          name="limit_reset"
          options={LIMIT_RESET_OPTIONS}
          defaultValue={apiKey?.limit_reset ?? ''}
          disabled={isBound}
          hint="At midnight UTC; weeks begin on Monday."
        />
      </div>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <SelectField
          label="When money is spent"
          name="on_exhaust"
          options={WHEN_SPENT}
          value={whenSpent}
          onChange={({ target }) => setWhenSpent(target.value)}
          disabled={isBound}
          hint="Of this key’s limit, a budget or the credits. What costs nothing goes on, unless the gateway is set up otherwise."
          error={errors.on_exhaust}
        />
        {whenSpent === 'downgrade' && (
          <TextField
            label="Model that takes over"
            name="on_exhaust.model"
            autoComplete="off"
            spellCheck={false}
            placeholder="openai/gpt-4o-mini"
            defaultValue={apiKey?.on_exhaust?.model ?? ''}
            disabled={isBound}
            hint="The key’s guardrails hold for it, and what is left must pay for it."
            error={errors['on_exhaust.model']}
          />
        )}
      </div>
      {children}
      <div className="grid gap-1">
        <Checkbox
          name="include_byok_in_limit"
          label="Count your own provider keys"
          hint="Requests through your own provider keys also count towards the limit."
          defaultChecked={apiKey?.include_byok_in_limit ?? false}
          disabled={isBound}
        />
        <Checkbox
          name="cut_streams_when_revoked"
          label="Cut answers off when the key is revoked"
          hint="Otherwise answers already under way are still delivered in full."
          defaultChecked={apiKey?.cut_streams_when_revoked ?? false}
        />
      </div>
    </>
  );
}
